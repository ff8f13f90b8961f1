"""Reads a listed file. If a link has replaced it since, no link out of the folder is followed."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from stat import S_ISREG

from schemas.errors import DocumentError, DocumentTooLarge
from schemas.limits import MAX_FILE_BYTES
from services.connectors.lister import Gone
from streams.places import Forbidden, Places, open_below

_PIECE_BYTES = 1024 * 1024
#: Nonblocking, in case a pipe has replaced the file.
_READ = os.O_RDONLY | os.O_NONBLOCK


def read_file(
    root: Path, key: str, places: Places | None = None, tick: Callable[[], None] = lambda: None
) -> bytes:
    """Content of a listed file. Raises Gone if its folder exists and the file does not, DocumentError if it
    cannot be read, or is no longer inside the folder.

    `tick` is called for every megabyte.
    """
    shown = shown_key(key)
    if shown != key:
        raise DocumentError(f"{shown}: the name is not UTF-8, so it cannot be a document key")
    places = places or Places()
    try:
        top, real = places.open(root)
        try:
            fd = top if S_ISREG(os.fstat(top).st_mode) else _open(top, real, key, places)
            try:
                return _content(fd, key, tick)
            finally:
                if fd != top:
                    os.close(fd)
        finally:
            os.close(top)
    except Forbidden as error:
        raise DocumentError(f"{key}: {error}") from error
    except (OSError, RuntimeError) as error:  # RuntimeError: a circle of links
        raise DocumentError(f"{key}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _open(top: int, real: Path, key: str, places: Places) -> int:
    """Open a file, also through a link that stays inside."""
    parts = key.split("/")
    try:
        return open_below(top, parts, _READ, places.enter)
    except FileNotFoundError as error:
        raise Gone(f"{key}: was deleted after it was listed") from error
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
            raise
    target = (real / key).resolve(strict=True)
    if not target.is_relative_to(real) or (real / key).parent.resolve() != (real / key).parent:
        raise DocumentError(f"{key}: no longer a file below {real}")
    return open_below(top, target.relative_to(real).parts, _READ, places.enter)


def _content(fd: int, key: str, tick: Callable[[], None]) -> bytes:
    """The content of an open file. A file that grows meanwhile is read up to the limit."""
    found = os.fstat(fd)
    if not S_ISREG(found.st_mode):
        raise DocumentError(f"{key}: no longer a file")
    if found.st_size > MAX_FILE_BYTES:
        raise DocumentTooLarge(f"{key}: {found.st_size:,} bytes, the limit is {MAX_FILE_BYTES:,}")
    pieces = []
    size = 0
    while piece := os.read(fd, _PIECE_BYTES):
        tick()
        pieces.append(piece)
        size += len(piece)
        if size > MAX_FILE_BYTES:
            raise DocumentTooLarge(f"{key}: it grows while it is read, the limit is {MAX_FILE_BYTES:,} bytes")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def shown_key(key: str) -> str:
    """The key in valid UTF-8: other bytes of a file name are escaped."""
    return key.encode(errors="surrogateescape").decode(errors="backslashreplace")
