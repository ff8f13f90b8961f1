"""Start a program that dies with the process that started it, however that one dies.

    python -I -S guard.py PARENT_PID PROGRAM ARGUMENT…

Linux sends a child the signal it asked for (`PR_SET_PDEATHSIG`, prctl(2)) when the *thread* that
started it ends. This file asks for SIGKILL and then becomes the program, which keeps the setting. So it
runs in the child, between fork and exec, without the dangers of `preexec_fn` in a process with threads.

Where there is no prctl (macOS), a child whose parent was killed lives on until it is stopped; the lock
on its data folder, which it inherits, then still says so to the next start.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def die_with_parent(parent: int) -> None:
    """Have this process killed when the thread that started it ends; ends now if `parent` is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    try:
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 – to become the program is the purpose
    except OSError as error:
        sys.exit(f"{sys.argv[2]} cannot be run: {error.strerror}")
