"""Repositories as folders on disk: made, cleaned up and measured."""

import asyncio
import os
import shutil
from pathlib import Path

from services.connectors.github.mirrors.command import bytes_in, local

#: A fetch leaves a pack. With more, each look into them takes long, and trees alone are fetched soon.
_MOST_PACKS = 300
_LEFT_BEHIND = ("tmp_*", "*.lock")


async def ready(repository: Path, hash_length: int = 40) -> Path:
    """A repository in the folder of a mirror that can be fetched into."""
    if await asyncio.to_thread(_is_new, repository):
        form = "sha256" if hash_length == 64 else "sha1"
        await local(repository, "init", "--quiet", "--bare", f"--object-format={form}", "--template=")
    clean(repository)
    return repository


def _is_new(repository: Path) -> bool:
    """Whether a repository has yet to be made; one with too many packs is removed."""
    if len(list((repository / "objects" / "pack").glob("*.pack"))) > _MOST_PACKS:
        shutil.rmtree(repository)
    repository.mkdir(parents=True, exist_ok=True)
    return not (repository / "HEAD").exists()


def clean(repository: Path) -> None:
    """Remove what a fetch that was killed has left: locks, and packs that never became whole."""
    objects = repository / "objects"
    places = [
        (folder, pattern) for folder in (repository, objects, objects / "pack") for pattern in _LEFT_BEHIND
    ]
    for folder, pattern in [*places, (repository / "refs", "**/*.lock"), (objects, "??/tmp_*")]:
        for path in folder.glob(pattern):
            if path.is_file():
                path.unlink(missing_ok=True)


def size_of(folder: Path) -> int:
    """Bytes of everything below a folder."""
    return sum(bytes_in(Path(top)) for top, _, _ in os.walk(folder))
