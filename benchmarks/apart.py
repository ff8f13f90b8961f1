"""A server in a process of its own, so that it takes no time from the process that is measured."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any


@contextmanager
def served_apart(serve: Callable[[Any, Connection], None], what: object) -> Iterator[str]:
    """The address that `serve(what, connection)` sends; it serves until the connection receives something."""
    ours, theirs = get_context("spawn").Pipe()
    server = get_context("spawn").Process(target=serve, args=(what, theirs), daemon=True)
    server.start()
    try:
        yield ours.recv()
    finally:
        ours.send("done")
        server.join()
