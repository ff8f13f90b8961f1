"""Embedding: the models, what is embedded, and the endpoint."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from headrace.settings.values import CommaSeparated, HeaderSecret, HttpUrl


class EmbeddingSettings(BaseSettings):
    """Embedding: the models, what is embedded, and the endpoint."""

    models: Path | None = Field(
        None,
        description="TOML file of embedding models: for each name its backend (`onnx`, `torch`, `http`) and "
        "where it is ([embedding.md](embedding.md#models)).",
    )
    embedding_model: str | None = Field(
        None,
        description="Default embedding model, for requests that name none. Default: the default of "
        "`HEADRACE_MODELS`, else the trial model.",
    )
    embedding_models: CommaSeparated = Field(
        default_factory=list,
        description="Other models that requests may name, comma-separated: names that fastembed knows.",
    )
    embedding_folder: Path | None = Field(
        None, description="Folder with an ONNX model and its tokenizer.json for `HEADRACE_EMBEDDING_MODEL`."
    )
    embedding_substitute: bool = Field(
        False,
        description="A request that names a model that is not served gets the default in its place, and its "
        "source shows that. Otherwise it is refused.",
    )
    embed_port: int | None = Field(
        None,
        description="Port on which the embedding service embeds texts for gateways. `headrace up` chooses a "
        "free one.",
        ge=0,
        le=65535,
    )
    embed_url: HttpUrl | None = Field(
        None, description="Where gateways reach that port, `http://host:port`. `headrace up` sets it."
    )
    embed_key: HeaderSecret = Field(
        None,
        description="Key that gateways show there, the same on both sides. `headrace up` makes one at each "
        "start.",
    )
    embed_context: bool = Field(
        True,
        description="Prepend the context of a chunk (its headings, its class) to the text that is "
        "embedded, never to the stored document.",
    )
    vector_cache_bytes: int = Field(
        1024**3,
        description="Maximum size of the vector cache in bytes; least recently used vectors are evicted "
        "first.",
        ge=0,
    )
