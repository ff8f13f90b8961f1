"""`folder`: the files below a folder on the server's disk, as git would list them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from schemas.errors import RequestError
from schemas.events import Source
from schemas.sources.folder import FOLDER, FolderConfig
from services.connectors.lister import Access, Content, Entry, Item, Lister, Unreadable
from services.connectors.walk import list_files, read_file

_PAGE = 1000


class FolderOrigin:
    """Folders and files below the roots of the deployment."""

    def __init__(self, access: Access) -> None:
        self._roots = access.folder_roots

    async def check(self, config: FolderConfig) -> FolderConfig:
        """The real path, symlinks resolved. Raises RequestError unless it is there and below a root."""
        path = await asyncio.to_thread(below_roots, config.path, self._roots)
        return config.model_copy(update={"path": str(path)})

    def open(self, source: Source) -> Lister:
        """The folder of a source."""
        return FolderLister(FOLDER.of(source))


class FolderLister:
    """Versions are not known without reading: the time of a file says nothing for sure."""

    when_empty = "Is its disk mounted?"

    def __init__(self, config: FolderConfig) -> None:
        self._config, self._root = config, Path(config.path)

    async def pages(self) -> AsyncIterator[Sequence[Entry]]:
        """Files in the order of the walk, then places that could not be looked at."""
        config = self._config
        try:
            listing = await asyncio.to_thread(list_files, self._root, config.include_globs)
        except OSError as error:
            reason = error.strerror or error
            raise RequestError(f"the folder {config.path} cannot be listed: {reason}") from error
        for start in range(0, len(listing.keys), _PAGE):
            yield [Item(key) for key in listing.keys[start : start + _PAGE]]
        yield [Unreadable(place, why) for place, why in listing.unreadable.items()]

    async def read(self, item: Item) -> Content:
        """The bytes of a file. Raises DocumentError when it cannot be read."""
        return Content(await asyncio.to_thread(read_file, self._root, item.key))


def below_roots(path: str, roots: Sequence[Path]) -> Path:
    """The real path of a folder or file, symlinks resolved. Raises RequestError unless it is below a root."""
    if not roots:
        raise RequestError("folder sources are not allowed here: HEADRACE_FOLDER_ROOTS names no folder")
    try:
        real = Path(path).resolve()
        allowed = [root.resolve() for root in roots]
        inside, there = any(real.is_relative_to(root) for root in allowed), real.exists()
        readable = real.is_dir() or real.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of symlinks, a name too long, not UTF-8
        raise RequestError(f"folder.path {path[:200]!r} cannot be read on the server") from error
    if not inside:  # first, so that nobody learns what else is on the disk
        shown = ", ".join(str(root) for root in roots)
        raise RequestError(f"folder.path {path!r} is not below HEADRACE_FOLDER_ROOTS ({shown})")
    if not there:
        raise RequestError(f"folder.path {path!r} does not exist on the server")
    if not readable:
        raise RequestError(f"folder.path {path!r} is neither a folder nor a file")
    return real
