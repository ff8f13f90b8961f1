"""The embed endpoint of the gateway, with unmodified clients: chromadb's functions, and OpenAI's form."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
import pytest_asyncio

from api import EmbeddingAccess
from api.embedding.service import EmbeddingService
from api.errors import BadRequest
from schemas.errors import TransientError
from schemas.events import Embedding, Task
from schemas.limits import BM25, QWEN_MODEL
from schemas.models_file import OnnxConfig, ServedModels
from services.embedding import TRIAL_MODEL, Embedder, LoadedModels, load_embedder
from services.embedding.embedder import model_mark
from services.embedding.serving import EmbedEndpoint, serve_embedding
from services.embedding.sparse import Bm25, SparseEncoders, load_encoder
from streams.chroma import MODEL_KEY, ChromaClient
from tests.api.conftest import ADMIN_KEY, DATABASE, Server, Start, create_folder_source

TEXTS = ["a commit log", "a broker"]
TASK = Task(task_name="nl_to_code", query_prompt="Find code: ")


@pytest_asyncio.fixture(scope="module")
async def trial() -> AsyncIterator[Embedder]:
    embedder = load_embedder(TRIAL_MODEL, threads=2)
    yield embedder
    await embedder.close()


@pytest_asyncio.fixture(scope="module")
async def access(trial: Embedder) -> AsyncIterator[EmbeddingAccess]:
    """An embedding service that serves the trial model, and BM25, under whatever name."""
    models = {QWEN_MODEL: trial, TRIAL_MODEL: trial}
    served = ServedModels(dict.fromkeys(models, OnnxConfig(backend="onnx")), QWEN_MODEL, "the test's")
    sparse = SparseEncoders(lambda model: load_encoder(BM25))  # in the name of SPLADE, which is a download
    endpoint = EmbedEndpoint("127.0.0.1", 0, "embed-key", served)
    async with serve_embedding(endpoint, LoadedModels(models.__getitem__), sparse) as port:
        yield EmbeddingAccess(f"http://127.0.0.1:{port}", "embed-key")
    await sparse.close()


@pytest.fixture
async def gateway(start: Start, access: EmbeddingAccess, monkeypatch: pytest.MonkeyPatch) -> Server:
    server = await start(embedding=access)
    monkeypatch.setenv("CHROMA_EMBED_URL", f"http://127.0.0.1:{server.port}/")
    monkeypatch.setenv("CHROMA_API_KEY", ADMIN_KEY)
    return server


async def test_the_stock_functions_of_chromadb_embed_through_the_gateway(
    gateway: Server, trial: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chromadb.utils.embedding_functions import chroma_cloud_qwen_embedding_function as qwen
    from chromadb.utils.embedding_functions import chroma_cloud_splade_embedding_function as splade

    dense = qwen.ChromaCloudQwenEmbeddingFunction(
        qwen.ChromaCloudQwenEmbeddingModel.QWEN3_EMBEDDING_0p6B, task="nl_to_code"
    )
    documents = await asyncio.to_thread(dense, TEXTS)
    queries = await asyncio.to_thread(dense.embed_query, TEXTS)

    np.testing.assert_allclose(documents, await trial.embed_documents(TEXTS), atol=1e-6)
    instruction = "Given a question about coding, retrieval code or passage that can solve user's question"
    expected = await trial.embed_documents([f"{instruction}{text}" for text in TEXTS])
    np.testing.assert_allclose(queries, expected, atol=1e-6)

    sparse = splade.ChromaCloudSpladeEmbeddingFunction()
    [first, _] = await asyncio.to_thread(sparse, TEXTS)
    [expected_first, _] = Bm25().encode(TEXTS)
    assert first.indices == expected_first.indices.tolist()
    np.testing.assert_allclose(first.values, expected_first.values)

    monkeypatch.setenv("CHROMA_API_KEY", "wrong")
    other = qwen.ChromaCloudQwenEmbeddingFunction(
        qwen.ChromaCloudQwenEmbeddingModel.QWEN3_EMBEDDING_0p6B, None
    )
    with pytest.raises(RuntimeError, match="the key in x-chroma-token is not known"):
        await asyncio.to_thread(other, TEXTS)


async def test_openais_form_takes_the_key_as_a_bearer_token(gateway: Server, trial: Embedder) -> None:
    async def ask(key: str, model: str = TRIAL_MODEL) -> tuple[int, Any]:
        url = f"http://127.0.0.1:{gateway.port}/v1/embeddings"
        headers = {"Authorization": f"Bearer {key}"}
        body = {"model": model, "input": TEXTS}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=body, headers=headers) as answer,
        ):
            return answer.status, await answer.json()

    status, found = await ask(ADMIN_KEY)
    assert status == 200
    vectors = [entry["embedding"] for entry in found["data"]]
    np.testing.assert_allclose(vectors, await trial.embed_documents(TEXTS), atol=1e-6)
    status, found = await ask("wrong")
    assert (status, "not known" in found["error"]["message"]) == (401, True)
    status, found = await ask(ADMIN_KEY, "nobody/knows")
    assert (status, TRIAL_MODEL in found["error"]["message"]) == (404, True)


async def test_queries_have_the_vectors_of_a_collections_model_and_task(
    access: EmbeddingAccess, trial: Embedder
) -> None:
    service = EmbeddingService(access)
    plain = await service.embed_queries(Embedding(model=TRIAL_MODEL), TEXTS * 60)
    asked = await service.embed_queries(Embedding(model=QWEN_MODEL, task=TASK), TEXTS)
    with pytest.raises(BadRequest, match="'nobody/knows' is not served"):
        await service.embed_queries(Embedding(model="nobody/knows"), TEXTS)
    await service.close()

    np.testing.assert_allclose(plain.vectors, await trial.embed_queries(TEXTS * 60), atol=1e-6)
    assert (plain.model, plain.fingerprint) == (TRIAL_MODEL, model_mark(trial))
    expected = await trial.embed_documents([f"Find code: {text}" for text in TEXTS])
    np.testing.assert_allclose(asked.vectors, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"url": "http://127.0.0.1:9"}, "does not answer at http"), ({"key": "old"}, "does not know this")],
)
async def test_a_service_that_is_away_is_said_to_be(
    access: EmbeddingAccess, change: dict[str, str], words: str
) -> None:
    service = EmbeddingService(replace(access, **change))
    with pytest.raises(TransientError, match=words):
        await service.embed_queries(Embedding(model=TRIAL_MODEL), TEXTS)
    await service.close()


async def test_a_gateway_without_a_service_says_so(server: Server) -> None:
    found = await server.call("POST", "/embed", status=503, json={"texts": ["a"]})

    assert "HEADRACE_EMBED_URL is not set" in found["error"]


async def test_a_run_into_a_collection_of_another_model_is_refused(
    gateway: Server, trial: Embedder, roots: Path, tmp_path: Path
) -> None:
    folder = roots / tmp_path.name
    folder.mkdir()
    source = await create_folder_source(gateway, folder)
    client = ChromaClient(gateway.gateway.chroma.url)
    path = client.collections("default_tenant", DATABASE)
    for name, model in (
        ("of-this-model", model_mark(trial)),
        ("of-another-model", "b" * 32),
        ("unmarked", ""),
    ):
        metadata = {"metadata": {MODEL_KEY: model}} if model else {}
        await client.post(path, {"name": name, **metadata}, "the collection")
    await client.close()

    async def run(collection: str, status: int) -> Any:
        body = {"target_collection_name": collection}
        return await gateway.call("POST", f"/api/v1/sources/{source}/invocations", status=status, json=body)

    refused = await run("of-another-model", 409)
    assert f"fingerprints {'b' * 32} and {model_mark(trial)}" in refused["message"]
    await run("of-this-model", 201)
    await run("unmarked", 201)
    await run("missing", 201)
