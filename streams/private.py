"""Files that only their owner can read: passwords, keys, logs."""

import os
from pathlib import Path
from typing import BinaryIO

MODE = 0o600


def write_private(file: Path, text: str) -> None:
    """Write a file atomically, readable only by its owner from the first byte on."""
    incoming = file.with_name(file.name + ".new")
    incoming.unlink(missing_ok=True)
    with os.fdopen(os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "w") as written:
        written.write(text)
    incoming.replace(file)


def append_private(file: Path) -> BinaryIO:
    """Open a file for appending, and make it readable only by its owner."""
    opened = os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE), "ab")
    if os.fstat(opened.fileno()).st_uid == os.geteuid():
        os.fchmod(opened.fileno(), MODE)
    return opened
