"""The environment variables of worker processes: none that could be a secret.

The service's environment has keys and passwords, and code that takes over a worker would look there first.
"""

from __future__ import annotations

import os

#: Variables that Python and the libraries read. All others are removed.
_KEPT = {"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"}
_KEPT_PREFIXES = ("LC_", "PYTHON", "LD_", "DYLD_", "OMP_", "OPENBLAS_", "MKL_", "MALLOC_", "GLIBC_", "ORT_")


def worker_environment() -> dict[str, str]:
    """The environment for worker processes."""
    return {
        name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
