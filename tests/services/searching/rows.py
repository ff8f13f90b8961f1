"""Rows of made-up collections as records of the topic."""

from collections.abc import Mapping
from itertools import count

import numpy as np

from schemas.events import MetadataValue, SparseRow
from schemas.ids import collection_key
from schemas.limits import BM25
from streams.state.reader import ChangelogRecord
from streams.topics import SPARSE_ROWS

_offsets = count()


def row(
    id_: str,
    terms: Mapping[int, float],
    *,
    collection: str = "docs",
    identity: str = "c1",
    metadata: Mapping[str, MetadataValue] | None = None,
    key: str = "sparse_embedding",
    model: str = BM25,
) -> SparseRow:
    return SparseRow(
        tenant="default_tenant",
        database="default_database",
        collection=collection,
        collection_id=identity,
        id=id_,
        sequence=1,
        model=model,
        key=key,
        indices=np.array(sorted(terms), "<u4").tobytes(),
        values=np.array([terms[index] for index in sorted(terms)], "<f4").tobytes(),
        metadata=dict(metadata or {}),
    )


def record(event: SparseRow) -> ChangelogRecord:
    place = collection_key(event.tenant, event.database, event.collection)
    return ChangelogRecord(SPARSE_ROWS.name, 0, next(_offsets), f"{place}/{event.id}", event, 0)


def tombstone(id_: str, collection: str = "docs") -> ChangelogRecord:
    place = collection_key("default_tenant", "default_database", collection)
    return ChangelogRecord(SPARSE_ROWS.name, 0, next(_offsets), f"{place}/{id_}", None, 0)
