"""Back up a data folder into one file, and restore it.

The file is a tar archive, readable by its owner only (0600), since it holds keys: `manifest.json` first, the
files of the data folder, and `SHA256SUMS` last, so that a file that was cut off is found out. The files of
broker and Chroma belong together, so those of a running system are taken at one moment
(`headrace.local.snapshot`). What is rebuilt from the topics is left out.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from headrace.local.running_file import read_running
from headrace.local.snapshot import STAGING, Kept, frozen_moment
from schemas.errors import RequestError
from streams.data_dir import is_data_dir
from streams.local import DataDirLock
from streams.private import MODE

FORMAT = 1
_MANIFEST, _SUMS = "manifest.json", "SHA256SUMS"
#: Where the files of the data folder are in the archive.
_DATA = "data"
#: Rebuilt from the topics, recomputed, or of one run only.
_LEFT_OUT = frozenset(
    {
        *("state", "cache", "journal", "logs", "ports", "lock", "running.json", STAGING),
        *("kafka/tmp", "kafka/lock", "kafka/broker.log", "kafka/broker.log.1"),
        *("chroma/lock", "chroma/chroma.log", "chroma/chroma.log.1"),
    }
)
#: What the file may be called; the last two are compressed.
_ENDINGS = (".tar", ".tar.gz", ".tgz")
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Manifest:
    """What a backup is. `files` and `size` count what lies in it, `size` in bytes."""

    format: int
    headrace: str
    created_at: str
    files: int
    size: int


def back_up(data_dir: Path, file: Path, told: Callable[[str], None] = lambda said: None) -> Manifest:
    """Write a backup of a data folder. The file is there when it is whole, and not before.

    A name that ends with `.gz` or `.tgz` compresses it. A running system is paused while its files are taken.

    Args:
        told: called with how long that was.

    Raises RequestError if the folder is none of ours, or in use otherwise, or if the file exists or would lie
    in it, and what `frozen_moment` raises.
    """
    data_dir, file = data_dir.resolve(), file.absolute()
    if not is_data_dir(data_dir):
        raise RequestError(f"{data_dir} is no data folder; choose one with --data-dir or HEADRACE_DATA_DIR")
    if not file.name.endswith(_ENDINGS):
        raise RequestError(f"{file} is to end with {', '.join(_ENDINGS)}: it becomes a tar file")
    if not file.parent.is_dir():
        raise RequestError(f"{file.parent} is no folder: make it, or choose another place for the backup")
    if file.exists():
        raise RequestError(f"{file} exists already; choose another name, or remove it")
    if file.resolve().is_relative_to(data_dir):
        raise RequestError(f"{file} would lie in the data folder itself; choose another place")
    incoming = file.with_name(file.name + ".part")
    with _at_one_moment(data_dir, told) as kept:
        manifest = Manifest(
            format=FORMAT,
            headrace=version("headrace"),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            files=len(kept),
            size=sum(one.size for one in kept),
        )
        incoming.unlink(missing_ok=True)
        try:
            _write(kept, manifest, incoming, compressed=file.suffix in (".gz", ".tgz"))
            incoming.rename(file)
        finally:
            incoming.unlink(missing_ok=True)
    return manifest


@contextmanager
def _at_one_moment(data_dir: Path, told: Callable[[str], None]) -> Iterator[Sequence[Kept]]:
    """The files to back up, sorted by path, which stay as they are until the context ends."""
    if (running := read_running(data_dir)) is None:
        with DataDirLock(data_dir, "a backup"):
            paths = sorted(_paths(data_dir))
            yield [Kept(path, data_dir / path, (data_dir / path).stat().st_size) for path in paths]
        return
    with frozen_moment(data_dir, running, partial(_paths, data_dir)) as (kept, paused_s):
        told(f"the system was paused for {paused_s:.1f} s and goes on")
        yield sorted(kept, key=lambda one: one.path)


def restore(file: Path, data_dir: Path) -> Manifest:
    """Restore a backup as a data folder that is not there yet, or is empty. The folder is there when all is
    read and proved, and not before.

    Raises RequestError for a file that is no backup or not whole, and for a folder with content.
    """
    data_dir = data_dir.absolute()
    if data_dir.exists() and any(data_dir.iterdir()):
        raise RequestError(f"{data_dir} is not empty; choose another folder with --data-dir, or move it away")
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    incoming = data_dir.with_name(f".{data_dir.name}.restoring")
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(mode=0o700)
    try:
        manifest = _read(file, incoming)
        if data_dir.exists():
            data_dir.rmdir()
        incoming.rename(data_dir)
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and not isinstance(error, tarfile.TarError) and error.errno is not None:
            raise
        raise _not_whole(file, str(error)) from error
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    return manifest


def _paths(data_dir: Path) -> Iterator[str]:
    """The files to back up, relative to the folder."""
    for folder, names, files in os.walk(data_dir):
        here = Path(folder).relative_to(data_dir)
        names[:] = [name for name in names if (here / name).as_posix() not in _LEFT_OUT]
        for name in files:
            path = here / name
            if path.as_posix() not in _LEFT_OUT and (data_dir / path).is_file():
                yield path.as_posix()


def _write(kept: Sequence[Kept], manifest: Manifest, file: Path, compressed: bool) -> None:
    sums: dict[str, str] = {}
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(handle, "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:gz" if compressed else "w") as archive:
            _add(archive, _MANIFEST, json.dumps(asdict(manifest), indent=2) + "\n")
            for one in kept:
                with one.file.open("rb") as opened:
                    entry = archive.gettarinfo(arcname=f"{_DATA}/{one.path}", fileobj=opened)
                    entry.size = one.size  # the broker appends to it
                    hashed = _Hashed(opened)
                    archive.addfile(entry, cast("IO[bytes]", hashed))
                    sums[one.path] = hashed.digest.hexdigest()
            _add(archive, _SUMS, "".join(f"{digest}  {path}\n" for path, digest in sums.items()))
        raw.flush()
        os.fsync(raw.fileno())


def _add(archive: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text.encode()), MODE
    archive.addfile(entry, io.BytesIO(text.encode()))


def _read(file: Path, folder: Path) -> Manifest:
    manifest: Manifest | None = None
    found: dict[str, str] = {}
    wanted: Mapping[str, str] | None = None
    with tarfile.open(file, "r|*") as archive:
        for entry in archive:
            content = archive.extractfile(entry) if entry.isreg() else None
            if content is None:
                raise _not_whole(file, f"{entry.name!r} is no file")
            if manifest is None:
                manifest = _manifest(file, entry.name, content)
            elif entry.name == _SUMS:
                wanted = _sums(content.read().decode())
            else:
                path = _inside(file, entry.name)
                found[path.as_posix()] = _extract(content, folder / path, entry.mode)
    if manifest is None or wanted is None:
        raise _not_whole(file, "its end is missing")
    if wrong := sorted(path for path in found.keys() | wanted.keys() if found.get(path) != wanted.get(path)):
        raise _not_whole(file, f"{wrong[0]} and {len(wrong) - 1} others are not what was backed up")
    return manifest


def _manifest(file: Path, name: str, content: IO[bytes]) -> Manifest:
    try:
        manifest = Manifest(**json.load(content)) if name == _MANIFEST else None
    except (ValueError, TypeError):
        manifest = None
    if manifest is None:
        raise _not_whole(file, f"it does not begin with {_MANIFEST}")
    if manifest.format > FORMAT:
        raise RequestError(
            f"{file} was written by headrace {manifest.headrace}, in a format that is not known here: "
            "restore it with that one"
        )
    return manifest


def _inside(file: Path, name: str) -> PurePosixPath:
    """The path below the data folder. Raises RequestError for one that leads elsewhere."""
    parts = PurePosixPath(name).parts
    if len(parts) < 2 or parts[0] != _DATA or ".." in parts:
        raise _not_whole(file, f"{name!r} does not belong into a data folder")
    return PurePosixPath(*parts[1:])


def _extract(content: IO[bytes], path: Path, mode: int) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode & 0o700)
    with os.fdopen(handle, "wb") as written:
        while piece := content.read(_CHUNK):
            digest.update(piece)
            written.write(piece)
    return digest.hexdigest()


def _sums(text: str) -> dict[str, str]:
    lines = (line.partition("  ") for line in text.splitlines())
    return {path: digest for digest, _, path in lines}


def _not_whole(file: Path, why: str) -> RequestError:
    return RequestError(f"{file} is no backup of Headrace, or is not whole: {why}")


class _Hashed:
    """A file whose hash is computed while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece
