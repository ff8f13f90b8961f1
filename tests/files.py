"""Files of something that runs."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def files_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Each file below a folder, with its contents. What runs there may take some away meanwhile."""
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            with contextlib.suppress(FileNotFoundError):
                path = Path(parent, name)
                yield path, path.read_bytes()
