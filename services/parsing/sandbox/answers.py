"""What workers answer, read as the word of strangers.

Answers are pickles, and a pickle may name any function for its reader to call: a file that has taken over
its worker would write one and have the service itself. So only what an answer is made of is looked up.
"""

from __future__ import annotations

import io
import pickle
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from typing import Any

_PEBBLE = ("Acknowledgement", "TaskProblem", "TaskResult")
_KNOWN = {
    *(("pebble.pool.process", name) for name in _PEBBLE),
    *(
        ("pebble.common.types", name)
        for name in ("RemoteException.rebuild_exception", "Result", "ResultStatus")
    ),
    *(("services.parsing.document", name) for name in ("ParsedDocument", "PageSpan")),
}
_ERRORS = ("builtins", "schemas.errors")


class UnknownAnswer(Exception):
    """Stands for an object of a class that answers have no use for; its class is named as that one is."""


class WorkerContext(ForkServerContext):
    """Processes of a fork server; what comes out of pipes at this end is plain values, the classes that
    parsing answers with, and exceptions of Python and of the contract."""

    def Pipe(self, duplex: bool = True) -> tuple[Connection, Connection]:
        reader, writer = super().Pipe(duplex)
        # Of this object only: a process that is handed the pipe gets a connection of its own.
        reader.recv = lambda: loads(reader.recv_bytes())  # type: ignore[method-assign]
        return reader, writer


def loads(answer: bytes) -> Any:
    """Raises OSError, which ends the pool, when it is not a pickle at all."""
    try:
        return _Reader(io.BytesIO(answer)).load()
    except Exception as error:
        raise OSError(f"a parsing worker answered {answer[:40]!r}…: {error}") from error


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _KNOWN:
            return super().find_class(module, name)
        if module in _ERRORS and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and issubclass(found, Exception):
                return found
        return type(f"{module}.{name}", (UnknownAnswer,), {})
