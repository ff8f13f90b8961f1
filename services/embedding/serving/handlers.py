"""The handlers of the endpoint's paths."""

import base64
from collections.abc import Sequence

import numpy as np
from aiohttp import web

from schemas.api.embedding import (
    MAX_INPUTS,
    MAX_TEXTS,
    MODEL_HEADER,
    EmbeddingsRequest,
    EmbeddingsResponse,
    EmbedRequest,
    EmbedResponse,
    OpenAIEmbedding,
    SparseEmbedding,
    SparseEmbedRequest,
    SparseEmbedResponse,
    Usage,
)
from schemas.errors import DocumentError, DocumentTooLarge, RequestError
from schemas.limits import BM25
from schemas.models_file import ServedModels
from services.embedding.catalogue import refusal
from services.embedding.embedder import Embedder, Prompts, Vectors, model_mark
from services.embedding.loaded import LoadedModels
from services.embedding.models import UnknownModel
from services.embedding.sparse import SparseEncoders


class Handlers:
    """Handlers that use the models of the process.

    Args:
        substitutes: whether the default replaces a model that is not served, then without the request's
            instruction, which is meant for another model.
    """

    def __init__(
        self, models: LoadedModels, sparse: SparseEncoders, served: ServedModels, substitutes: bool
    ) -> None:
        self._models, self._sparse, self._served = models, sparse, served
        self._substitutes = substitutes

    async def dense(self, request: web.Request) -> web.Response:
        """`POST /` and `POST /embed`."""
        asked = EmbedRequest.model_validate_json(await request.read())
        _check_count(asked.texts, MAX_TEXTS)
        wanted = request.headers.get(MODEL_HEADER) or self._served.default
        embedder = await self._embedder(wanted)
        prompt = asked.instructions if wanted in self._served.models else ""
        vectors = await _embed(embedder, asked, prompt)
        answer = EmbedResponse(
            embeddings=_usable(vectors).tolist(),
            num_tokens=await embedder.count_tokens(asked.texts),
            model=embedder.model,
            fingerprint=model_mark(embedder),
        )
        return web.json_response(text=answer.model_dump_json())

    async def sparse(self, request: web.Request) -> web.Response:
        """`POST /embed_sparse`."""
        asked = SparseEmbedRequest.model_validate_json(await request.read())
        _check_count(asked.texts, MAX_TEXTS)
        encoder = await self._sparse.encoder(request.headers.get(MODEL_HEADER) or BM25)
        encode = encoder.encode_queries if asked.target == "query" else encoder.encode_documents
        vectors = await encode(asked.texts)
        answer = SparseEmbedResponse(
            embeddings=[
                SparseEmbedding(indices=vector.indices.tolist(), values=vector.values.tolist())
                for vector in vectors
            ]
        )
        return web.json_response(text=answer.model_dump_json(exclude_none=True))

    async def openai(self, request: web.Request) -> web.Response:
        """`POST /v1/embeddings`."""
        asked = EmbeddingsRequest.model_validate_json(await request.read())
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        _check_count(texts, MAX_INPUTS)
        embedder = await self._embedder(asked.model)
        if asked.dimensions not in (None, embedder.dimension):
            raise RequestError(
                f"dimensions is {asked.dimensions}; {embedder.model} is served with {embedder.dimension}"
            )
        vectors = _usable(await embedder.embed_documents(texts, Prompts(""), urgent=True))
        tokens = await embedder.count_tokens(texts)
        answer = EmbeddingsResponse(
            data=[
                OpenAIEmbedding(index=index, embedding=_written(row, asked.encoding_format == "base64"))
                for index, row in enumerate(vectors)
            ],
            model=embedder.model,
            usage=Usage(prompt_tokens=tokens, total_tokens=tokens),
        )
        return web.json_response(text=answer.model_dump_json())

    async def _embedder(self, wanted: str) -> Embedder:
        """The model, or the default in its place. Requests never cause downloads."""
        if wanted in self._served.models:
            return await self._models.get(wanted)
        if not self._substitutes:
            raise UnknownModel(refusal(wanted, self._served))
        return await self._models.get(self._served.default)


async def _embed(embedder: Embedder, asked: EmbedRequest, prompt: str) -> Vectors:
    """Embed texts: as queries if there is an instruction, otherwise with the deployment's prompts, if any."""
    if prompt:
        return await embedder.embed_queries(asked.texts, Prompts("", query_prompt=prompt))
    if asked.target == "query":
        return await embedder.embed_queries(asked.texts)
    task = None if asked.document_prompt is None else Prompts("", document_prompt=asked.document_prompt)
    return await embedder.embed_documents(asked.texts, task, urgent=asked.urgent)


def _check_count(texts: Sequence[str], most: int) -> None:
    if len(texts) > most:
        raise DocumentTooLarge(f"{len(texts)} texts in one request, at most {most} are taken")


def _usable(vectors: Vectors) -> Vectors:
    if not np.isfinite(vectors).all():
        raise DocumentError("the model has no vector for one of these texts: it computed NaN")
    return vectors


def _written(row: Vectors, packed: bool) -> list[float] | str:
    if packed:
        return base64.b64encode(row.astype("<f4").tobytes()).decode()
    found: list[float] = row.tolist()
    return found
