"""Lists a folder as git would: `.gitignore` files hold, symbolic links never lead out of the root."""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

from schemas.errors import DocumentError, DocumentTooLarge
from schemas.limits import MAX_FILE_BYTES

#: A folder that went away during the walk. Whatever else happens to one says nothing of what is in it.
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})
#: A link that leads nowhere; Python before 3.13 tells of a circle by a RuntimeError instead of ELOOP.
_DANGLING = _GONE | {errno.ELOOP, errno.ENAMETOOLONG}

_Rules = list[tuple[PurePosixPath, GitIgnoreSpec]]


@dataclass(frozen=True, slots=True)
class Listing:
    """What is in a folder, as far as it could be seen.

    Attributes:
        keys: relative paths with `/`, in order.
        unreadable: folders, and entries of unknown kind, that could not be looked at → why. Nothing is known
            of what is in them.
    """

    keys: list[str]
    unreadable: dict[str, str]

    def hides(self, key: str) -> bool:
        """Whether a file of this key may be there unseen."""
        path = PurePosixPath(key)
        return bool(self.unreadable) and any(str(place) in self.unreadable for place in (path, *path.parents))


def list_files(root: Path, include_globs: Sequence[str] | None = None) -> Listing:
    """The files below `root`.

    Left out: what a `.gitignore` in the folder or above it (up to `root`) names, `.git` itself, links to
    folders, links that point outside `root`, and what is no regular file. A `root` that is a file is listed
    by its name. Raises OSError when `root` cannot be read, or was replaced while it was listed (a disk that
    is unmounted in the middle leaves another folder behind).
    """
    if root.is_file():
        return Listing([root.name], {})
    included = GitIgnoreSpec.from_lines(include_globs) if include_globs else None
    walk = _Walk(root.resolve(strict=True), included)
    before = _identity(root)
    walk.folder(root, PurePosixPath(), [])
    if _identity(root) != before:
        raise OSError(errno.ESTALE, "another folder is in its place since the listing began")
    return walk.listing


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino


class _Walk:
    """One walk below `top`, the real path of the root."""

    def __init__(self, top: Path, included: GitIgnoreSpec | None) -> None:
        self._top, self._included = top, included
        self.listing = Listing([], {})

    def folder(self, folder: Path, place: PurePosixPath, rules: _Rules) -> None:
        """List a folder and those below it. Raises OSError for the root only."""
        try:
            entries, rules = _open(folder, place, rules)
        except OSError as error:
            if place == PurePosixPath():
                raise
            if error.errno not in _GONE:
                self._unreadable(place, "listed", error)
            return
        for entry in entries:
            if entry.name != ".git":  # a folder; in a submodule or a worktree a file
                self._entry(entry, place / entry.name, rules)

    def _entry(self, entry: os.DirEntry[str], key: PurePosixPath, rules: _Rules) -> None:
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
            if _ignored(f"{key}/" if is_folder else str(key), rules):
                return
            wanted = not is_folder and self._includes(key) and _is_inside(entry, self._top)
        except OSError as error:
            self._unreadable(key, "looked at", error)
            return
        if is_folder:
            self.folder(Path(entry.path), key, rules)
        elif wanted:
            self.listing.keys.append(str(key))

    def _includes(self, key: PurePosixPath) -> bool:
        return self._included is None or self._included.match_file(str(key))

    def _unreadable(self, place: PurePosixPath, verb: str, error: OSError) -> None:
        self.listing.unreadable[str(place)] = f"cannot be {verb}: {error.strerror or error}"


def _open(folder: Path, place: PurePosixPath, rules: _Rules) -> tuple[list[os.DirEntry[str]], _Rules]:
    """Entries in order, and the rules that hold for them. A `.gitignore` that cannot be read makes the folder
    unreadable: nobody knows what it keeps out."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    try:
        if any(entry.name == ".gitignore" and entry.is_file() for entry in entries):
            lines = (folder / ".gitignore").read_text(errors="replace").splitlines()
            rules = [*rules, (place, GitIgnoreSpec.from_lines(lines))]
    except FileNotFoundError:
        pass  # went away since
    except OSError as error:
        reason = f"its .gitignore cannot be read: {error.strerror or error}"
        raise OSError(error.errno, reason) from error
    return entries, rules


def _ignored(key: str, rules: list[tuple[PurePosixPath, GitIgnoreSpec]]) -> bool:
    """The deepest `.gitignore` that says anything about a path decides."""
    for place, spec in reversed(rules):
        relative = key if place == PurePosixPath() else key.removeprefix(f"{place}/")
        found = spec.check_file(relative).include
        if found is not None:
            return found
    return False


def _is_inside(entry: os.DirEntry[str], top: Path) -> bool:
    """Whether an entry that is no folder is a file below `top`. Raises OSError when that cannot be known."""
    if not entry.is_symlink():
        return entry.is_file()
    try:
        target = Path(entry.path).resolve(strict=True)
    except RuntimeError:
        return False
    except OSError as error:
        leads_out = not Path(os.path.realpath(entry.path)).is_relative_to(top)
        if error.errno in _DANGLING or leads_out:
            return False
        raise
    return target.is_relative_to(top) and target.is_file()


def read_file(root: Path, key: str) -> bytes:
    """Content of a listed file. Raises DocumentError when it cannot be read, or is no longer inside."""
    shown = shown_key(key)
    if shown != key:
        raise DocumentError(f"{shown}: the name is not UTF-8, so it cannot be a document key")
    path = root if root.is_file() else root / key
    try:
        # Resolved, because a folder on the way may have become a link since it was listed.
        target = path.resolve(strict=True)
        if path is not root and not (target.is_file() and target.is_relative_to(root.resolve(strict=True))):
            raise DocumentError(f"{key}: no longer a file below {root}")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise DocumentTooLarge(f"{key}: {size:,} bytes, the limit is {MAX_FILE_BYTES:,}")
        return path.read_bytes()
    except (OSError, RuntimeError) as error:  # RuntimeError: a circle of links
        raise DocumentError(f"{key}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def shown_key(key: str) -> str:
    """The key as it may travel: bytes of a file name that are not UTF-8 are spelled out."""
    return key.encode(errors="surrogateescape").decode(errors="backslashreplace")
