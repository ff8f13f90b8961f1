"""Why a call in a worker process has no result.

ProcessError
├── WorkerDied     the worker crashed or was killed, `exit_code` says how
├── CallTimeout    the call took longer than the wall limit
├── BadAnswer      the answer is too long, or does not have the function's return type
├── RemoteError    the function raised an exception that is not one of `schemas.errors`
└── PoolStopped    the pool was closed during the call, or its processes do not start; try again
"""

from __future__ import annotations


class ProcessError(Exception):
    """Root of the errors that `WorkerPool.run` raises in addition to those of the called function."""


class WorkerDied(ProcessError):
    """`exit_code` as in `subprocess`: negative for a signal, None if unknown."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"the worker process died (exit code {exit_code})")
        self.exit_code = exit_code


class CallTimeout(ProcessError):
    """The call did not end within `seconds`; its worker was killed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"took longer than {seconds:g} s")
        self.seconds = seconds


class BadAnswer(ProcessError):
    """The answer is invalid; the message says why. Its worker was killed."""


class RemoteError(ProcessError):
    """An exception of the called function: class name, message, and the traceback as a note."""

    def __init__(self, name: str, message: str, traceback: str = "") -> None:
        super().__init__(f"{name}: {message}" if message else name)
        self.name = name
        if traceback:
            self.add_note(f"In the worker process:\n{traceback}")


class PoolStopped(ProcessError):
    """The pool was stopped. The call did not cause it and can be repeated."""
