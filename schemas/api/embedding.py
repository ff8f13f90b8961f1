"""Texts to vectors over HTTP: what clients of `CHROMA_EMBED_URL` send, and OpenAI's form.

    POST /, /embed         EmbedRequest        ──► EmbedResponse        the model is in the header below
    POST /embed_sparse     SparseEmbedRequest  ──► SparseEmbedResponse  likewise
    POST /v1/embeddings    EmbeddingsRequest   ──► EmbeddingsResponse   (ours)

The embedding service serves them with one key; the gateway passes on what comes with one of its own keys.
Errors are `EmbedError`: 400 for a request that cannot be carried out, 404 for a model that is not served, 413
for too many texts, 429 and 503 while the model's server is busy or away.
"""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Body

#: Names the model in Chroma's forms; without it the default is meant.
MODEL_HEADER = "x-chroma-embedding-model"
#: Texts of a request: Chroma Cloud's limit, and OpenAI's.
MAX_TEXTS = 100
MAX_INPUTS = 2048
#: Most bytes of a request: of 100 texts 20 KB each.
MAX_EMBED_BYTES = 2 * 1024 * 1024


class EmbedRequest(Body):
    """Texts, and the instruction of their task for models that know one; empty: none.

    `target` (ours) says what texts without an instruction are: documents, or queries, which a model may be
    configured to read with another prompt. `document_prompt` (ours) is that of the documents' task, in place
    of the model's own. Texts that are not `urgent` (ours) wait for their turn among those of the pipeline.
    """

    texts: list[str]
    instructions: str = ""
    target: Literal["documents", "query"] = "documents"
    document_prompt: str | None = None
    urgent: bool = True


class EmbedResponse(Body):
    """A vector of length 1 for each text. Ours are the model that computed them, and its fingerprint."""

    embeddings: list[list[float]]
    num_tokens: int
    model: str
    fingerprint: str


class SparseEmbedRequest(Body):
    """Texts; `fetch_tokens` asks for the word of each index. `target` "query" is for queries."""

    texts: list[str]
    task: str = ""
    target: str = ""
    fetch_tokens: Literal["true", "false"] | bool = False


class SparseEmbedding(Body):
    """Ascending indices with their weights, and their words if they were asked for and are known."""

    indices: list[int]
    values: list[float]
    labels: list[str] | None = None


class SparseEmbedResponse(Body):
    """A sparse vector for each text."""

    embeddings: list[SparseEmbedding]


class EmbeddingsRequest(Body):
    """OpenAI's form. Texts are embedded as they are, without a prompt of the deployment."""

    model: str
    input: str | list[str]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int, Field(ge=1)] | None = None


class OpenAIEmbedding(Body):
    """The vector of the text at `index`: numbers, or little-endian float32 in base64."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class Usage(Body):
    """Tokens of a request."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsResponse(Body):
    """OpenAI's form."""

    object: Literal["list"] = "list"
    data: list[OpenAIEmbedding]
    model: str
    usage: Usage


class EmbedError(Body):
    """Why there are no vectors. Chroma's clients show `error`."""

    error: str
    message: str
