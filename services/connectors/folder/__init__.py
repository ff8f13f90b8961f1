"""`folder`: the files below a folder on the server's disk, as git would list them.

walk.py       lists; checkout.py and rules.py apply git's rules, selection.py those of the source
memo.py       detects unchanged files by size, times and inode
reading.py    reads a listed file, and follows no link out of the folder
contents.py   tells binary files
disk.py       the thread that does both; if its disk hangs, only its run waits
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence, Set
from functools import cached_property
from itertools import islice
from pathlib import Path

from schemas.errors import DocumentError, RequestError
from schemas.events import MetadataValue, RunRequested
from schemas.globs import encoded
from schemas.sources.folder import FOLDER, FolderConfig
from services.connectors.binary import BINARY
from services.connectors.folder.contents import is_binary
from services.connectors.folder.disk import Disk
from services.connectors.folder.entries import File
from services.connectors.folder.memo import binary_memo, memo_of
from services.connectors.folder.reading import read_file
from services.connectors.folder.selection import Selection
from services.connectors.folder.walk import FolderWalk
from services.connectors.lister import (
    Access,
    Content,
    Entry,
    Gone,
    Item,
    Known,
    LeftOut,
    Lister,
    Skipped,
    Unreadable,
    Unwanted,
)
from streams.places import Forbidden, Places

_PAGE = 1000


class FolderOrigin:
    """Folders and files that `Places` allows, which is checked at every open."""

    def __init__(self, access: Access) -> None:
        self._places = access.places
        self._disks: dict[str, Disk] = {}  # of the last run of each path

    async def check(self, config: FolderConfig, tenant: str) -> FolderConfig:
        """The path with symlinks resolved. Raises RequestError unless it exists and may be a source."""
        path = await asyncio.to_thread(require_allowed, config.path, self._places)
        return config.model_copy(update={"path": str(path)})

    def open(self, run: RunRequested, known: Known) -> Lister:
        """A lister for the folder. Raises RequestError while an earlier run waits for its disk."""
        config = FOLDER.of(run.source)
        if (earlier := self._disks.get(config.path)) and earlier.stuck:
            raise RequestError(f"{config.path} does not answer: an earlier run still waits for it")
        disk = Disk(config.path)
        self._disks = {path: one for path, one in self._disks.items() if not one.is_over} | {
            config.path: disk
        }
        return FolderLister(config, self._places, disk, None if run.full_check else known)


class FolderLister:
    """Lists files in key order. The version of a file is the hash of its content; a file with the size, times
    and inode of the last run is not read again.

    Args:
        known: what the last run noted; None to read every file.
    """

    when_empty = "Is its disk mounted?"
    in_order = True
    only: Sequence[str] | None = None

    def __init__(self, config: FolderConfig, places: Places, disk: Disk, known: Known | None) -> None:
        self._config, self._root = config, Path(config.path)
        self._places, self._disk, self._known = places, disk, known
        self._files: Iterator[File] | None = None
        self._listed: tuple[int, int] | None = None

    def facts(self) -> Mapping[str, MetadataValue]:
        """None."""
        return {}

    def excludes(self, key: str) -> bool:
        """Whether the source's patterns or its rules for private files exclude a path."""
        return self._selection.leaves_out(encoded(key))

    async def pages(self) -> AsyncIterator[Sequence[Entry]]:
        """Files in order, then places that could not be read, then the number of skipped private files."""
        self._listed = await self._disk.run(_identity, self._root)
        walk = FolderWalk(self._root, self._selection, self._places, self._disk.tick)
        self._files = walk.files()
        while page := await self._disk.run(self._page, self._files):
            yield page
        yield [Unreadable(place, why) for place, why in walk.unreadable.items()]
        yield [LeftOut(reason, count) for reason, count in walk.left_out.items()]

    async def recheck(self, keys: Set[str]) -> Sequence[Item | Unreadable]:
        """See `Rechecking`. Lists the folder again if any of them exists, because its rules decide which are
        wanted."""
        if not await self._disk.run(self._any_exists, keys):
            return []
        walk = FolderWalk(self._root, self._selection, self._places, self._disk.tick)
        self._files = walk.files()
        wanted = (file for file in self._files if file.key in keys)
        found = [entry for entry in await self._disk.run(self._items, wanted) if isinstance(entry, Item)]
        return [*found, *(Unreadable(place, why) for place, why in walk.unreadable.items())]

    async def read(self, item: Item) -> Content:
        """The bytes of a file. Raises Gone when it was deleted, Unwanted when it is binary,
        DocumentError when it cannot be read.
        """
        return Content(await self._disk.run(self._read, item))

    async def aclose(self) -> None:
        """End the thread; a stuck one ends when its disk answers."""
        self._disk.close(getattr(self._files, "close", None))

    @cached_property
    def _selection(self) -> Selection:
        try:
            return Selection.of(self._config)
        except ValueError as error:
            raise RequestError(f"the patterns of the source cannot be used: {error}") from error

    def _any_exists(self, keys: Set[str]) -> bool:
        root = os.fsencode(self._root)
        for key in keys:
            self._disk.tick()
            if os.path.lexists(os.path.join(root, encoded(key))):
                return True
        return False

    def _page(self, files: Iterator[File]) -> Sequence[Item | Skipped]:
        return self._items(islice(files, _PAGE))

    def _items(self, files: Iterator[File]) -> Sequence[Item | Skipped]:
        try:
            return [self._item(file) for file in files]
        except Forbidden:
            raise
        except OSError as error:
            reason = error.strerror or error
            raise RequestError(f"the folder {self._config.path} cannot be listed: {reason}") from error

    def _read(self, item: Item) -> bytes:
        key = item.key
        try:
            body = read_file(self._root, key, self._places, self._disk.tick)
        except Gone as error:
            if self._listed is None or _identity(self._root) != self._listed:
                raise DocumentError(
                    f"{key}: its folder is not the one that was listed; is it mounted?"
                ) from error
            raise
        if is_binary(key, body):
            raise Unwanted(BINARY, None if item.memo is None else binary_memo(item.memo))
        return body

    def _item(self, file: File) -> Item | Skipped:
        memo = memo_of(file)
        size = None if file.stat is None else file.stat.st_size
        kept = None if memo is None or self._known is None else self._known.memo(file.key)
        if memo is not None and kept == binary_memo(memo):
            return Skipped(file.key, BINARY)
        if memo is not None and self._known is not None and kept == memo:
            return Item(file.key, self._known.version(file.key), size, memo=memo)
        return Item(file.key, size=size, memo=memo)


