"""What Linux knows of a process, for tests of what we start."""

import contextlib
import os
import re
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not yet waited for does not."""
    return _state(pid) not in ("", "Z")


def is_frozen(pid: int) -> bool:
    """Whether a signal has stopped the process."""
    return _state(pid) == "T"


def _state(pid: int) -> str:
    """Its letter in proc(5); empty for a process that is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def ended_children() -> dict[int, int]:
    """Children that have ended, and that nobody has waited for yet: their exit status, minus the signal's
    number if one ended them."""
    ended = {}
    children = Path("/proc/thread-self/children").read_text().split()
    for stat in _readable((Path(f"/proc/{child}/stat") for child in children), Path.read_text):
        fields = stat.rpartition(")")[2].split()
        if fields[0] == "Z":
            ended[int(stat.split()[0])] = os.waitstatus_to_exitcode(int(fields[49]))
    return ended


def seconds_without_a_core() -> float:
    """How long some process has waited for a core since the machine started. 0 where it is not known."""
    try:
        some = Path("/proc/pressure/cpu").read_text().splitlines()[0]
    except OSError:
        return 0.0
    return int(some.rpartition("total=")[2]) / 1e6


def command_lines() -> list[bytes]:
    """Those of all processes of the machine. Some may end while they are read."""
    return list(_readable(Path("/proc").glob("[0-9]*/cmdline"), Path.read_bytes))


def thread_names(pid: int) -> list[str]:
    """Those of the threads of a process. Some may end while they are read."""
    return [name.strip() for name in _readable(Path(f"/proc/{pid}/task").glob("*/comm"), Path.read_text)]


def open_files(pid: int) -> set[str]:
    """What the file descriptors of a process refer to (proc(5)). It may close some while they are read."""
    return set(_readable(Path(f"/proc/{pid}/fd").iterdir(), os.readlink))


def _readable(paths: Iterable[Path], read: Callable[[Path], T]) -> Iterator[T]:
    for path in paths:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            yield read(path)


def listening_addresses(pid: int) -> set[str]:
    """The addresses on which a process listens for TCP connections (proc(5), `/proc/net/tcp`)."""
    links = open_files(pid)
    inodes = {found.group(1) for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:  # 0A: LISTEN
                addresses.add(_address(fields[1].partition(":")[0]))
    return addresses


def _address(in_hex: str) -> str:
    """An address as the kernel prints it: 32-bit words in the machine's byte order."""
    words = struct.pack(f"={len(in_hex) // 8}I", *(int(word, 16) for word in re.findall("." * 8, in_hex)))
    if len(words) == 4:
        return socket.inet_ntop(socket.AF_INET, words)
    # Java listens on IPv4 addresses through IPv6 sockets.
    return socket.inet_ntop(socket.AF_INET6, words).removeprefix("::ffff:")
