"""From a collection's configuration to its model."""

import pytest

from api.search.embedding import embedding_of
from schemas.events import Embedding, Task
from services.indexing.chroma import UNNAMED, embedding_function
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
