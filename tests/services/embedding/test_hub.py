"""Models by name: fastembed itself, on the trial model's files laid out as a hub's cache."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest_asyncio

from services.embedding import TRIAL_MODEL, Embedder, Prompts
from services.embedding.models import TRIAL_TOKENIZER, TRIAL_WEIGHTS, packaged_file

#: Where fastembed gets the model of this name from.
REPOSITORY = "models--Qdrant--all-MiniLM-L6-v2-onnx"
REVISION = "0" * 40


@pytest_asyncio.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Embedder]:
    from services.embedding.hub import HubEmbedder  # loads fastembed: not while tests are collected

    snapshot = tmp_path / REPOSITORY / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (tmp_path / REPOSITORY / "refs").mkdir()
    (tmp_path / REPOSITORY / "refs" / "main").write_text(REVISION)
    (snapshot / "model.onnx").symlink_to(packaged_file(*TRIAL_WEIGHTS))
    (snapshot / "tokenizer.json").symlink_to(packaged_file(*TRIAL_TOKENIZER))
    config = {"model_max_length": 256, "pad_token": "[PAD]"}
    (snapshot / "tokenizer_config.json").write_text(json.dumps(config))
    for name in ("config.json", "special_tokens_map.json"):
        (snapshot / name).write_text("{}")
    embedder = HubEmbedder(TRIAL_MODEL, threads=1, cache_dir=tmp_path, download=False)
    yield embedder
    await embedder.close()


async def test_texts_that_fit_have_the_vectors_that_the_trial_model_gives(
    hub: Embedder, trial: Embedder
) -> None:
    texts = ["a commit log", "", "分区 \ud800", "log " * 254]
    assert (hub.dimension, hub.max_tokens) == (384, 256)
    expected = await trial.embed_documents(texts)
    np.testing.assert_allclose(await hub.embed_documents(texts), expected, atol=2e-6)
    np.testing.assert_allclose(await hub.embed_queries(texts), expected, atol=2e-6)
    assert (await hub.embed_documents([])).shape == (0, 384)


async def test_a_long_text_is_read_to_its_end(hub: Embedder, trial: Embedder) -> None:
    texts = ["log " * 254 + tail for tail in ("", "and kittens meow at night", "and stocks fell")]
    vectors = await hub.embed_documents(texts)
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3
    # fastembed scales each window to length 1 before we average, so the two differ a little.
    assert ((vectors * await trial.embed_documents(texts)).sum(axis=1) > 0.999).all()


async def test_a_prompt_is_put_before_each_window(hub: Embedder, trial: Embedder) -> None:
    task = Prompts("retrieval", document_prompt="passage: ", query_prompt="query: ")
    texts = ["log", "commit log " * 200]
    for ours, theirs in (
        (hub.embed_documents, trial.embed_documents),
        (hub.embed_queries, trial.embed_queries),
    ):
        vectors, expected = await ours(texts, task), await theirs(texts, task)
        assert ((vectors * expected).sum(axis=1) > 0.999).all()
        assert np.abs(vectors - await ours(texts)).max() > 1e-2
