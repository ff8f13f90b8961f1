"""Where downloads are kept for all data folders; apart, because the settings need nothing but this."""

import os
import sys
from pathlib import Path


def default_cache_dir() -> Path:
    """`HEADRACE_CACHE_DIR`, else `headrace` in the user's cache directory (XDG; Library/Caches on macOS)."""
    if chosen := os.environ.get("HEADRACE_CACHE_DIR"):
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "headrace"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "headrace"
