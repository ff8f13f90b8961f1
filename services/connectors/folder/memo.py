"""What of a file says that its content is what it was: size, times and inode, as git's index has them.

A file that is changed twice within one tick of its disk's clock looks the same after both. So a file that
was changed shortly before it was looked at is not believed: nothing is noted of it, the next run reads it.
A case that remains: somebody changes content and leaves size and times as they were, on a disk whose `ctime`
does not count. A full check reads every file.
"""

import struct

from services.connectors.folder.entries import File

#: FAT counts in two seconds, ext3 and some network disks in one, others in microseconds.
_SETTLED_NS = 2_000_000_000
#: Version of the form, size, mtime, ctime (ns), inode. The device is left out: it changes when a container or
#: a machine starts again.
_FORM = struct.Struct(">BQqqQ")
_VERSION = 1


def memo_of(file: File) -> bytes | None:
    """What is to be noted of a file; None where it says too little."""
    stat = file.stat
    if stat is None or max(stat.st_mtime_ns, stat.st_ctime_ns) > file.seen_ns - _SETTLED_NS:
        return None
    return _FORM.pack(_VERSION, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
