"""A collection holds vectors of one model: those of another are refused, by any worker, in any batch."""

from pathlib import Path

import pytest

from schemas.errors import DocumentError
from schemas.events import DocumentEmbedded
from services.indexing.chroma import ChromaStore
from services.indexing.rows import Collection
from streams.chroma import MODEL_KEY, ChromaClient
from tests.conftest import Chroma
from tests.services.indexing.documents import MINILM, deleted, document, embedded
from tests.services.indexing.test_stage import Indexer


def of_model(model: str, key: str, sequence: int, text: str) -> DocumentEmbedded:
    [event] = embedded(document(key), sequence, [text])
    return event.model_copy(update={"model_fingerprint": model})


@pytest.fixture
def indexer(tmp_path: Path) -> Indexer:
    return Indexer(tmp_path / "states.sqlite")


async def test_vectors_of_another_model_are_refused_and_those_of_the_same_are_not(indexer: Indexer) -> None:
    gone, first, other, again, unmarked = await indexer.process(
        deleted(document("five"), 5),
        of_model("a" * 32, "one", 1, "first"),
        of_model("b" * 32, "two", 2, "second"),
        of_model("a" * 32, "three", 3, "third"),
        of_model("", "four", 4, "fourth"),
    )

    assert isinstance(other, DocumentError)
    assert f"fingerprints {'a' * 32} and {'b' * 32}" in str(other)
    assert not any(isinstance(outcome, Exception) for outcome in (first, again, unmarked, gone))
    [rows] = indexer.vectors.collections.values()
    assert sorted(row[0] for row in rows.values()) == ["first", "fourth", "third"]


async def test_a_changed_document_of_another_model_leaves_its_old_version(indexer: Indexer) -> None:
    await indexer.process(of_model("a" * 32, "one", 1, "old"))
    [refused] = await indexer.process(of_model("b" * 32, "one", 2, "new"))

    assert isinstance(refused, DocumentError)
    [rows] = indexer.vectors.collections.values()
    assert [row[0] for row in rows.values()] == ["old"]


async def test_the_fingerprint_stands_on_the_collection_for_every_worker(chroma: Chroma) -> None:
    made = Collection("default_tenant", "default_database", "indexing-model-mark", MINILM, "a" * 32)
    other = Collection("default_tenant", "default_database", "indexing-model-mark", MINILM, "b" * 32)
    first, second = ChromaStore(chroma.url), ChromaStore(chroma.url)
    identity = await first.create(made, lambda: None)
    assert await second.create(other, lambda: None) == identity
    assert first.model_of(identity) == second.model_of(identity) == "a" * 32
    await first.close()
    await second.close()

    client = ChromaClient(chroma.url)
    path = client.collections(made.tenant, made.database)
    found = await client.get(f"{path}/{made.name}", "the collection")
    await client.close()
    assert found["metadata"] == {MODEL_KEY: "a" * 32}
