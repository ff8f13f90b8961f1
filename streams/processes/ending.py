"""End a process in which native code may still run."""

import atexit
import contextlib
import os
import sys
from typing import NoReturn


def end_process(status: int) -> NoReturn:
    """What the interpreter does at its end, and no more: exit handlers, then the streams.

    Libraries are not unloaded. Threads of librdkafka may still run, and daemon threads of ours wait in their
    calls: one that returns to a library that has freed its state (OpenSSL does), or to an interpreter that is
    gone, would crash the process after its work is done.
    """
    with contextlib.suppress(Exception):
        atexit._run_exitfuncs()  # noqa: SLF001 – as `multiprocessing` ends its processes
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
