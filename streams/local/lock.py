"""One owner of a data folder at a time."""

import fcntl
import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from schemas.errors import RequestError

#: A killed owner may still appear alive for some milliseconds.
ALIVE_S = 0.5

#: How long to wait for a data folder whose owner is gone but whose server is still dying: the kernel kills a
#: local server together with its parent, which takes some milliseconds on a busy machine.
DYING_S = 5.0


class DataDirLock:
    """An advisory lock (flock) on a data folder, held until `release` or the death of its holders.

    The file `lock` in the folder names its holder. A child that inherits `fd` also holds the lock, so the
    folder is never released while an orphaned server still writes to it.
    """

    def __init__(self, data_dir: Path, purpose: str) -> None:
        self.data_dir = data_dir
        self.purpose = purpose
        self.fd = -1

    def acquire(self) -> None:
        """Acquire the lock.

        Raises:
            RequestError: another process holds it; the message names its pid and purpose.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._lock(fd)
        except BaseException:
            os.close(fd)
            raise
        os.truncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()} {self.purpose}: {Path(sys.argv[0]).name}\n".encode(), 0)
        self.fd = fd

    def release(self) -> None:
        """Release the lock; does nothing if it is not held."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _lock(self, fd: int) -> None:
        began = time.monotonic()
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid, _, what = os.pread(fd, 1000, 0).decode().strip().partition(" ")
                if time.monotonic() - began > (ALIVE_S if _is_alive(pid) else DYING_S):
                    raise RequestError(
                        f"{self.data_dir} is in use by process {pid or '?'} ({what or 'unknown'}); "
                        "stop it, or take another data folder with --data-dir or HEADRACE_DATA_DIR."
                    ) from None
                time.sleep(0.05)
            else:
                return

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
