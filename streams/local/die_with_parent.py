"""Start a program that dies with its parent process, however the parent dies.

    python -I -S guard.py PARENT_PID PROGRAM ARGUMENT…

On Linux a child can request a signal (`PR_SET_PDEATHSIG`, prctl(2)) for when the *thread* that started it
ends. This script requests SIGKILL and then execs the program, which keeps the setting. Unlike `preexec_fn`,
this is safe in a process with threads.

Without prctl (macOS), a child whose parent was killed lives on until it is stopped. It still holds the lock
on its data folder, which it inherited, so the next start notices it.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def die_with_parent(parent: int) -> None:
    """Have this process killed when the thread that started it ends. Exits now if `parent` is already
    gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    try:
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 – replacing this process is the purpose
    except OSError as error:
        sys.exit(f"{sys.argv[2]} cannot be run: {error.strerror}")
