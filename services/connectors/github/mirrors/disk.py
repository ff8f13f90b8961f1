"""Repositories as folders on disk: made, cleaned up and measured."""

import asyncio
import os
import shutil
from pathlib import Path

from services.connectors.github.mirrors.command import bytes_in, local

#: Every fetch adds a pack. More packs make look-ups slow, while fetching only the trees again is quick.
_MOST_PACKS = 300
_LEFT_BEHIND = ("tmp_*", "*.lock")


async def ready(repository: Path, hash_length: int = 40) -> Path:
    """A repository in the mirror's folder, ready to be fetched into."""
    if await asyncio.to_thread(_is_new, repository):
        form = "sha256" if hash_length == 64 else "sha1"
        await local(repository, "init", "--quiet", "--bare", f"--object-format={form}", "--template=")
    clean(repository)
    return repository


def _is_new(repository: Path) -> bool:
    """Whether the repository must be created; one with too many packs is removed first."""
    if len(list((repository / "objects" / "pack").glob("*.pack"))) > _MOST_PACKS:
        shutil.rmtree(repository)
    repository.mkdir(parents=True, exist_ok=True)
    return not (repository / "HEAD").exists()


def clean(repository: Path) -> None:
    """Remove the remains of a killed fetch: locks and incomplete packs."""
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
