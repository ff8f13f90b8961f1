"""Lists a folder as git would: `.gitignore` files hold, symbolic links never lead out of the root."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

from schemas.errors import DocumentError, DocumentTooLarge

#: The contract's limit on a file: 200 MiB.
MAX_FILE_BYTES = 200 * 1024 * 1024


def list_files(root: Path, include_globs: Sequence[str] | None = None) -> Iterator[str]:
    """Keys of the files below `root`: relative paths with `/`, in order.

    Left out: what a `.gitignore` in the folder or above it (up to `root`) names, `.git` itself, links to
    folders, links that point outside `root`, and what is no regular file. A `root` that is a file is listed
    by its name. Raises OSError when `root` cannot be read.
    """
    if root.is_file():
        yield root.name
        return
    included = GitIgnoreSpec.from_lines(include_globs) if include_globs else None
    for key in _walk(root, root.resolve(strict=True), PurePosixPath(), []):
        if included is None or included.match_file(key):
            yield key


def _walk(
    folder: Path, top: Path, place: PurePosixPath, rules: list[tuple[PurePosixPath, GitIgnoreSpec]]
) -> Iterator[str]:
    entries = _entries(folder, place)
    if any(entry.name == ".gitignore" and entry.is_file() for entry in entries):
        lines = (folder / ".gitignore").read_text(errors="replace").splitlines()
        rules = [*rules, (place, GitIgnoreSpec.from_lines(lines))]
    for entry in entries:
        key = place / entry.name
        if entry.name == ".git":  # a folder; in a submodule or a worktree a file
            continue
        if entry.is_dir(follow_symlinks=False):
            if not _ignored(f"{key}/", rules):
                yield from _walk(Path(entry.path), top, key, rules)
        elif not _ignored(str(key), rules) and _inside(Path(entry.path), top):
            yield str(key)


def _entries(folder: Path, place: PurePosixPath) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        if place == PurePosixPath():
            raise
        return []  # a folder that went away during the walk; the root must be there


def _ignored(key: str, rules: list[tuple[PurePosixPath, GitIgnoreSpec]]) -> bool:
    """The deepest `.gitignore` that says anything about a path decides."""
    for place, spec in reversed(rules):
        relative = key if place == PurePosixPath() else key.removeprefix(f"{place}/")
        found = spec.check_file(relative).include
        if found is not None:
            return found
    return False


def _inside(path: Path, top: Path) -> bool:
    if not path.is_symlink():
        return path.is_file()
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # dangling, or a circle
        return False
    return target.is_file() and target.is_relative_to(top)


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
