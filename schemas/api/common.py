"""Models that several operations share: embedding and chunking."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import WHOLE, Body

Id = Annotated[str, Field(json_schema_extra={"format": "uuid"})]


class Qwen3EmbeddingTask(Body):
    """The prompts of the model; null means no prompt."""

    task_name: str
    query_prompt: str | None = None
    document_prompt: str | None = None


class DenseEmbeddingModel(Body):
    """A dense model by name; the deployment determines the available names."""

    model: str
    task: Qwen3EmbeddingTask | None = None


class SparseEmbeddingConfig(Body):
    """A sparse model and the metadata key that holds its vectors."""

    model: Literal["Chroma/BM25", "prithivida/Splade_PP_en_v1"] | None = None
    key: str | None = None


class SourceEmbeddingConfig(Body):
    """The embedding of chunks."""

    dense: DenseEmbeddingModel | None = None
    sparse: SparseEmbeddingConfig | None = None


class TreeSitterChunking(Body):
    """Chunks along the structure of source code and markdown; by lines if there is none."""

    type: Literal["tree_sitter"]
    max_size_bytes: Annotated[int, Field(ge=0), WHOLE] | None = None


class LinesChunking(Body):
    """Chunks of whole lines."""

    type: Literal["lines"]
    max_lines: Annotated[int, Field(ge=0), WHOLE] | None = None
    max_size_bytes: Annotated[int, Field(ge=0), WHOLE] | None = None


SourceChunkingConfig = Annotated[TreeSitterChunking | LinesChunking, Field(discriminator="type")]
