"""Lists a folder as git would, without private files; docs/folders.md has the rules."""

import errno
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from stat import S_ISDIR, S_ISREG

from schemas.globs import encoded
from services.connectors.folder.checkout import Rule, checkout_of, is_checkout, read_bounded, read_patterns
from services.connectors.folder.entries import Entry, File, entry_of
from services.connectors.folder.reading import read_file, shown_key
from services.connectors.folder.rules import Rules
from services.connectors.folder.selection import Private, Selection
from streams.places import Forbidden, Places, open_below

__all__ = ["File", "FolderListing", "FolderWalk", "list_files", "read_file", "shown_key"]

#: Errors of a folder that was deleted during the walk. Other errors say nothing about its content.
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})
#: Errors of a dangling link. Before Python 3.13 a loop of links raises RuntimeError instead of ELOOP.
_DANGLING = _GONE | {errno.ELOOP, errno.ENAMETOOLONG}
#: Open without read access, if the system can.
_LOOK = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY


@dataclass(frozen=True, slots=True)
class FolderListing:
    """The files of a folder, and what was skipped.

    Attributes:
        keys: relative paths with `/`, in order.
        unreadable: folders and entries that could not be read → why. Their content is unknown.
        left_out: reason → number of skipped private files, and of private folders that were not entered.
    """

    keys: list[str]
    unreadable: dict[str, str]
    left_out: dict[str, int] = field(default_factory=dict)

    def hides(self, key: str) -> bool:
        """Whether a file with this key may be in a place that could not be read."""
        path = PurePosixPath(key)
        return bool(self.unreadable) and any(str(place) in self.unreadable for place in (path, *path.parents))


def list_files(
    root: Path,
    selection: Selection | None = None,
    places: Places | None = None,
    tick: Callable[[], None] = lambda: None,
) -> FolderListing:
    """All files of a `FolderWalk` at once."""
    walk = FolderWalk(root, selection, places, tick)
    keys = [file.key for file in walk.files()]
    return FolderListing(keys, walk.unreadable, walk.left_out)


