"""The endpoint of the embedding service: the trial model, a broken model, and BM25 behind one key."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import numpy as np
import pytest
import pytest_asyncio

from schemas.api.embedding import MODEL_HEADER
from schemas.errors import DocumentError, RateLimited, TransientError
from schemas.models_file import OnnxConfig, ServedModels
from services.embedding import TRIAL_MODEL, Embedder, LoadedModels, Prompts
from services.embedding.embedder import Vectors, model_mark
from services.embedding.serving import EmbedEndpoint, serve_embedding
from services.embedding.sparse import SparseEncoders

KEY = "the-key"
QWEN = "Qwen/Qwen3-Embedding-0.6B"
ONNX = OnnxConfig(backend="onnx")
TEXTS = ["a commit log", "", "control \x00\x1b characters", "word " * 1000]


class Failing:
    """An embedder that raises, or answers NaN."""

    model = fingerprint = "failing"
    dimension, max_tokens = 2, 512
    error: Exception | None = None

    async def embed_documents(
        self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
    ) -> Vectors:
        if self.error is not None:
            raise self.error
        return np.full((len(texts), 2), np.nan, np.float32)

    async def embed_queries(self, texts: Sequence[str], task: Prompts | None = None) -> Vectors:
        raise NotImplementedError

    async def count_tokens(self, texts: Sequence[str]) -> int:
        return 0

    async def check_reading(self) -> None:
        pass

    async def close(self) -> None:
        pass


@pytest.fixture
def failing() -> Failing:
    return Failing()


@pytest_asyncio.fixture
async def server(trial: Embedder, failing: Failing) -> AsyncIterator[aiohttp.ClientSession]:
    async with started({TRIAL_MODEL: trial, "failing": failing}) as session:
        yield session


class started:
    """A session with an endpoint that serves these models, the first by default."""

    def __init__(self, models: dict[str, Embedder], substitutes: bool = False) -> None:
        served = ServedModels(dict.fromkeys(models, ONNX), next(iter(models)), "the test's")
        endpoint = EmbedEndpoint("127.0.0.1", 0, KEY, served, substitutes)
        self._sparse = SparseEncoders()
        self._serving = serve_embedding(endpoint, LoadedModels(models.__getitem__), self._sparse)

    async def __aenter__(self) -> aiohttp.ClientSession:
        port = await self._serving.__aenter__()
        self._session = aiohttp.ClientSession(
            f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {KEY}"}
        )
        return self._session

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._serving.__aexit__(None, None, None)
        await self._sparse.close()


async def post(
    session: aiohttp.ClientSession,
    path: str,
    body: Any,
    status: int = 200,
    model: str | None = None,
    key: str = f"Bearer {KEY}",
) -> dict[str, Any]:
    headers = {"Authorization": key} | ({MODEL_HEADER: model} if model else {})
    async with session.post(path, json=body, headers=headers) as answer:
        assert answer.status == status, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


async def test_texts_have_the_vectors_of_the_pipeline(server: aiohttp.ClientSession, trial: Embedder) -> None:
    for path in ("/", "/embed"):
        found = await post(server, path, {"texts": TEXTS, "instructions": ""})
        np.testing.assert_allclose(found["embeddings"], await trial.embed_documents(TEXTS), atol=1e-6)
        assert (found["model"], found["fingerprint"]) == (TRIAL_MODEL, model_mark(trial))
        assert found["num_tokens"] == await trial.count_tokens(TEXTS) > 0


async def test_an_instruction_is_that_of_a_query_and_is_added_once(
    server: aiohttp.ClientSession, trial: Embedder
) -> None:
    body = {"texts": TEXTS[:1], "instructions": "query: "}
    found = await post(server, "/", body, model=TRIAL_MODEL)

    np.testing.assert_allclose(
        found["embeddings"], await trial.embed_documents(["query: a commit log"]), atol=1e-6
    )


async def test_a_model_that_is_not_served_is_refused_or_replaced(
    server: aiohttp.ClientSession, trial: Embedder
) -> None:
    body = {"texts": ["a"], "instructions": "Find it"}
    refused = await post(server, "/", body, 404, model=QWEN)
    assert TRIAL_MODEL in refused["error"]
    assert "HEADRACE_MODELS" in refused["error"]

    async with started({TRIAL_MODEL: trial}, substitutes=True) as session:
        found = await post(session, "/", body, model=QWEN)
    assert found["model"] == TRIAL_MODEL
    np.testing.assert_allclose(found["embeddings"], await trial.embed_documents(["a"]), atol=1e-6)


@pytest.mark.parametrize("packed", [False, True])
async def test_openais_form_takes_one_text_or_many(
    server: aiohttp.ClientSession, trial: Embedder, packed: bool
) -> None:
    form = {"encoding_format": "base64"} if packed else {}
    for texts in ("a commit log", TEXTS):
        found = await post(server, "/v1/embeddings", {"model": TRIAL_MODEL, "input": texts, **form})
        rows = [entry["embedding"] for entry in found["data"]]
        vectors = [np.frombuffer(base64.b64decode(row), "<f4") for row in rows] if packed else rows
        expected = await trial.embed_documents([texts] if isinstance(texts, str) else texts)
        np.testing.assert_allclose(vectors, expected, atol=1e-6)
        assert [entry["index"] for entry in found["data"]] == list(range(len(rows)))
        assert found["usage"]["total_tokens"] > 0


async def test_sparse_vectors_are_those_of_the_pipeline(server: aiohttp.ClientSession) -> None:
    text = "Usain Bolt's top speed reached ~27.8 mph (44.72 km/h)"
    body = {"texts": [text], "task": "", "target": "", "fetch_tokens": "false"}
    found = await post(server, "/embed_sparse", body, model="Chroma/BM25")

    assert found["embeddings"][0]["indices"][:2] == [230246813, 395514983]
    refused = await post(server, "/embed_sparse", body, 400, model="nobody/knows")
    assert "'nobody/knows' is not served" in refused["error"]


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/", {"texts": ["a"] * 101}, 413, "101 texts in one request, at most 100"),
        ("/", {"texts": "a"}, 400, "the body: texts"),
        ("/", {"texts": [1]}, 400, "texts.0"),
        ("/", {"texts": ["lone \ud800 surrogate"]}, 400, "the body: Invalid JSON"),
        ("/", {"texts": ["a" * 2**21]}, 413, "more than 2,097,152 bytes"),
        ("/v1/embeddings", {"model": TRIAL_MODEL, "input": ["a"], "dimensions": 3}, 400, "served with 384"),
        ("/v1/embeddings", {"model": "failing", "input": ["a"]}, 400, "NaN"),
    ],
)
async def test_what_cannot_be_embedded_is_refused(
    server: aiohttp.ClientSession, path: str, body: Any, status: int, words: str
) -> None:
    refused = await post(server, path, body, status)
    assert words in refused["error"]


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (RateLimited("busy", 7.0), 429, "busy"),
        (TransientError("away"), 503, "away"),
        (DocumentError("no vector"), 400, "no vector"),
        (ValueError("the text: secret"), 500, "the model failed: ValueError"),
    ],
)
async def test_errors_of_a_model_have_a_status_and_show_no_text(
    server: aiohttp.ClientSession, failing: Failing, error: Exception, status: int, words: str
) -> None:
    failing.error = error
    body = {"model": "failing", "input": ["secret"]}
    async with server.post("/v1/embeddings", json=body) as answer:
        said = await answer.json()
        assert (answer.status, said["error"]) == (status, words)
        assert answer.headers.get("Retry-After") == {429: "7", 503: "1"}.get(status)


async def test_without_the_key_nothing_is_embedded(server: aiohttp.ClientSession) -> None:
    for shown in ("", "Bearer ", "Bearer other", KEY):
        await post(server, "/", {"texts": ["a"]}, 401, key=shown)


async def test_a_query_goes_before_the_bulk_that_waits(
    server: aiohttp.ClientSession, trial: Embedder
) -> None:
    bulk = asyncio.ensure_future(trial.embed_documents([f"text {n} of the bulk " * 40 for n in range(300)]))
    await asyncio.sleep(0)
    await post(server, "/", {"texts": ["a question"], "instructions": ""})

    assert not bulk.done()
    bulk.cancel()
