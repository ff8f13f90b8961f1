"""`folder`: the files below a folder on the server's disk, as git would list them.

walk.py       lists; checkout.py what git says, selection.py what the source wants and what is private
reading.py    reads a listed file, and follows no link out of the folder
disk.py       the thread that does both, and may be stuck without holding up anybody else
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from schemas.errors import RequestError
from schemas.events import MetadataValue, RunRequested
from schemas.sources.folder import FOLDER, FolderConfig
from services.connectors.folder.disk import Disk
from services.connectors.folder.reading import read_file
from services.connectors.folder.selection import Selection
from services.connectors.folder.walk import Listing, list_files
from services.connectors.lister import Access, Content, Entry, Item, Known, LeftOut, Lister, Unreadable
from streams.places import Forbidden, Places

_PAGE = 1000


class FolderOrigin:
    """Folders and files that `Places` allows; checked whenever one is opened."""

    def __init__(self, access: Access) -> None:
        self._places = access.places
        self._disks: dict[str, Disk] = {}  # of the last run of each path

    async def check(self, config: FolderConfig, tenant: str) -> FolderConfig:
        """The real path, symlinks resolved. Raises RequestError unless it is there and may be a source."""
        path = await asyncio.to_thread(require_allowed, config.path, self._places)
        return config.model_copy(update={"path": str(path)})

    def open(self, run: RunRequested, known: Known) -> Lister:
        """The folder of a source. Raises RequestError while an earlier run waits for its disk."""
        config = FOLDER.of(run.source)
        if (earlier := self._disks.get(config.path)) and earlier.stuck:
            raise RequestError(f"{config.path} does not answer: an earlier run still waits for it")
        disk = self._disks[config.path] = Disk(config.path)
        return FolderLister(config, self._places, disk)


class FolderLister:
    """Versions are not known without reading: the time of a file says nothing for sure."""

    when_empty = "Is its disk mounted?"
    in_order = False
    only: Sequence[str] | None = None

    def __init__(self, config: FolderConfig, places: Places, disk: Disk) -> None:
        self._config, self._root = config, Path(config.path)
        self._places, self._disk = places, disk

    def facts(self) -> Mapping[str, MetadataValue]:
        """None."""
        return {}

    async def pages(self) -> AsyncIterator[Sequence[Entry]]:
        """Files in order, then places that could not be read and what is left out as private."""
        listing = await self._disk.run(self._listing)
        for start in range(0, len(listing.keys), _PAGE):
            yield [Item(key) for key in listing.keys[start : start + _PAGE]]
        yield [Unreadable(place, why) for place, why in listing.unreadable.items()]
        yield [LeftOut(reason, count) for reason, count in listing.left_out.items()]

    async def read(self, item: Item) -> Content:
        """The bytes of a file. Raises DocumentError when it cannot be read."""
        return Content(await self._disk.run(read_file, self._root, item.key, self._places, self._disk.tick))

    async def aclose(self) -> None:
        """Let the thread end; one that is stuck ends when its disk answers."""
        self._disk.close()

    def _listing(self) -> Listing:
        config = self._config
        try:
            return list_files(self._root, Selection.of(config), self._places, self._disk.tick)
        except Forbidden:
            raise
        except ValueError as error:
            raise RequestError(f"the patterns of the source cannot be used: {error}") from error
        except OSError as error:
            reason = error.strerror or error
            raise RequestError(f"the folder {config.path} cannot be listed: {reason}") from error


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
