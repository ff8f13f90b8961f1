"""Validate embedding, chunking, names and metadata of a request, and convert them for the topics.

Pure functions; each raises BadRequest or RequestError (`schemas.checks`), with the value seen and expected.
"""

import re
from collections.abc import Mapping

from pydantic_core import from_json

from api.errors import BadRequest
from api.gateway import ChunkingDefaults, Models
from schemas.api import DenseEmbeddingModel, SourceChunkingConfig, SourceEmbeddingConfig
from schemas.checks import (
    CONTROL,
    RESERVED_PREFIXES,
    check_collection_name,
    metadata_of,
    require_custom_id,
    require_text,
)
from schemas.errors import RequestError
from schemas.events import Chunking, Embedding, MetadataValue, SparseEmbedding, Task
from schemas.limits import (
    BM25,
    MAX_CHUNK_BYTES,
    MAX_FILE_NAME_BYTES,
    MAX_METADATA_BYTES,
    MIN_CHUNK_BYTES,
    RESERVED_METADATA_KEYS,
    SPARSE_KEY,
    SPARSE_MODELS,
)

__all__ = [
    "chunking_of",
    "embedding_of",
    "metadata_of",
    "parse_metadata",
    "require_collection_name",
    "require_custom_id",
    "require_file_name",
    "require_free_key",
    "require_tenant",
    "require_text",
    "sparse_of",
]

#: A metadata key of Chroma Cloud has at most 36 bytes; local ones any number.
MAX_SPARSE_KEY_BYTES = 256

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
    """The models to use. Dense: `embedding.dense`, the older `embedding_model`, or the default. Sparse:
    `embedding.sparse`, or the default, which may be none."""
    older = DenseEmbeddingModel(model=legacy) if isinstance(legacy, str) else legacy
    dense = config.dense if config is not None else None
    if dense is not None and older is not None and dense.model != older.model:
        raise BadRequest(
            f"embedding.dense.model {dense.model!r} and embedding_model {older.model!r} must agree"
        )
    chosen = dense or older or DenseEmbeddingModel(model=models.default)
    if chosen.model not in models.names:
        if not models.substitutes:
            raise BadRequest(_unserved(chosen.model, models))
        # The prompts of a task belong to the requested model.
        chosen = DenseEmbeddingModel(model=models.default)
    task = None if chosen.task is None else Task(**chosen.task.model_dump())
    return Embedding(model=chosen.model, task=task, sparse=sparse_of(config, models.sparse))


def sparse_of(config: SourceEmbeddingConfig | None, default: str | None) -> SparseEmbedding | None:
    """The sparse model and its key. Null counts as omitted: without `sparse` the default model is used,
    without `model` in it BM25, without `key` that of the contract."""
    sparse = config.sparse if config is not None else None
    if sparse is None:
        return None if default is None else SparseEmbedding(model=default, key=SPARSE_KEY)
    model, key = sparse.model or BM25, SPARSE_KEY if sparse.key is None else sparse.key
    if model not in SPARSE_MODELS:
        raise BadRequest(f"sparse model {model!r} is not available; available is {', '.join(SPARSE_MODELS)}")
    require_text("embedding.sparse.key", key)
    if key in RESERVED_METADATA_KEYS or key.startswith(RESERVED_PREFIXES) or CONTROL.search(key):
        raise BadRequest(f"embedding.sparse.key {key[:80]!r} is reserved; choose another name")
    if len(key.encode()) > MAX_SPARSE_KEY_BYTES:
        raise BadRequest(
            f"embedding.sparse.key has {len(key.encode())} bytes, expected at most {MAX_SPARSE_KEY_BYTES}"
        )
    return SparseEmbedding(model=model, key=key)


def require_free_key(metadata: Mapping[str, MetadataValue], embedding: Embedding) -> None:
    """Raises BadRequest if the metadata contain the key of the sparse vector."""
    if embedding.sparse is not None and metadata.get(embedding.sparse.key) is not None:
        raise BadRequest(
            f"metadata key {embedding.sparse.key!r} is that of the sparse vector (embedding.sparse.key); "
            "choose another name for one of them"
        )


def _unserved(model: str, models: Models) -> str:
    return (
        f"model {model!r} is not available; available are {', '.join(models.names)}. A GPU or a server can "
        "serve it: name it in the file HEADRACE_MODELS (docs/embedding.md), or set "
        "HEADRACE_EMBEDDING_SUBSTITUTE=true to get the default in its place"
    )


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


def require_collection_name(name: str) -> str:
    """Validate a collection name by Chroma's rules."""
    try:
        check_collection_name(name)
    except RequestError as error:
        raise BadRequest(str(error)) from error
    return name


def require_tenant(name: str) -> str:
    """Validate a tenant name, which is part of the paths of Chroma's API."""
    require_text("tenant", name)
    if CONTROL.search(name) or name in (".", "..") or "/" in name or "\\" in name:
        raise BadRequest(
            f"tenant {name[:80]!r} cannot exist in Chroma: expected a name without '/', '\\' and control "
            "characters"
        )
    return name


def require_file_name(name: str | None) -> str:
    """Validate the name of an uploaded file, which becomes its document key.

    It is never used as a path. Names with `..` are refused nevertheless, because other programs may build
    paths from keys.
    """
    if not name:
        raise BadRequest("the part 'file' needs a file name; it becomes the document key")
    require_text("the file name", name)
    if CONTROL.search(name):
        raise BadRequest(f"the file name {name[:80]!r} has control characters")
    if ".." in re.split(r"[/\\]", name):
        raise BadRequest(f"the file name {name[:80]!r} has the path component '..'")
    if len(name.encode()) > MAX_FILE_NAME_BYTES:
        raise BadRequest(
            f"the file name has {len(name.encode())} bytes, expected at most {MAX_FILE_NAME_BYTES}"
        )
    return name


def parse_metadata(text: str) -> dict[str, MetadataValue]:
    """Parse and validate metadata. Null values are kept; they mean "no such key"."""
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
