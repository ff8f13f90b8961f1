"""What a parsing worker keeps of the service's environment: nothing that could be a secret.

The service has its keys and passwords there, and a file that takes over a worker would look there first.
"""

from __future__ import annotations

import ctypes
import os

#: What Python and the libraries look at; everything else goes, whatever it is called.
_KEPT = {"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"}
_KEPT_PREFIXES = ("LC_", "PYTHON", "LD_", "DYLD_", "OMP_", "OPENBLAS_", "MKL_", "MALLOC_", "GLIBC_", "ORT_")


def forget_environment() -> None:
    """Drops all variables but those few, for this process and those that it starts.

    Their values are also overwritten where they lie: /proc/PID/environ shows the memory that the process
    was started with, and a forked process has it too.
    """
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    for name in list(os.environb):
        if not _kept(os.fsdecode(name)):
            value = libc.getenv(name)
            if value:
                ctypes.memset(value, 0, len(ctypes.string_at(value)))
            del os.environb[name]


def _kept(name: str) -> bool:
    return name in _KEPT or name.startswith(_KEPT_PREFIXES)
