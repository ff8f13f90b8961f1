"""Validate embedding, chunking, names and metadata of a request, and convert them for the topics.

Pure functions; each raises BadRequest with the value seen and the value expected.
"""

import math
import re
from collections.abc import Mapping

from pydantic_core import from_json

from api.errors import BadRequest
from api.gateway import ChunkingDefaults, Models
from schemas.api import DenseEmbeddingModel, SourceChunkingConfig, SourceEmbeddingConfig
from schemas.checks import check_collection_name, check_metadata
from schemas.errors import DocumentTooLarge, RequestError
from schemas.events import Chunking, Embedding, MetadataValue, Task
from schemas.limits import (
    MAX_CHUNK_BYTES,
    MAX_CUSTOM_ID_BYTES,
    MAX_FILE_NAME_BYTES,
    MAX_METADATA_BYTES,
    MIN_CHUNK_BYTES,
    RESERVED_METADATA_KEYS,
)

#: Chroma's own, and characters that its server refuses to see at the beginning of a key.
RESERVED_PREFIXES = ("chroma_", "chroma:", "#", "$")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_INT64 = 1 << 63
_JSON_KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
}


def embedding_of(
    config: SourceEmbeddingConfig | None, legacy: DenseEmbeddingModel | str | None, models: Models
) -> Embedding:
    """The dense model to use: `embedding.dense`, else the older `embedding_model`, else the default."""
    if config is not None and config.sparse is not None:
        raise BadRequest("embedding.sparse must be null: sparse indexing is not available in this version")
    older = DenseEmbeddingModel(model=legacy) if isinstance(legacy, str) else legacy
    dense = config.dense if config is not None else None
    if dense is not None and older is not None and dense.model != older.model:
        raise BadRequest(
            f"embedding.dense.model {dense.model!r} and embedding_model {older.model!r} must agree"
        )
    chosen = dense or older or DenseEmbeddingModel(model=models.default)
    if chosen.model not in models.names:
        raise BadRequest(
            f"model {chosen.model!r} is not available; available are {', '.join(models.names)} "
            "(HEADRACE_EMBEDDING_MODEL, HEADRACE_EMBEDDING_MODELS)"
        )
    task = None if chosen.task is None else Task(**chosen.task.model_dump())
    return Embedding(model=chosen.model, task=task)


def chunking_of(config: SourceChunkingConfig | None, defaults: ChunkingDefaults) -> Chunking:
    """The strategy with its limits; null and 0 mean the default."""
    if config is None:
        return Chunking(type="tree_sitter", max_size_bytes=defaults.max_size_bytes)
    open_size = defaults.lines_size_bytes if config.type == "lines" else defaults.max_size_bytes
    size = config.max_size_bytes or open_size
    if not MIN_CHUNK_BYTES <= size <= MAX_CHUNK_BYTES:
        raise BadRequest(
            f"chunking.max_size_bytes is {size}, expected {MIN_CHUNK_BYTES} to {MAX_CHUNK_BYTES}"
        )
    if config.type == "tree_sitter":
        return Chunking(type="tree_sitter", max_size_bytes=size)
    lines = config.max_lines or defaults.max_lines
    if lines > MAX_CHUNK_BYTES:
        raise BadRequest(f"chunking.max_lines is {lines}, expected at most {MAX_CHUNK_BYTES}")
    return Chunking(type="lines", max_size_bytes=size, max_lines=lines)


def require_text(name: str, value: str) -> str:
    """A value that is UTF-8 and not empty."""
    if not value:
        raise BadRequest(f"{name} must not be empty")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise BadRequest(f"{name} is not UTF-8")
    return value


def require_collection_name(name: str) -> str:
    """A name that Chroma takes for a collection."""
    try:
        check_collection_name(name)
    except RequestError as error:
        raise BadRequest(str(error)) from error
    return name


def require_tenant(name: str) -> str:
    """A name that a tenant of Chroma can have: it is part of the paths of Chroma's API."""
    require_text("tenant", name)
    if _CONTROL.search(name) or name in (".", "..") or "/" in name or "\\" in name:
        raise BadRequest(
            f"tenant {name[:80]!r} cannot exist in Chroma: expected a name without '/', '\\' and control "
            "characters"
        )
    return name


def require_file_name(name: str | None) -> str:
    """The name of an uploaded file, which becomes its document key.

    It is never used as a path. A name with `..` is refused nevertheless, because other programs may make
    paths from keys.
    """
    if not name:
        raise BadRequest("the part 'file' needs a file name; it becomes the document key")
    require_text("the file name", name)
    if _CONTROL.search(name):
        raise BadRequest(f"the file name {name[:80]!r} has control characters")
    if ".." in re.split(r"[/\\]", name):
        raise BadRequest(f"the file name {name[:80]!r} has the path component '..'")
    if len(name.encode()) > MAX_FILE_NAME_BYTES:
        raise BadRequest(
            f"the file name has {len(name.encode())} bytes, expected at most {MAX_FILE_NAME_BYTES}"
        )
    return name


def require_custom_id(value: str) -> str:
    """The base of a document's chunk ids: 1 to 120 bytes without control characters."""
    require_text("custom_id", value)
    size = len(value.encode())
    if size > MAX_CUSTOM_ID_BYTES:
        raise BadRequest(f"custom_id has {size} bytes, expected at most {MAX_CUSTOM_ID_BYTES}")
    if _CONTROL.search(value):
        raise BadRequest("custom_id has control characters")
    return value


def parse_metadata(text: str) -> dict[str, MetadataValue]:
    """Parse and check metadata. Null values are kept; they mean "no such key"."""
    size = len(text.encode("utf-8", "surrogateescape"))
    if size > MAX_METADATA_BYTES:
        raise BadRequest(f"metadata has {size} bytes, expected at most {MAX_METADATA_BYTES}")
    try:
        found = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f"metadata is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadRequest(f"metadata must be a JSON object, found {_JSON_KINDS[type(found)]}")
    return metadata_of(found)


def metadata_of(found: Mapping[str, object]) -> dict[str, MetadataValue]:
    """Checked metadata: scalars, null, and non-empty arrays of one kind of scalar."""
    for key in found:
        if not key or key in RESERVED_METADATA_KEYS or key.startswith(RESERVED_PREFIXES):
            raise BadRequest(f"metadata key {key!r} is reserved or empty; choose another name")
    metadata = {key: _value(key, value) for key, value in found.items()}
    try:
        check_metadata(metadata)  # numbers may be longer than they were sent
    except DocumentTooLarge as error:
        raise BadRequest(str(error)) from error
    return metadata


def _value(key: str, value: object) -> MetadataValue:
    if isinstance(value, list):
        return _array(key, value)
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            raise BadRequest(f"metadata {key!r}: {value} does not fit into 64 bits")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise BadRequest(f"metadata {key!r} is not a finite number")
        return value
    raise BadRequest(f"metadata {key!r} must be a scalar or an array of scalars, found an object")


def _array(key: str, values: list[object]) -> MetadataValue:
    """Convert integers in an array with fractions to fractions; all other values must be of one kind."""
    for value in values:
        if value is None or isinstance(value, list | dict):
            raise BadRequest(f"metadata {key!r}: an array may contain only strings, numbers or booleans")
        _value(key, value)
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        return [float(value) for value in values]  # type: ignore[arg-type]
    if len(kinds) != 1:
        raise BadRequest(
            f"metadata {key!r}: an array must contain at least one value, and values of one kind"
        )
    return values  # type: ignore[return-value]
