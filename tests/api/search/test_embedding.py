"""From a collection's configuration to its model."""

from typing import cast

import pytest

from api.embedding.service import EmbeddedQueries, EmbeddingService
from api.errors import BadRequest
from api.search.embedding import embedding_of
from api.search.served import ServedQueries
from schemas.errors import TransientError
from schemas.events import Embedding, Task
from services.indexing.configuration import UNNAMED, embedding_function
from streams.chroma import EMBEDDING_KEY

TRIAL = "sentence-transformers/all-MiniLM-L6-v2"
PROMPTED = Task(task_name="retrieval", query_prompt="query: ")


@pytest.mark.parametrize("model", [TRIAL, "Qwen/Qwen3-Embedding-0.6B", "BAAI/bge-small-en-v1.5"])
def test_a_collection_is_asked_with_the_model_that_filled_it(model: str) -> None:
    embedding = Embedding(model=model)
    made = {"configuration_json": {"embedding_function": embedding_function(embedding)}, "metadata": None}

    assert embedding_of(made) == embedding


@pytest.mark.parametrize(
    "collection",
    [
        {},
        {"configuration_json": {"embedding_function": None}},
        {"configuration_json": {"embedding_function": {}}},
        {"metadata": {EMBEDDING_KEY: "somebody else's"}},
        {"metadata": {EMBEDDING_KEY: 7}},
    ],
)
def test_a_collection_that_names_no_model_has_none(collection: dict[str, object]) -> None:
    assert embedding_of(collection) is None


@pytest.mark.parametrize("model", [TRIAL, "a-model-of-ours", "Qwen/Qwen3-Embedding-0.6B"])
def test_a_query_gets_the_prompt_that_the_source_named(model: str) -> None:
    embedding = Embedding(model=model, task=PROMPTED)
    function = embedding_function(embedding)
    metadata = {EMBEDDING_KEY: embedding.model_dump_json()} if function == UNNAMED else None
    made = {"configuration_json": {"embedding_function": function}, "metadata": metadata}

    found = embedding_of(made)

    assert found is not None
    assert found.task is not None
    assert (found.model, found.task.query_prompt) == (model, "query: ")


class FakeService:
    """`EmbeddingService.embed_queries`, with the model that it says it has used."""

    def __init__(self, used: str) -> None:
        self.used, self.asked = used, list[str]()

    async def embed_queries(self, embedding: Embedding, texts: list[str]) -> EmbeddedQueries:
        self.asked.append(embedding.model)
        return EmbeddedQueries([[1.0]] * len(texts), self.used, "fingerprint")


async def test_only_served_models_embed_and_a_vector_of_another_model_is_none() -> None:
    service = FakeService(TRIAL)
    queries = ServedQueries(cast(EmbeddingService, service), [TRIAL, "acme/large"])

    assert [queries.serves(name) for name in (TRIAL, "all-MiniLM-L6-v2", "acme/huge")] == [True, True, False]
    assert await queries.embed(Embedding(model="all-MiniLM-L6-v2"), ["a", "b"]) == [[1.0], [1.0]]
    with pytest.raises(TransientError, match=f"{TRIAL}' instead of 'acme/large'"):
        await queries.embed(Embedding(model="acme/large"), ["a"])
    with pytest.raises(BadRequest, match=r"another model .*fingerprints other and fingerprint"):
        await queries.embed(Embedding(model=TRIAL), ["a"], "other")
    assert await queries.embed(Embedding(model=TRIAL), ["a"], "fingerprint") == [[1.0]]
    assert service.asked == [TRIAL, "acme/large", TRIAL, TRIAL]
