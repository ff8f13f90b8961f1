"""What worker processes get of the service's environment: nothing that could be a secret.

The service has its keys and passwords there, and a file that takes over a worker would look there first.
"""

from __future__ import annotations

import os

#: What Python and the libraries look at. Everything else stays out, whatever it is called.
_KEPT = {"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"}
_KEPT_PREFIXES = ("LC_", "PYTHON", "LD_", "DYLD_", "OMP_", "OPENBLAS_", "MKL_", "MALLOC_", "GLIBC_", "ORT_")


def worker_environment() -> dict[str, str]:
    """The variables that workers are started with."""
    return {
        name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