def _identity(folder: Path) -> tuple[int, int] | None:
    """Device and inode; None where there is nothing."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def require_allowed(path: str, places: Places) -> Path:
    """The real path of a folder or file. Raises RequestError unless it exists and may be a source."""
    if places.roots is not None and not places.roots:
        raise RequestError("folder sources are not allowed here: HEADRACE_FOLDER_ROOTS names no folder")
    try:
        real = Path(path).resolve()
        inside = places.roots is None or any(real.is_relative_to(root.resolve()) for root in places.roots)
        there, readable = real.exists(), real.is_dir() or real.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of symlinks, a name too long, not UTF-8
        raise RequestError(f"folder.path {path[:200]!r} cannot be read on the server") from error
    if not inside:  # first, so that nobody learns what else is on the disk
        shown = ", ".join(str(root) for root in places.roots or ())
        raise RequestError(
            f"folder.path {path!r} is not below HEADRACE_FOLDER_ROOTS ({shown}); start `headrace up` with "
            "it, or a folder above it, in that variable"
        )
    if not there:
        raise RequestError(f"folder.path {path!r} does not exist on the server")
    if reason := places.refusal(real):
        raise RequestError(f"folder.path: {reason}")
    if not readable:
        raise RequestError(f"folder.path {path!r} is neither a folder nor a file")
    return real
