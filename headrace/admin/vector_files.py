"""What to do if Chroma's files with the vectors of a collection are damaged."""

from pathlib import Path

from services.indexing.comparing.recorded import Target
from streams.chroma import ChromaClient
from streams.local.chroma import vector_folder


async def vectors_away(local: Path | None, chroma: ChromaClient, target: Target) -> str:
    """The commands that mend the collection, for a person. `local` is the data folder of a local system."""
    found = await chroma.collection(target.tenant, target.database, target.collection)
    at = found.at if found else ""
    folder = None if local is None else vector_folder(local / "chroma", at)
    away = (
        "Stop Chroma, move the folder with the vectors out of its data folder, and start it (the folder has "
        f"the id that the table segments of chroma.sqlite3 has for collection {at}, scope VECTOR)"
        if folder is None
        else f"Stop `headrace up`, `mv {folder} {folder}.damaged`, and start it"
    )
    return (
        f"Chroma's files with the vectors of {target.collection!r} are damaged; texts and metadata are in "
        f"its database. {away}. Then `headrace verify -c {target.collection} --repair` has the rows written "
        "again, with vectors from the cache"
    )
