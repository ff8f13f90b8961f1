"""The entries of a folder, and the files that a walk lists."""

import os
from dataclasses import dataclass

from schemas.globs import encoded


@dataclass(frozen=True, slots=True)
class File:
    """A listed file: its key, and its `stat` at `seen_ns` (Unix time); None if that failed."""

    key: str
    stat: os.stat_result | None
    seen_ns: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a folder; `error` if its kind cannot be determined."""

    name: str
    kind: str  # folder, file, link, other
    error: OSError | None = None
    stat: os.stat_result | None = None

    @property
    def place(self) -> bytes:
        """Its sort key among its siblings, so that whole paths are in order: `a.md`, `a/b.md`, `a0`."""
        return encoded(self.name) + (b"/" if self.kind == "folder" else b"")


def entry_of(entry: os.DirEntry[str]) -> Entry:
    """The entry for a directory entry of the system."""
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
    """The `stat` of a file. None if it is gone or the call fails; reading it will tell more."""
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None
