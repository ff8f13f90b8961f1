"""From a collection's configuration to its model, from Chroma's answer to hits."""

import pytest

from headrace.cli.content import beginning
from headrace.search import Hit, _hit, model_of
from schemas.events import Embedding
from services.indexing.chroma import embedding_function


@pytest.mark.parametrize(
    "model", ["sentence-transformers/all-MiniLM-L6-v2", "Qwen/Qwen3-Embedding-0.6B", "BAAI/bge-small-en-v1.5"]
)
def test_a_collection_is_asked_with_the_model_that_filled_it(model: str) -> None:
    assert model_of({"embedding_function": embedding_function(Embedding(model=model))}) == model


@pytest.mark.parametrize("configuration", [{}, {"embedding_function": None}, {"embedding_function": {}}])
def test_a_collection_that_names_no_model_leaves_it_to_the_setting(configuration: dict[str, object]) -> None:
    assert model_of(configuration) is None


def test_a_hit_says_file_lines_and_page() -> None:
    metadata = {"document_key": "a.pdf", "start_line": 3, "end_line": 9, "page": 2, "context": "Gates"}
    hit = _hit("text", metadata, 0.25)

    assert hit == Hit("a.pdf", 3, 9, 0.75, "text", "Gates", 2)
    assert hit.place == "a.pdf:3–9 (page 2)"


def test_a_hit_that_somebody_else_wrote_still_shows() -> None:
    assert _hit("text", {}, 0.0).place == "?"


def test_the_beginning_of_a_hit_is_folded_and_says_that_it_goes_on() -> None:
    assert beginning("# Gates\n\nup and down", 4, 80) == ["# Gates", "up and down"]
    assert beginning("one two three four", 4, 9) == ["one two", "three", "four"]
    assert beginning("    one two three", 4, 12) == ["    one two", "    three"]
    assert beginning("a\nb\nc", 2, 9) == ["a", "b", "…"]
