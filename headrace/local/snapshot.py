"""The files of a running system as they are at one moment: what `kill -9` of everything would leave.

    link the blobs             however many there are
    freeze the broker          no record and no commit is written from now on
    wait for Chroma            what indexing has sent to it is on disk
    freeze Chroma
    link what only grows       records, up to their length now; newer blobs
    copy the rest              Chroma's files are changed in place
    let both go on

Chroma is frozen after the broker: it may hold rows whose records are not committed, which are written again,
but never lacks one that is. A blob is written before the record that names it. The services go on meanwhile,
and wait for the broker as when it starts anew.
"""

import contextlib
import errno
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from headrace.local.running_file import RunningSystem
from schemas.errors import RequestError, TransientError
from streams.local import DataDirLock
from streams.local.freezing import Freezer, children_in

#: Where the files are kept until they are in the archive: in the data folder, as links do not leave a file
#: system.
STAGING = ".backup"
#: Errors of file systems without links, and of folders that are mounted from another one.
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK}
#: Chroma has written all when its files have not changed for this long, …
QUIET_S = 0.5
#: …which has to be the case within this time.
QUIET_WITHIN_S = 15.0
#: Records, also of segments that are being swapped; and blobs.
_ONLY_GROWS = re.compile(r"kafka/kafka/[^/]+/\d+\.log(\.swap)?|blobs/.+")
#: Preallocated, so mostly empty; the broker makes them anew from the records.
_REBUILT = re.compile(r"kafka/kafka/[^/]+/.+\.(index|timeindex|deleted|cleaned)")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a backup: its path in the data folder, where it is to be read, and how many bytes of it."""

    path: str
    file: Path
    size: int


@contextlib.contextmanager
def frozen_moment(
    data_dir: Path, running: RunningSystem, paths: Callable[[], Iterator[str]]
) -> Iterator[tuple[Sequence[Kept], float]]:
    """Keep the files of a running system until the context ends.

    Args:
        paths: of the files, relative to the folder; called before and while the servers are frozen.

    Yields the files, and for how many seconds the broker was frozen.

    Raises:
        RequestError: not on Linux, a server that is not ours, another backup at the same time, or too little
            room for a copy of Chroma's files.
        TransientError: Chroma does not come to rest, or a server ended meanwhile.
    """
    broker, chroma = _servers(data_dir, running)
    with DataDirLock(data_dir / STAGING, "a backup"):
        staging = data_dir / STAGING / "files"
        shutil.rmtree(staging, ignore_errors=True)  # of a backup that was killed
        staging.mkdir(mode=0o700)
        try:
            early, late = staging / "early", staging / "late"
            early.mkdir()
            late.mkdir()
            blobs = list(keep(data_dir, early, (path for path in paths() if path.startswith("blobs/"))))
            known = {one.path for one in blobs}
            with Freezer([broker, chroma]) as freezer:
                began = time.monotonic()
                freezer.freeze(broker)
                _wait_until_quiet(data_dir / "chroma" / "store")
                freezer.freeze(chroma)
                _require_room(data_dir)
                others = (path for path in paths() if path not in known)
                kept = [*blobs, *keep(data_dir, late, others)]
                freezer.require_frozen()
            yield kept, time.monotonic() - began
        finally:
            shutil.rmtree(staging)


def keep(data_dir: Path, staging: Path, paths: Iterator[str]) -> Iterator[Kept]:
    """Link or copy files into an empty folder. What is deleted meanwhile is left out: blobs without use."""
    for number, path in enumerate(paths):
        source, target = data_dir / path, staging / str(number)
        if not _REBUILT.fullmatch(path):
            with contextlib.suppress(FileNotFoundError):
                (_link if _ONLY_GROWS.fullmatch(path) else _copy)(source, target)
                yield Kept(path, target, target.stat().st_size)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    """Unlike shutil.copy it never writes into a file that is there: it may be a link to the source."""
    with source.open("rb") as original, target.open("xb") as copy:
        shutil.copyfileobj(original, copy, 1024 * 1024)
    shutil.copymode(source, target)


def _servers(data_dir: Path, running: RunningSystem) -> tuple[int, int]:
    """The processes of broker and Chroma."""
    if sys.platform != "linux":
        raise RequestError("a running system can be backed up on Linux only; stop it")
    found = [children_in(running.pid, data_dir / name) for name in ("kafka", "chroma")]
    for name, pids in zip(("broker", "Chroma server"), found, strict=True):
        if len(pids) != 1:
            raise RequestError(
                f"a running system can be backed up if its servers are its own, and its {name} does not run "
                f"in {data_dir}; stop it, or see docs/backup.md for clusters"
            )
    return found[0][0], found[1][0]


def _require_room(data_dir: Path) -> None:
    needed = sum(file.stat().st_size for file in (data_dir / "chroma").rglob("*") if file.is_file())
    free = shutil.disk_usage(data_dir).free
    if free < needed:
        raise RequestError(
            f"a backup of a running system needs room for a copy of Chroma's files, {needed:,} bytes, and "
            f"the disk of {data_dir} has {free:,}; make room, or stop the system"
        )


def _wait_until_quiet(folder: Path) -> None:
    deadline = time.monotonic() + QUIET_WITHIN_S
    before, since = _state(folder), time.monotonic()
    while time.monotonic() - since < QUIET_S:
        if time.monotonic() > deadline:
            raise TransientError(
                f"Chroma has been writing for {QUIET_WITHIN_S:g} s although no record is read: a program of "
                "yours writes to it; try again when it has ended"
            )
        time.sleep(0.05)
        if (now := _state(folder)) != before:
            before, since = now, time.monotonic()


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    state = {}
    for file in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            found = file.stat()
            state[str(file)] = (found.st_size, found.st_mtime_ns)
    return state