class FolderWalk:
    """The files below `root` that a source wants, in key order (of the bytes of their paths).

    Skipped: what git ignores, `.git` itself, links to folders, links that point outside `root`, and special
    files; private files (`selection`); data folders and the kernel's file systems (`places`). A `root` that
    is a file is always listed, by its name. `tick` is called for every folder.

    Attributes:
        unreadable, left_out: as in `FolderListing`; complete when `files` has ended.
    """

    def __init__(
        self,
        root: Path,
        selection: Selection | None = None,
        places: Places | None = None,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._root, self._selection = root, selection or Selection()
        self._places, self._tick = places or Places(), tick
        self.unreadable: dict[str, str] = {}
        self.left_out: dict[str, int] = {}

    def files(self) -> Iterator[File]:
        """List the files. Close the iterator if you do not exhaust it.

        Raises Forbidden if `root` may not be read, OSError if it cannot be read, or was replaced meanwhile (a
        disk that is unmounted leaves another folder behind).
        """
        top, real = self._places.open(self._root)
        try:
            before = os.fstat(top)
            if S_ISREG(before.st_mode):
                yield File(self._root.name, before, time.time_ns())
                return
            if not S_ISDIR(before.st_mode):
                raise OSError(errno.ENOTDIR, "it is neither a folder nor a file")
            walk = _Walk(top, real, self._selection, self._places, self._tick)
            walk.unreadable, walk.left_out = self.unreadable, self.left_out
            yield from walk.files()
            after = self._root.stat()
            if (after.st_dev, after.st_ino) != (before.st_dev, before.st_ino):
                raise OSError(errno.ESTALE, "another folder is in its place since the listing began")
        finally:
            os.close(top)


@dataclass(frozen=True, slots=True)
class _Frame:
    """A folder in progress; `place` is its path with a `/` at the end, empty for the root."""

    place: str
    entries: Iterator[Entry]
    rules: Rules
    seen_ns: int


class _Walk:
    """One walk below an open folder, without recursion: a tree may be deeper than Python's stack."""

    def __init__(
        self, top: int, real: Path, selection: Selection, places: Places, tick: Callable[[], None]
    ) -> None:
        self._top, self._real, self._selection = top, real, selection
        self._places, self._tick = places, tick
        self._stack: list[_Frame] = []
        self._at, self._fd = "", os.dup(top)  # the folder that was opened last: mostly the parent of the next
        self.unreadable: dict[str, str] = {}
        self.left_out: dict[str, int] = {}

    def files(self) -> Iterator[File]:
        """Raises OSError when the root cannot be listed."""
        try:
            checkout = checkout_of(self._real)
            self._stack.append(self._open("", Rules(checkout, only_tracked=checkout.ignored)))
            while self._stack:
                frame = self._stack[-1]
                entry = next(frame.entries, None)
                if entry is None:
                    self._stack.pop()
                elif (found := self._look_at(entry, frame)) is not None:
                    yield found
        finally:
            os.close(self._fd)

    def _look_at(self, entry: Entry, frame: _Frame) -> File | None:
        """The file of an entry, if it is a wanted file."""
        key = frame.place + entry.name
        path, is_folder = encoded(key), entry.kind == "folder"
        ignored = frame.rules.ignores(path, is_folder)
        if ignored and not frame.rules.tracks(path, is_folder):
            return None
        if entry.error is not None:
            self._unreadable(key, "looked at", entry.error)
        elif is_folder:
            self._folder(key, path, replace(frame.rules, only_tracked=True) if ignored else frame.rules)
        elif entry.kind in ("file", "link") and self._selection.wants(path):
            return self._file(key, path, entry, frame.seen_ns)
        return None

    def _folder(self, key: str, path: bytes, rules: Rules) -> None:
        if self._selection.excludes_folder(path):
            return
        if not self._selection.enters(path):
            self._leave_out(Private.HIDDEN)
            return
        try:
            self._stack.append(self._open(f"{key}/", rules))
        except Forbidden:
            self._leave_out(Private.DATA_FOLDER)
        except OSError as error:
            if error.errno not in _DANGLING - {errno.ENAMETOOLONG}:
                self._unreadable(key, "listed", error)

    def _file(self, key: str, path: bytes, entry: Entry, seen_ns: int) -> File | None:
        withheld, stat = self._selection.withholds(path), entry.stat
        try:
            if entry.kind == "link" and withheld is None:
                found = self._target(key)
                if found is None:
                    return None
                target, stat = found
                withheld = self._selection.withholds(target)
        except Forbidden:
            withheld = Private.DATA_FOLDER
        except OSError as error:
            self._unreadable(key, "looked at", error)
            return None
        if withheld is None:
            return File(key, stat, seen_ns)
        self._leave_out(withheld)
        return None

    def _target(self, key: str) -> tuple[bytes, os.stat_result] | None:
        """Path and state of the file that a link points to; None if that is no file below the root.

        Raises OSError if that is unknown, Forbidden if it is in a data folder.
        """
        path = self._real / key
        try:
            target = path.resolve(strict=True)
        except RuntimeError:
            return None
        except OSError as error:
            leads_out = not Path(os.path.realpath(path)).is_relative_to(self._real)
            if error.errno in _DANGLING or leads_out:
                return None
            raise
        if not target.is_relative_to(self._real):
            return None
        parts = target.relative_to(self._real).parts
        fd = open_below(self._top, parts, _LOOK, self._places.enter)
        try:
            stat = os.fstat(fd)
            return (encoded("/".join(parts)), stat) if S_ISREG(stat.st_mode) else None
        finally:
            os.close(fd)

    def _open(self, place: str, rules: Rules) -> _Frame:
        """A folder's entries in order, and their ignore rules. Raises OSError or Forbidden.

        If its `.gitignore` cannot be read the folder is unreadable, because it is unknown what is ignored.
        """
        self._tick()
        fd = self._go_to(place)
        self._places.enter(fd, place)
        seen_ns = time.time_ns()  # before the first of them is looked at
        with os.scandir(fd) as found:
            entries = sorted((entry_of(entry) for entry in found), key=lambda entry: entry.place)
        names = {entry.name for entry in entries}
        if place and ".git" in names and is_checkout(self._real / place):
            cut = len(encoded(place))
            rules = Rules(checkout_of(self._real / place, cut), (), cut)
        if ".gitignore" in names and (rule := self._gitignore(fd, place)):
            rules = replace(rules, own=(*rules.own, rule))
        # `.git` is a folder; in a submodule or a worktree a file
        return _Frame(place, (entry for entry in entries if entry.name != ".git"), rules, seen_ns)

    def _go_to(self, place: str) -> int:
        """Open a folder and close the one before. The folders above it were checked already."""
        parts = place.split("/")[:-1]
        if parts and self._at == place[: -len(parts[-1]) - 1]:
            fd = open_below(self._fd, parts[-1:], _FOLDER, _pass)
        else:
            fd = open_below(self._top, parts, _FOLDER, _pass)
        os.close(self._fd)
        self._at, self._fd = place, fd
        return fd

    def _gitignore(self, fd: int, place: str) -> Rule | None:
        """The patterns of an open folder. A `.gitignore` that is a link is ignored, as in git."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            if not S_ISREG(os.stat(".gitignore", dir_fd=fd, follow_symlinks=False).st_mode):
                return None
            content = read_bounded(os.open(".gitignore", flags, dir_fd=fd))
        except FileNotFoundError:
            return None  # went away since
        except OSError as error:
            reason = f"its .gitignore cannot be read: {error.strerror or error}"
            raise OSError(error.errno, reason) from error
        ignored = read_patterns(content, str(self._real / place / ".gitignore"))
        return Rule(ignored, len(encoded(place))) if ignored else None

    def _leave_out(self, kind: Private) -> None:
        self.left_out[kind.value] = self.left_out.get(kind.value, 0) + 1

    def _unreadable(self, place: str, verb: str, error: OSError) -> None:
        self.unreadable[place] = f"cannot be {verb}: {error.strerror or error}"


def _pass(fd: int, shown: str) -> None:
    """Allow every folder."""
