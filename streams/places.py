"""Paths that no source may read, and opening files without following links to them.

Sources never read data folders of Headrace, wherever they are (they hold the admin key and all tenants'
texts), or the kernel's file systems (`/proc`, `/sys`, `/dev`). Paths are checked when they are opened, not
only when they are named. `open_below` follows no links, so the checked file is the file that is read.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from schemas.errors import RequestError
from streams.data_dir import is_data_dir

_KERNEL_PATHS = ("/proc", "/sys", "/dev")
#: Their types in `/proc/self/mountinfo`, because they may also be mounted elsewhere.
_KERNEL_KINDS = frozenset(
    {"proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "bpf"}
    | {"configfs", "pstore", "efivarfs", "mqueue", "fusectl", "binfmt_misc"}
)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Forbidden(RequestError):
    """No source may read this path."""


@dataclass(frozen=True)
class Places:
    """The paths that sources may read.

    Attributes:
        roots: folders below which sources may lie; None: anywhere.
        own: data folders of this process, marked or not.
    """

    roots: Sequence[Path] | None = None
    own: Sequence[Path] = ()
    _own: frozenset[tuple[int, int]] = field(init=False, default=frozenset())
    _roots: tuple[Path, ...] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        known = [(s.st_dev, s.st_ino) for folder in self.own if folder.is_dir() for s in [folder.stat()]]
        object.__setattr__(self, "_own", frozenset(known))
        if self.roots is not None:
            object.__setattr__(self, "_roots", tuple(root.resolve() for root in self.roots))

    def open(self, path: Path) -> tuple[int, Path]:
        """Open the folder or file of a source. Returns its file descriptor and real path.

        Raises Forbidden if it may not be read, OSError if it cannot be opened.
        """
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            real = _path_of(fd, path)
            self.require(real)
            self.enter(fd, str(real))
        except BaseException:
            os.close(fd)
            raise
        return fd, real

    def require(self, real: Path) -> None:
        """Raise Forbidden unless a real path (without links) may be a source."""
        if reason := self.refusal(real):
            raise Forbidden(reason)
        if self._roots is not None and not any(real.is_relative_to(root) for root in self._roots):
            shown = ", ".join(str(root) for root in self.roots or ()) or "no folder"
            raise Forbidden(f"{real} is not below HEADRACE_FOLDER_ROOTS ({shown})")

    def refusal(self, real: Path) -> str | None:
        """Why a real path is never a source, whatever the roots are; None if it may be one."""
        for kernel in _KERNEL_PATHS:
            if real.is_relative_to(kernel):
                return f"{real} is in {kernel}: kernel file systems are never a source"
        parts = str(real).split("/")
        for depth in range(len(parts), 0, -1):
            folder = "/".join(parts[:depth]) or "/"
            if is_data_dir(folder) or (self._own and _identity(folder) in self._own):
                return f"{real} is in a data folder of Headrace ({folder}), which is never a source"
        return None

    def enter(self, fd: int, shown: str) -> None:
        """Raise Forbidden if an open folder or file is a data folder, or in a kernel file system."""
        found = os.fstat(fd)
        if found.st_dev in _kernel_devices():
            raise Forbidden(f"{shown} belongs to the kernel and is never a source")
        if (found.st_dev, found.st_ino) in self._own or is_data_dir(fd):
            raise Forbidden(f"{shown} is a data folder of Headrace, which is never a source")


def open_below(top: int, parts: Sequence[str], flags: int, enter: Callable[[int, str], None]) -> int:
    """Open a path below an open folder without following any links; returns a file descriptor.

    Args:
        parts: components of the relative path; none for the folder itself.
        enter: called with the descriptor and relative path of each folder on the path; may refuse it.

    Raises OSError: ELOOP or ENOTDIR for a link, EINVAL for a path that could lead outside.
    """
    if any(part in ("", ".", "..") for part in parts):
        raise OSError(22, "the path leads out of its folder")
    at = os.dup(top)
    try:
        for depth, part in enumerate(parts[:-1], 1):
            below = os.open(part, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
            enter(at, "/".join(parts[:depth]))
        return os.open(parts[-1] if parts else ".", flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    finally:
        os.close(at)


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _path_of(fd: int, path: Path) -> Path:
    """The real path of an open file, from the kernel if possible."""
    try:
        return Path(os.readlink(f"/proc/self/fd/{fd}"))
    except OSError:
        return path.resolve(strict=True)


@cache
def _kernel_devices() -> frozenset[int]:
    """Devices of the file systems of the kernel."""
    devices = set()
    for path in _KERNEL_PATHS:
        if os.path.isdir(path) and (device := os.stat(path).st_dev) != os.stat("/").st_dev:
            devices.add(device)
    try:
        mounts = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    except OSError:  # not Linux
        mounts = []
    for mount in mounts:
        before, _, after = mount.partition(" - ")
        if after.split(" ", 1)[0] in _KERNEL_KINDS:
            major, minor = before.split(" ")[2].split(":")
            devices.add(os.makedev(int(major), int(minor)))
    return frozenset(devices)
