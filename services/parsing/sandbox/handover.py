"""How a document gets to its worker: as bytes, or for a long one as a file that only its worker finds.

Workers can read the files of one folder by their names and cannot list it: the name, which only the worker of
this document is told, is the key to it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

#: Documents above this travel as a file: a worker that is killed in the middle of reading a long message
#: would leave half of it in the pipe that all workers share.
INLINE_BYTES = 1024 * 1024
_PREFIX = "headrace-parsing-"


class Handover:
    """A folder of this process for long documents; those of processes that were killed are cleared away."""

    def __init__(self) -> None:
        _clear_away(Path(tempfile.gettempdir()))
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = os.open(self.folder, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    @property
    def alive(self) -> bool:
        """Whether the folder is still there; a cleaner of temporary files may have taken it."""
        return self.folder.is_dir()

    @contextlib.contextmanager
    def source(self, data: bytes) -> Iterator[str]:
        """The path of a file that holds a long document, while it is being parsed."""
        path = self.folder / secrets.token_hex(16)
        try:
            with open(path, "xb", opener=_private) as file:
                file.write(data)
            yield str(path)
        finally:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


def _clear_away(folder: Path) -> None:
    """Remove the folders that nobody holds. One that another process is just making is empty and not held:
    that process makes it anew (`Handover.alive`)."""
    for left in folder.glob(f"{_PREFIX}*"):
        try:
            handle = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:  # somebody else's
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except OSError:
            pass
        finally:
            os.close(handle)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
