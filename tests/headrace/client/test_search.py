"""From a collection's configuration to its model, from Chroma's answer to hits."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from headrace.cli.content import beginning, print_hits
from headrace.cli.settings import load_settings
from headrace.client.search import ChromaSearch, Collection, Hit, _hit, model_of
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


async def test_the_index_is_searched_more_broadly_than_hits_are_wanted() -> None:
    asked: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.json())
        found = range(asked[-1]["n_results"])
        rows = {"documents": [[str(n) for n in found]], "metadatas": [[{}] * len(found)]}
        return web.json_response({**rows, "distances": [[n / 1000 for n in found]]})

    app = web.Application()
    app.router.add_post("/{path:.*}/query", answer)
    async with (
        TestServer(app) as server,
        ChromaSearch(str(server.make_url("")), load_settings(), "d") as chroma,
    ):
        hits = await chroma.nearest(Collection("c", None), [0.5], 2)

    assert [hit.text for hit in hits] == ["0", "1"]
    assert asked[0]["n_results"] == 300  # Chroma's graph is walked as broadly as it is asked for results


def test_a_document_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_hits([Hit("a\x1b[2J\nb.txt", 1, 1, 0.5, "red \x1b[31m\u202e and \tblue", "in \x07", None)])

    shown = capsys.readouterr().out
    assert "a\\x1b[2J\\nb.txt:1–1" in shown
    assert "red \\x1b[31m\\u202e and" in shown
    assert not [c for c in shown if c != "\n" and not c.isprintable()]
