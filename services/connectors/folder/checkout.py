"""What git knows about a folder: the checkout that contains it, its tracked files, its ignore rules.

Checkouts may be hostile. Therefore git is only used to list the files of the index, with everything disabled
that a configuration could make it run: no hooks, no file system monitor, no network. Then the owner of the
checkout does not matter. Everything else is read as text: `.gitignore` files above the folder,
`info/exclude`, and the excludes file of the user's git configuration. Without git, tracked files are unknown.
"""

import os
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import structlog

from schemas.globs import Glob, Ignored, encoded, parse

log = structlog.get_logger(__name__)

#: Maximum size of a file of patterns.
MAX_PATTERN_BYTES = 1024 * 1024
#: Reading an index of a million entries takes 2 s.
_GIT_SECONDS = 60.0
#: Maximum size of git's list of an index: over a million paths.
MAX_TRACKED_BYTES = 128 * 1024 * 1024
_MOST_WARNINGS = 20


@dataclass(frozen=True, slots=True)
class Rule:
    """Patterns of one file, and how to convert a path of the listed folder to one relative to that file."""

    ignored: Ignored
    cut: int = 0
    before: bytes = b""

    def says(self, key: bytes, is_folder: bool) -> bool | None:
        """Whether the patterns ignore a path; None if none matches."""
        return self.ignored.says(self.before + key[self.cut :], is_folder)


@dataclass(frozen=True, slots=True)
class Checkout:
    """The rules of a checkout for a folder; empty for a folder outside of a checkout.

    Attributes:
        rules: lowest precedence first.
        tracked: files in the index, relative to the folder; `tracked_folders` are the folders above them.
        ignored: the folder itself is ignored, so only its tracked files count.
    """

    rules: tuple[Rule, ...] = ()
    tracked: frozenset[bytes] = frozenset()
    tracked_folders: frozenset[bytes] = frozenset()
    ignored: bool = False


def checkout_of(folder: Path, cut: int = 0) -> Checkout:
    """The rules of the checkout that contains a folder.

    A folder that its checkout ignores, and that has no tracked file, is not part of the checkout, so no rules
    apply: whoever names such a folder wants its content.

    Args:
        folder: real path.
        cut: bytes of a key before the path relative to `folder` begins.
    """
    if (top := _top(folder)) is None:
        return Checkout()
    git_dir = _git_dir(top)
    assert git_dir is not None
    tracked = _tracked(top, folder)
    inside = encoded(folder.relative_to(top).as_posix()) if folder != top else b""
    rules = [_rule(path, cut, inside) for path in (excludes_of_user(), _common(git_dir) / "info" / "exclude")]
    between = [
        top,
        *(top.joinpath(*folder.relative_to(top).parts[:n]) for n in range(1, _depth(folder, top))),
    ]
    rules += [
        _rule(above / ".gitignore", cut, encoded(folder.relative_to(above).as_posix()))
        for above in between
        if above != folder
    ]
    kept = tuple(rule for rule in rules if rule is not None)
    ignored = _ignores_itself(kept, inside)
    if ignored and not tracked:
        return Checkout()
    folders = {key[:end] for key in tracked for end in _slashes(key)}
    return Checkout(kept, tracked, frozenset(folders), ignored)


def is_checkout(folder: Path) -> bool:
    """Whether a folder is the top of a checkout (also a worktree or a submodule)."""
    return _git_dir(folder) is not None


def read_patterns(content: bytes, shown: str) -> Ignored | None:
    """The patterns of a `.gitignore`; None if it has none. Lines that git ignores are logged and skipped."""
    globs: list[Glob] = []
    warned = 0
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            glob = parse(line)
        except ValueError as error:
            warned += 1
            if warned <= _MOST_WARNINGS:
                text = line[:100].decode(errors="backslashreplace")
                log.warning(
                    "a pattern is passed over", file=shown, line=number, pattern=text, reason=str(error)
                )
            continue
        if glob is not None:
            globs.append(glob)
    return Ignored(globs) if globs else None


def read_bounded(fd: int) -> bytes:
    """Read and close an open file of patterns. Raises OSError if it is too large."""
    with open(fd, "rb") as file:
        content = file.read(MAX_PATTERN_BYTES + 1)
    if len(content) > MAX_PATTERN_BYTES:
        raise OSError(27, f"it is larger than {MAX_PATTERN_BYTES:,} bytes")
    return content


def _depth(folder: Path, top: Path) -> int:
    return len(folder.relative_to(top).parts)


