"""What holds inside a parsing worker: limits on memory, CPU, files and the network."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from services.parsing.document import Document
from services.parsing.formats import parse
from services.parsing.vision import Vision, configure
from streams.processes import end_with_service

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
_PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h
_M_ARENA_MAX = -8  # malloc.h: glibc reserves 64 MiB of addresses for each arena, one a thread
#: Descriptors that a worker may hold; a parser needs its input and the libraries that it loads.
_OPEN_FILES = 256
#: Addresses that libraries reserve when they are first used, beyond what a document needs (measured):
#: liteparse 1.2 GB for its first PDF (50 MB resident), onnxruntime, OpenCV and the OCR models 520 MB for the
#: first picture. They are the worker's, not the document's.
_LIBRARY_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Limits:
    memory_bytes: int
    cpu_seconds: int
    vision: Vision | None = None


def confine(limits: Limits) -> None:
    """Runs first in every worker. What the platform refuses is left out; the rest still holds."""
    sys.dont_write_bytecode = True
    end_with_service()
    _native("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _native("mallopt", _M_ARENA_MAX, 2)
    # Addresses rather than resident pages: the only memory limit that Linux enforces for a process. What
    # the libraries have mapped so far is not the document's.
    _limit(resource.RLIMIT_AS, _mapped_bytes() + _LIBRARY_BYTES + limits.memory_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    configure(limits.vision)
    _leave_network(urlsplit(limits.vision.url).hostname if limits.vision else None)


def limited(cpu_seconds: int, function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function under a CPU limit of its own."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + cpu_seconds + 1, hard=False)
    return function(*arguments)


def parse_confined(
    source: bytes | str, filename: str | None, content_type: str | None, main_content: bool
) -> Document:
    """Parses in this process; `source` is the document or the path of a file that holds it."""
    data = Path(source).read_bytes() if isinstance(source, str) else source
    return parse(data, filename, content_type, main_content=main_content)


def ready() -> bool:
    return True


def _limit(kind: int, value: int, hard: bool = True) -> None:
    _, ceiling = resource.getrlimit(kind)
    if ceiling != resource.RLIM_INFINITY:
        value = min(value, ceiling)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (value, value if hard else ceiling))


def _mapped_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        return 1024**3
    return pages * os.sysconf("SC_PAGE_SIZE")


def _native(name: str, *arguments: int) -> int:
    """Calls libc where it has the function; -1 otherwise."""
    try:
        return int(getattr(ctypes.CDLL(None), name)(*arguments))
    except (OSError, AttributeError):
        return -1


def _leave_network(allowed: str | None) -> None:
    """An empty network namespace of its own, or where that is refused sockets that do not connect.

    A vision model is asked over HTTP from here, so when one is set its host stays reachable.
    """
    if allowed is None and _native("unshare", _CLONE_NEWUSER | _CLONE_NEWNET) == 0:
        return
    socket.socket.connect = _only(allowed, socket.socket.connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = _only(allowed, socket.socket.connect_ex)  # type: ignore[method-assign]


def _only(host: str | None, connect: Callable[..., Any]) -> Callable[..., Any]:
    addresses = set()
    if host is not None:
        with contextlib.suppress(OSError):
            addresses = {entry[4][0] for entry in socket.getaddrinfo(host, None)}

    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in addresses:
            raise PermissionError(f"parsing workers have no network: {address[0]}")
        return connect(self, address)

    return guarded
