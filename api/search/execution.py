"""Execute one search of Chroma's Search API on a collection."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

from api.errors import BadRequest
from api.search.expression import Filter, Search, knns_of
from api.search.grouping import best_of_groups
from api.search.legs import Legs
from api.search.records import Record, Target
from api.search.scoring import rank_records

#: Maximum rows of a search without a limit, and of all searches of a request together.
MAX_ROWS = 10_000

_COLUMNS = {"#document": "documents", "#embedding": "embeddings", "#metadata": "metadatas"}


@dataclass(frozen=True)
class Row:
    """A hit. Its score is None if the search has no rank, or the score is not a number."""

    record: Record
    score: float | None


class Room:
    """The rows that the searches of a request may still have: with its vector, a row takes 50 KB here."""

    def __init__(self, rows: int = MAX_ROWS) -> None:
        self.left = rows
        self.turn = asyncio.Lock()

    def take(self, rows: int) -> None:
        """Raises BadRequest if there is no room for so many."""
        self.left -= rows
        if self.left < 0:
            raise BadRequest(
                f"the searches of one request have more than {MAX_ROWS:,} rows together: give each a limit, "
                "or send fewer at once"
            )


async def run_search(legs: Legs, target: Target, search: Search, room: Room) -> list[Row]:
    """The rows of a search, in order. Raises the errors of `Legs`, `Records` and `Room`."""
    limit, columns = min(search.limit or MAX_ROWS, MAX_ROWS), columns_of(search)
    if search.rank is None:
        async with room.turn:  # how many there are is known when they are here
            limit = min(limit, max(room.left, 0) + 1)
            found = await legs.records.get(target, search.filter, columns, limit, search.offset)
            room.take(len(found))
        return [Row(record, None) for record in found]
    hits = await legs.hits(target, search.filter, knns_of(search.rank))
    ranked = await asyncio.to_thread(rank_records, search.rank, hits)  # seconds, for the longest expressions
    if search.group_by is not None:
        known = await get_by_ids(legs, target, [id_ for id_, _ in ranked], {"metadatas"})
        metadata = {id_: record.metadata or {} for id_, record in known.items()}
        present = [entry for entry in ranked if entry[0] in known]
        ranked = await asyncio.to_thread(best_of_groups, present, metadata, search.group_by)
    page = ranked[search.offset : search.offset + limit]
    room.take(len(page))
    records = await get_by_ids(legs, target, [id_ for id_, _ in page], columns)
    return [
        Row(records[id_], score if math.isfinite(score) else None) for id_, score in page if id_ in records
    ]


def columns_of(search: Search) -> set[str]:
    """The columns of a record that Chroma must return."""
    columns = {_COLUMNS[key] for key in search.select if key in _COLUMNS}
    if any(not key.startswith("#") for key in search.select):
        columns.add("metadatas")
    return columns


async def get_by_ids(legs: Legs, target: Target, ids: Sequence[str], columns: set[str]) -> dict[str, Record]:
    """Records by id, without those that have been deleted meanwhile."""
    if not ids:
        return {}
    found = await legs.records.get(target, Filter(ids=tuple(ids)), columns)
    return {record.id: record for record in found}