def _ignores_itself(rules: tuple[Rule, ...], inside: bytes) -> bool:
    """Whether the folder, or one above it, is ignored."""
    for end in (*_slashes(inside), len(inside)) if inside else ():
        for rule in reversed(rules):
            relative = inside[
                len(inside) - len(rule.before.rstrip(b"/")) : end
            ]  # empty: it lies above the file
            said = rule.ignored.says(relative, True) if relative else None
            if said is not None:
                if said:
                    return True
                break
    return False


def _slashes(key: bytes) -> list[int]:
    return [position for position, char in enumerate(key) if char == 0x2F]


def _rule(path: Path | None, cut: int, inside: bytes) -> Rule | None:
    """The patterns of a file outside of the listed folder; None if there are none."""
    if path is None:
        return None
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        ignored = read_patterns(read_bounded(fd), str(path))
    except OSError:
        return None
    return Rule(ignored, cut, inside + b"/" if inside else b"") if ignored else None


def _top(folder: Path) -> Path | None:
    """The top of the checkout that contains a folder; like git, searches one file system only."""
    device = folder.stat().st_dev
    for above in (folder, *folder.parents):
        if above.stat().st_dev != device:
            return None
        if is_checkout(above):
            return above
    return None


def _git_dir(folder: Path) -> Path | None:
    """The repository of a folder that is the top of a checkout."""
    found = folder / ".git"
    try:
        if found.is_file():  # a worktree or a submodule
            line = _beginning(found)
            if not line.startswith(b"gitdir: "):
                return None
            found = folder / os.fsdecode(line.removeprefix(b"gitdir: ").rstrip(b"\r\n"))
        whole = (found / "HEAD").is_file() and (
            (found / "objects").is_dir() or (found / "commondir").is_file()
        )
    except (OSError, ValueError):
        return None
    return found if whole else None


def _beginning(file: Path) -> bytes:
    """Enough for any path. Whoever fills a folder may put a file of any size there."""
    with file.open("rb") as opened:
        return opened.read(4096)


def _common(git_dir: Path) -> Path:
    """The repository that a worktree belongs to."""
    try:
        return git_dir / os.fsdecode(_beginning(git_dir / "commondir").rstrip(b"\r\n"))
    except (OSError, ValueError):
        return git_dir


def _tracked(top: Path, folder: Path) -> frozenset[bytes]:
    """Files of the index below a folder, relative to it; none if git is missing or fails."""
    if (git := shutil.which("git")) is None:
        return frozenset()
    place = [f"--git-dir={top / '.git'}", f"--work-tree={top}"]
    try:
        listed = _output([git, "-C", str(folder), *place, *_HARMLESS, "ls-files", "--cached", "-z"])
    except OSError as error:
        reason = str(error)[:500]
        log.warning("git does not say which files are tracked", folder=str(folder), reason=reason)
        return frozenset()
    return frozenset(listed.split(b"\0")) - {b""}


def _output(command: list[str]) -> bytes:
    """What a command of git prints. Raises OSError if it fails, takes too long or prints too much."""
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 – no shell; what the repository says is overruled
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(),
            start_new_session=True,
        ) as running,
    ):
        assert running.stdout is not None
        too_late = threading.Timer(_GIT_SECONDS, running.kill)
        too_late.start()
        try:
            printed = running.stdout.read(MAX_TRACKED_BYTES + 1)
            if len(printed) > MAX_TRACKED_BYTES:
                running.kill()
                raise OSError(f"its list is larger than {MAX_TRACKED_BYTES:,} bytes")
            status = running.wait()
        finally:
            too_late.cancel()
        if status:
            errors.seek(0)
            said = errors.read(500).decode(errors="replace").strip()
            raise OSError(said or f"git ended with status {status}; it may take {_GIT_SECONDS:g} s")
    return printed


_HARMLESS = ("-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never")


def _environment() -> dict[str, str]:
    """An environment without our variables and with the repository's configuration only. Nothing is fetched
    (a sparse index may need objects that a partial clone does not have)."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }


@cache
def excludes_of_user() -> Path | None:
    """The excludes file of the user's git configuration."""
    home = os.environ.get("HOME")
    if (git := shutil.which("git")) is not None:
        try:
            asked = subprocess.run(  # noqa: S603
                [git, "config", "--global", "--path", "--get", "core.excludesFile"],
                capture_output=True,
                timeout=_GIT_SECONDS,
                stdin=subprocess.DEVNULL,
                cwd="/",
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        if asked.returncode == 0 and (named := asked.stdout.rstrip(b"\n")):
            return Path(os.fsdecode(named))
    config = os.environ.get("XDG_CONFIG_HOME") or (home and f"{home}/.config")
    return Path(config) / "git" / "ignore" if config else None
