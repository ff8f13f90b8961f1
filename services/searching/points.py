"""A row of `sparse-rows` as a point of the index."""

import json
import uuid
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from qdrant_edge import Point, Record, SparseVector

from schemas.errors import ContractError
from schemas.events import SparseRow
from services.searching.fields import fields_of

#: The field that holds the row's id. Fields of metadata begin with their kind, so none has this name.
ID_FIELD = "id"


@dataclass(frozen=True, slots=True)
class VectorName:
    """A key and the model of its vectors. In a collection each such pair has its own vectors."""

    key: str
    model: str

    @property
    def name(self) -> str:
        """Its name in the index: a hash, because it becomes a file name."""
        named = f"{self.model}\0{self.key}".encode()
        return f"v{blake2b(named, digest_size=8).hexdigest()}"


def point_id(row_id: str) -> uuid.UUID:
    """The id of a row's point: 128 bits of a hash, so that rows of a collection never collide."""
    return uuid.UUID(bytes=blake2b(row_id.encode("utf-8", "surrogatepass"), digest_size=16).digest())


def described(point: Point | Record) -> bytes:
    """A digest of what a point holds: its vectors, and its fields."""
    vectors = point.vector if isinstance(point.vector, dict) else {}
    held = {
        name: (list(vector.indices), list(vector.values))
        for name, vector in vectors.items()
        if isinstance(vector, SparseVector)
    }
    text = json.dumps([held, point.payload or {}], sort_keys=True, default=list)
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


def point_of(row: SparseRow) -> Point:
    """The point of a row. Raises ContractError for an invalid vector."""
    indices, values = np.frombuffer(row.indices, "<u4"), np.frombuffer(row.values, "<f4")
    if len(indices) != len(values) or (np.diff(indices.astype(np.int64)) <= 0).any():
        raise ContractError(f"row {row.id!r}: not a sparse vector")
    vector = SparseVector(indices.tolist(), values.tolist())
    name = VectorName(row.key, row.model).name
    return Point(point_id(row.id), {name: vector}, {ID_FIELD: row.id, **fields_of(row.metadata)})
