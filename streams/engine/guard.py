"""End the process on unhandled errors, and on an event loop that hangs.

asyncio logs an error in a callback, or of a task that is never awaited, and continues; Python prints an error
of a thread. The work that should have followed never happens, in silence. Here such an error ends the
process: the supervisor restarts it, and the journal knows which records were in progress.
"""

import asyncio
import contextlib
import faulthandler
import gc
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import structlog

log = structlog.get_logger(__name__)

#: An event loop that does not answer for this long is stuck in a call.
STUCK_SECONDS = 120.0
#: How often the loop reports that it is alive, and checks for failed tasks that nobody awaits.
_BEAT_SECONDS = 10.0
#: How often the watching thread looks at the beat.
_LOOK_SECONDS = 5.0
#: asyncio passes one of these for an error of a single connection, which it has closed.
_CONNECTION = ("transport", "protocol", "socket")
#: It passes one of these for an error of a task that nobody awaits.
_REQUEST = ("task", "future")


class Guard:
    """Watches the running event loop, and all threads of the process, within a `with` block.

    Args:
        end: receives the error that ends the process, and does not return. Called in any thread.
        stuck_seconds: how long the loop may hang.
        serves: tasks belong to requests; a failing one affects only its caller, and is logged.
    """

    def __init__(
        self,
        end: Callable[[BaseException], object],
        stuck_seconds: float = STUCK_SECONDS,
        serves: bool = False,
    ) -> None:
        self._end, self._stuck_seconds = end, stuck_seconds
        self._local = _CONNECTION + (_REQUEST if serves else ())
        self._beat_seconds = min(_BEAT_SECONDS, stuck_seconds / 4)
        self._loop = asyncio.get_running_loop()
        self._alive_at = time.monotonic()
        self._next_beat: asyncio.TimerHandle | None = None
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._loop.set_exception_handler(self._in_loop)
        self._hook, threading.excepthook = threading.excepthook, self._in_thread
        self._beat()
        threading.Thread(target=self._watch, name="guard", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop watching: a process that continues must not be ended later."""
        self._over.set()
        if self._next_beat is not None:
            self._next_beat.cancel()
        faulthandler.cancel_dump_traceback_later()
        threading.excepthook = self._hook
        self._loop.set_exception_handler(None)

    def _in_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error, message = context.get("exception"), str(context.get("message"))
        if error is None or any(part in context for part in self._local):
            log.warning("event loop", message=message, exc_info=error)
            return
        log.error("unhandled error", where=message)
        self._end(error)

    def _in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            log.error("unhandled error", where=f"thread {args.thread.name if args.thread else '?'}")
            self._end(args.exc_value)

    def _beat(self) -> None:
        self._alive_at = time.monotonic()
        # For when not even the watching thread can run: native code may hold the interpreter's lock.
        with contextlib.suppress(ValueError):  # standard error has no descriptor: it is captured
            faulthandler.dump_traceback_later(self._stuck_seconds + 2 * self._beat_seconds, exit=True)
        gc.collect(1)  # a failed task that is part of a cycle is reported when it is collected
        self._next_beat = self._loop.call_later(self._beat_seconds, self._beat)

    def _watch(self) -> None:
        looked_at = time.monotonic()
        while not self._over.wait(min(_LOOK_SECONDS, self._beat_seconds)):
            now = time.monotonic()
            if now - looked_at > _BEAT_SECONDS:  # the whole process was frozen: the loop may catch up first
                self._alive_at = now
            looked_at = now
            if now - self._alive_at > self._stuck_seconds + self._beat_seconds:
                faulthandler.dump_traceback(all_threads=True)
                sys.stderr.flush()
                self._end(TimeoutError(f"the event loop has hung for {now - self._alive_at:.0f} s"))
                return
