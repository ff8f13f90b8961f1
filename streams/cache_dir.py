"""The cache folder of downloads, shared by all data folders. A separate module, so that the settings can
import it."""

import os
from pathlib import Path

import platformdirs


def default_cache_dir() -> Path:
    """`HEADRACE_CACHE_DIR`, else `headrace` in the user's cache directory (XDG; Library/Caches on macOS)."""
    if chosen := os.environ.get("HEADRACE_CACHE_DIR"):
        return Path(chosen)
    return platformdirs.user_cache_path("headrace", appauthor=False)
