"""Parse vectors from a server's response, and refuse what cannot be the vectors of these texts."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from schemas.errors import TransientError
from services.embedding.embedder import Vectors

#: So many different texts do not have one vector by chance.
_MANY = 8


def openai_vectors(answer: Any, count: int) -> Vectors:
    """The vectors of an OpenAI response, ordered by `index`.

    Raises TransientError if the response has another form, or not exactly one vector per text.
    """
    data = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(data, list):
        raise TransientError(f"it has no list `data`; it begins with {_start(answer)}")
    rows: dict[int, Any] = {}
    for place, entry in enumerate(data):
        if not isinstance(entry, Mapping):
            raise TransientError("an entry of `data` is no object")
        index = entry.get("index", place)
        if not isinstance(index, int) or not 0 <= index < count or index in rows:
            raise TransientError(f"`data` has the index {index!r} twice, or it is none of {count} texts")
        rows[index] = entry.get("embedding")
    if len(rows) != count:
        raise TransientError(f"it has {len(rows)} vectors for {count} texts")
    return _table([rows[index] for index in range(count)])


def tei_vectors(answer: Any, count: int) -> Vectors:
    """The vectors of `POST /embed` of text-embeddings-inference, in the order of the texts."""
    if not isinstance(answer, list) or len(answer) != count:
        found = f"{len(answer)} vectors" if isinstance(answer, list) else _start(answer)
        raise TransientError(f"it has {found} for {count} texts")
    return _table(answer)


def check_dimension(vectors: Vectors, expected: int) -> None:
    """Raise TransientError for vectors of another length: the server is to blame, not a document."""
    if vectors.shape[1] != expected:
        raise TransientError(f"its vectors have {vectors.shape[1]} dimensions, expected {expected}")


def check_different(texts: Sequence[str], vectors: Vectors) -> None:
    """Raise TransientError if many different texts have one vector, as of a server that reads nothing but
    padding. A few may: a model may ignore case, blanks, or characters that it does not know."""
    different = {" ".join(text.lower().split()) for text in texts}
    if len(different) >= _MANY and bool((vectors == vectors[0]).all()):
        raise TransientError(f"its vectors of {len(different)} different texts are all the same")


def first_unusable(vectors: Vectors) -> int | None:
    """The first row with NaN or infinity, or without a direction (zero)."""
    lengths = np.linalg.norm(vectors, axis=1)
    bad = np.flatnonzero(~np.isfinite(lengths) | (lengths < 1e-6))
    return int(bad[0]) if len(bad) else None


def _table(rows: Sequence[Any]) -> Vectors:
    vectors = [_vector(row) for row in rows]
    if len({len(vector) for vector in vectors}) != 1:
        raise TransientError("its vectors have different lengths")
    return np.stack(vectors)


def _vector(value: Any) -> Vectors:
    """Parse a list of numbers, where null means NaN, or little-endian float32 in base64."""
    try:
        if isinstance(value, str):
            return np.frombuffer(base64.b64decode(value, validate=True), dtype="<f4").astype(np.float32)
        vector = np.array(value, dtype=np.float32)
    except (ValueError, TypeError, binascii.Error) as error:
        raise TransientError(
            f"a vector is neither a list of numbers nor base64 of float32: {error}"
        ) from error
    if vector.ndim != 1 or not len(vector):
        raise TransientError("a vector is neither a list of numbers nor base64 of float32")
    return vector


def _start(answer: Any) -> str:
    return repr(answer)[:200]
