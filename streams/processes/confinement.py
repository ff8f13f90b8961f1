"""The confinement of a worker: limits on memory, files and the network.

What a worker parses may take it over. It then reads nothing but Python and the libraries, writes nothing,
starts no program and reaches no server. Limits that the platform lacks are skipped.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import resource
import socket
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from streams.processes import landlock

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
_PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h
_M_ARENA_MAX = -8  # malloc.h: glibc reserves 64 MiB of address space per arena, one arena per thread
#: Packages of the project, of which those that are loaded can be read. Not their parent folder: in a checkout
#: it also contains the data of local trials.
_PACKAGES = ("schemas", "services", "streams")
#: Maximum open descriptors of a worker; a parser needs its input and the libraries that it loads.
_OPEN_FILES = 256
#: Address space that libraries reserve on first use (measured): liteparse 1.2 GB for its first PDF (50 MB
#: resident); onnxruntime, OpenCV and the OCR models 520 MB for the first picture. It does not count towards
#: the document's memory.
_LIBRARY_BYTES = 2 * 1024**3
#: Readable system files: libraries, fonts, time zones, the machine's size. They exclude /proc/self/environ
#: and other processes.
_SYSTEM = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store"),
    *("/usr/share", "/usr/local/share/fonts", "/etc/fonts", "/etc/ld.so.cache"),
    *("/etc/localtime", "/etc/mime.types", "/etc/os-release"),
    *("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"),
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm/overcommit_memory"),
    *("/proc/self/cgroup", "/proc/self/maps", "/proc/self/stat", "/proc/self/statm", "/proc/self/status"),
    *("/sys/devices/system", "/sys/fs/cgroup"),
)

log = logging.getLogger(__name__)


def confine(memory_bytes: int, more: Path | None = None) -> None:
    """Confine this process; the first call in a worker.

    Args:
        memory_bytes: memory for one input, in addition to that of a fresh worker.
        more: a folder that can also be read.
    """
    sys.dont_write_bytecode = True
    _native("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _native("mallopt", _M_ARENA_MAX, 2)
    # Address space, not resident pages: the only memory limit that Linux enforces per process. What libraries
    # have already mapped does not count towards the input's memory.
    _limit(resource.RLIMIT_AS, _mapped_bytes() + _LIBRARY_BYTES + memory_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _leave_network()
    leave_files(more)


def _limit(kind: int, value: int) -> None:
    _, ceiling = resource.getrlimit(kind)
    if ceiling != resource.RLIM_INFINITY:
        value = min(value, ceiling)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (value, value))


def _mapped_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        return 1024**3
    return pages * os.sysconf("SC_PAGE_SIZE")


def _native(name: str, *arguments: int) -> int:
    """Call a function of libc; -1 if it does not exist."""
    try:
        return int(getattr(ctypes.CDLL(None), name)(*arguments))
    except (OSError, AttributeError):
        return -1


def _leave_network() -> None:
    """Enter an empty network namespace; if that is refused, block connections in Python's sockets."""
    if _native("unshare", _CLONE_NEWUSER | _CLONE_NEWNET) == 0:
        return
    socket.socket.connect = _without_network(socket.socket.connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = _without_network(socket.socket.connect_ex)  # type: ignore[method-assign]


def leave_files(more: Path | None = None) -> None:
    """Allow reading only the files of Python and the libraries, and those in the folder `more`.

    Kernels that support it also refuse connections, whatever code requests them.
    """
    try:
        landlock.restrict([*_readable(), *([more] if more else [])], write=[Path("/dev/null")])
    except OSError as error:
        log.warning("cannot confine what a worker reads: %s", error)


def _readable() -> Iterator[Path]:
    yield from map(Path, _SYSTEM)
    yield from (Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
        yield from (Path(prefix, "lib"), Path(prefix, "lib64"))
    yield from (Path(entry) for entry in sys.path if entry.endswith(("site-packages", "dist-packages")))
    yield from map(Path, filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":")))
    for package in filter(None, map(sys.modules.get, _PACKAGES)):
        yield from map(Path, package.__path__)


def _without_network(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            raise PermissionError(f"workers have no network: {address[0]}")
        return connect(self, address)

    return guarded
