"""Chroma Cloud's quotas: nothing is sent that exceeds them, and what would is refused with the reason."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromadb.api.types import Schema

from schemas.errors import DocumentError
from schemas.events import Document, Embedding, SparseEmbedding
from services.indexing.chroma import ChromaStore
from services.indexing.configuration import schema_with
from services.indexing.limits import CLOUD, limits_at
from services.indexing.stage import IndexingStage
from streams.engine.outputs import Send
from streams.topics import SPARSE_ROWS
from tests.services.indexing.cloud import ROWS, FakeCloud, serving
from tests.services.indexing.documents import NOON, Version, document, embedded, terms
from tests.services.indexing.test_stage import Indexer


def indexer_at(url: str, path: Path) -> Indexer:
    made = Indexer(path)
    made.stage = IndexingStage(ChromaStore(url, limits=CLOUD), made.states, lambda: NOON)
    return made


async def test_no_request_exceeds_a_quota_and_new_rows_are_added(tmp_path: Path) -> None:
    texts = [f"chunk {number}" for number in range(700)]
    first, edited = Version(1, texts, {"a": 1}, parts=12), Version(2, [*texts[:-1], "other"], parts=12)
    long = document("long.md", custom_id="x" * 120)
    async with serving() as (cloud, url):
        indexer = indexer_at(url, tmp_path / "states.sqlite")
        await indexer.process(*first.events, *embedded(long, 1, ["a"] * 12))
        assert {step for step, _ in cloud.steps} == {"get", "add"}
        assert set(cloud.rows) >= {row.id for row in first.rows}
        del cloud.steps[:]

        await indexer.process(*edited.events)
        steps = {step: sum(n for each, n in cloud.steps if each == step) for step, _ in cloud.steps}
        assert steps == {"get": 700, "upsert": 1, "update": 699}
        assert {row.id: (row.text, dict(row.metadata)) for row in edited.rows}.items() <= cloud.rows.items()

        await indexer.process(*Version(3, None).events)
        assert len(cloud.rows) == 12
        assert (cloud.refused, max(count for _, count in cloud.steps)) == ([], ROWS)
        await indexer.stage.close()
    indexer.states.close()


@pytest.mark.parametrize(
    ("about", "text", "reason"),
    [
        (
            document("big.md"),
            "x" * 16_385,
            "'big.md', chunk 0: 16,385 bytes of text, Chroma Cloud takes 16,384",
        ),
        (document("k.md", metadata={"k" * 37: 1}), "x", "has 37 bytes, Chroma Cloud takes 36"),
        (document("v.md", metadata={"v": "é" * 4_092}), "x", "metadata 'v': 8,184 bytes"),
        (document("n.md", metadata={f"k{n}": n for n in range(25)}), "x", "35 metadata keys with ours"),
    ],
)
async def test_what_exceeds_a_quota_is_refused_with_the_reason_and_nothing_else_is(
    tmp_path: Path, about: Document, text: str, reason: str
) -> None:
    good = Version(2, ["fine"], key="good.md")
    async with serving() as (cloud, url):
        indexer = indexer_at(url, tmp_path / "states.sqlite")
        refused, fine = await indexer.process(*embedded(about, 1, [text]), *good.events)
        await indexer.stage.close()
        assert cloud.refused == []
        assert set(cloud.rows) == {good.rows[0].id}
    indexer.states.close()

    assert isinstance(refused, DocumentError)
    assert reason in str(refused)
    assert not isinstance(fine, Exception)


def test_the_host_says_whose_limits_they_are() -> None:
    assert limits_at("https://api.trychroma.com") is limits_at("https://eu.api.trychroma.com:8000") is CLOUD
    assert limits_at("http://127.0.0.1:8000") is limits_at("https://nottrychroma.com") is None


BM25 = SparseEmbedding(model="Chroma/BM25", key="words")


def kept(cloud: FakeCloud) -> dict[str, Any]:
    """The sparse vectors of the rows."""
    return {text: metadata.get("words") for text, metadata in cloud.rows.values()}


def vector_of(text: str) -> dict[str, Any]:
    found = terms([text])
    indices, values = (
        np.frombuffer(found.indices, "<u4").tolist(),
        np.frombuffer(found.values, "<f4").tolist(),
    )
    return {"#type": "sparse_vector", "indices": indices, "values": values}


async def test_sparse_vectors_are_kept_in_chroma_where_it_keeps_some(tmp_path: Path) -> None:
    texts, about = ["one", "three"], document("a.md", sparse=BM25)
    async with serving() as (cloud, url):
        cloud.keeps_sparse = True
        indexer = indexer_at(url, tmp_path / "states.sqlite")

        [outcome] = await indexer.process(*embedded(about, 1, texts))
        assert not isinstance(outcome, Exception)
        assert kept(cloud) == {text: vector_of(text) for text in texts}
        assert SPARSE_ROWS in [output.topic for output in outcome if isinstance(output, Send)]

        other = about.model_copy(update={"version_key": "2"})
        await indexer.process(*embedded(other, 2, ["one", "seventeen"]))  # an update, and an upsert
        assert kept(cloud) == {text: vector_of(text) for text in ("one", "seventeen")}

        without = about.model_copy(update={"embedding": about.embedding.model_copy(update={"sparse": None})})
        await indexer.process(*embedded(without, 3, ["one", "seventeen"]))
        assert kept(cloud) == {"one": None, "seventeen": None}
        await indexer.stage.close()
    indexer.states.close()


async def test_a_single_node_that_keeps_none_gets_none(tmp_path: Path) -> None:
    async with serving() as (cloud, url):
        indexer = indexer_at(url, tmp_path / "states.sqlite")
        await indexer.process(*embedded(document("a.md", sparse=BM25), 1, ["one"]))
        await indexer.process(*embedded(document("b.md", sparse=BM25), 1, ["three"]))
        assert kept(cloud) == {"one": None, "three": None}
        await indexer.stage.close()
    indexer.states.close()


@pytest.mark.parametrize("model", ["sentence-transformers/all-MiniLM-L6-v2", "Qwen/Qwen3-Embedding-0.6B"])
def test_the_schema_is_one_that_a_stock_client_reads(model: str) -> None:
    made = schema_with(Embedding(model=model), BM25)

    read = Schema.deserialize_from_json(dict(made)).serialize_to_json()

    config = read["keys"]["words"]["sparse_vector"]["sparse_vector_index"]
    assert config["enabled"]
    assert config["config"]["embedding_function"]["name"] == "chroma_bm25"
    assert read["keys"]["#embedding"]["float_list"]["vector_index"]["config"]["space"] == "cosine"
