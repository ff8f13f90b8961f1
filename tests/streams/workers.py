"""What the tests of worker processes call in them; imports little, as workers load it."""

import gc
import os
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from schemas.errors import CorruptDocument
from streams.processes.wire import FRAME


@dataclass(frozen=True)
class Text:
    text: str
    lines: int
    title: str | None = None


def texts(letter: str, count: int) -> Text:
    return Text(letter * count, 1, "title")


def answer_text(raw: bytes) -> Text:
    """Answer with these bytes, then as it should be."""
    channel().sendall(raw)
    return Text("", 1)


def double(number: int) -> int:
    return 2 * number


def length(document: bytes, factor: int) -> int:
    return len(document) * factor


def echo(text: str) -> str:
    return text


def process_id() -> int:
    return os.getpid()


def hang() -> None:
    while True:
        time.sleep(1)


def note_and_hang(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    hang()


def wait_for(gate: Path, log: Path, name: str) -> None:
    """Write the name into the log once the gate is there."""
    while not gate.exists():
        time.sleep(0.01)
    with log.open("a") as file:
        file.write(name)


def crash() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def crash_once(marker: Path) -> str:
    if not marker.exists():
        marker.touch()
        crash()
    return "well"


def refuse() -> None:
    raise CorruptDocument("report.pdf: no pages")


def spin() -> None:
    while True:
        pass


def stop() -> None:
    raise SystemExit(3)


def lack_memory() -> None:
    raise MemoryError


class OwnError(Exception):
    pass


def fail(message: str) -> None:
    raise OwnError(message)


def fail_as(name: str) -> None:
    raise type(name, (Exception,), {})("m")


def set_up(name: str) -> None:
    os.environ["SET_UP"] = name


def refuse_set_up() -> None:
    raise OSError("no such limit")


def variable(name: str) -> str | None:
    return os.environ.get(name)


def not_what_it_says() -> int:
    return "text"  # type: ignore[return-value]


def answer(raw: bytes) -> int:
    """Answer in its place with these bytes, then hang."""
    channel().sendall(raw)
    hang()
    return 0


def answer_for_ever() -> int:
    """A value without end, in the length that is allowed, byte by byte."""
    channel().sendall(FRAME.pack(b"v", 1_000))
    while True:
        channel().sendall(b"1")
        time.sleep(0.05)


def close_and_live() -> int:
    """Close the channel and live on."""
    channel().shutdown(socket.SHUT_RDWR)
    hang()
    return 0


def channel() -> socket.socket:
    """The socket on which this worker is called."""
    [found] = [it for it in gc.get_objects() if isinstance(it, socket.socket) and it.fileno() >= 0]
    return found
