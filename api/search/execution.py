"""Execute one search of Chroma's Search API on a collection."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

from api.search.expression import Filter, Search, knns_of
from api.search.grouping import best_of_groups
from api.search.legs import Legs
from api.search.records import Record, Target
from api.search.scoring import rank_records

#: Maximum rows of a search without a limit.
MAX_ROWS = 10_000

_COLUMNS = {"#document": "documents", "#embedding": "embeddings", "#metadata": "metadatas"}


@dataclass(frozen=True)
class Row:
    """A hit. Its score is None if the search has no rank, or the score is not a number."""

    record: Record
    score: float | None


async def run_search(legs: Legs, target: Target, search: Search) -> list[Row]:
    """The rows of a search, in order. Raises the errors of `Legs` and `Records`."""
    limit, columns = min(search.limit or MAX_ROWS, MAX_ROWS), columns_of(search)
    if search.rank is None:
        found = await legs.records.get(target, search.filter, columns, limit, search.offset)
        return [Row(record, None) for record in found]
    hits = await legs.hits(target, search.filter, knns_of(search.rank))
    ranked = await asyncio.to_thread(rank_records, search.rank, hits)  # seconds, for the longest expressions
    if search.group_by is not None:
        known = await get_by_ids(legs, target, [id_ for id_, _ in ranked], {"metadatas"})
        metadata = {id_: record.metadata or {} for id_, record in known.items()}
        present = [entry for entry in ranked if entry[0] in known]
        ranked = await asyncio.to_thread(best_of_groups, present, metadata, search.group_by)
    page = ranked[search.offset : search.offset + limit]
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
