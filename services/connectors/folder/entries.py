"""What a folder says of what is in it, and what a walk makes of that."""

import os
from dataclasses import dataclass

from schemas.globs import encoded


@dataclass(frozen=True, slots=True)
class File:
    """A file that was listed: its key, and what its folder said of it at `seen_ns` (Unix time). None where it
    could not be asked."""

    key: str
    stat: os.stat_result | None
    seen_ns: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a folder; `error` where its kind cannot be known."""

    name: str
    kind: str  # folder, file, link, other
    error: OSError | None = None
    stat: os.stat_result | None = None

    @property
    def place(self) -> bytes:
        """Where it stands among its siblings, so that whole paths are in order: `a.md`, `a/b.md`, `a0`."""
        return encoded(self.name) + (b"/" if self.kind == "folder" else b"")


def entry_of(entry: os.DirEntry[str]) -> Entry:
    """What a folder says of one."""
    try:
        if entry.is_dir(follow_symlinks=False):
            return Entry(entry.name, "folder")
        if entry.is_symlink():
            return Entry(entry.name, "link")
        if not entry.is_file(follow_symlinks=False):
            return Entry(entry.name, "other")
        return Entry(entry.name, "file", stat=_stat(entry))
    except OSError as error:
        return Entry(entry.name, "other", error)


def _stat(entry: os.DirEntry[str]) -> os.stat_result | None:
    """What the folder knows of a file. One that is gone, or cannot be asked, is read to know more."""
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None
