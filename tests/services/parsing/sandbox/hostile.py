"""What code in a parsing worker may try, once a file has taken it over. Imports little: workers load it."""

from __future__ import annotations

import _socket
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from services.parsing.document import ParsedDocument


def dies() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def spins() -> None:
    while True:
        pass


def hangs() -> None:
    time.sleep(60)


def swells() -> int:
    # Beyond the 2 GiB of addresses that are the libraries', not the document's.
    return len(bytearray(4 * 1024**3))


def phones(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=2):
        pass


def writes(path: str) -> None:
    with open(path, "w") as file:
        file.write("x")
        file.flush()


def reads(path: str) -> bytes:
    return Path(path).read_bytes()


def lists(path: str) -> list[str]:
    return os.listdir(path)


def makes(path: str) -> None:
    os.mkdir(path)


def runs(program: str) -> int:
    return subprocess.run([program, "--help"], check=False, capture_output=True).returncode


def signals(process: int) -> None:
    os.kill(process, 0)


def variables() -> dict[str, str]:
    return dict(os.environ)


def connects(address: tuple[str, int]) -> None:
    # Past the sockets of Python, as native code would.
    connection = _socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.settimeout(5)
    connection.connect(address)
    connection.close()


def answers_nonsense(*_: object) -> ParsedDocument:
    return {"markdown": ["x"]}  # type: ignore[return-value]
