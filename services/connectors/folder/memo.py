"""Detects unchanged files by size, times and inode, like git's index.

A file that changes twice within one tick of its disk's clock looks the same after both changes. So a file
that was changed shortly before its `stat` gets no memo, and the next run reads it. One case remains: content
that changes with the same size and times, on a disk without reliable `ctime`. A full check reads every file.
"""

import struct

from services.connectors.binary import binary_rule
from services.connectors.folder.entries import File

#: FAT timestamps have a resolution of two seconds, ext3 and some network disks one, others microseconds.
SETTLED_NS = 2_000_000_000
#: Format version, size, mtime, ctime (ns), inode. The device is omitted: it changes when a container or
#: machine restarts.
_FORM = struct.Struct(">BQqqQ")
_VERSION = 1


def binary_memo(memo: bytes) -> bytes:
    """The memo of a file that was found to be binary, by the rule of this release."""
    return memo + f"binary {binary_rule()}".encode()


def memo_of(file: File) -> bytes | None:
    """The memo of a file; None if its attributes do not identify its content."""
    stat = file.stat
    if stat is None or max(stat.st_mtime_ns, stat.st_ctime_ns) > file.seen_ns - SETTLED_NS:
        return None
    return _FORM.pack(_VERSION, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
