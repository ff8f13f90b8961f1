"""From the gateway's answer to hits that are shown."""

import pytest

from headrace.cli.query import print_hits
from headrace.client.excerpt import excerpt
from headrace.client.search import Hit, hits_of, notes_of
from schemas.api import DensePlace, SearchAnswer, Searched, SearchHit, SparsePlace

METADATA = {"document_key": "a.pdf", "start_line": 3, "end_line": 9, "page": 2, "context": "Gates"}


def answer(mode: str, hit: SearchHit, indexed: int = 7) -> SearchAnswer:
    fields = {"candidates": 1, "complete": True, "reranked": False, "notes": []}
    searched = Searched(dense=7, sparse=indexed)
    return SearchAnswer.model_validate({"mode": mode, "hits": [hit], "searched": searched, **fields})


def hit(**fields: object) -> SearchHit:
    common = {"id": "x-0", "rank": 4, "score": 0.03, "text": "text", "metadata": METADATA}
    missing = {"dense": None, "sparse": None, "relevance": None}
    return SearchHit.model_validate({**common, **missing, **fields})


def test_a_hit_says_file_lines_and_page_and_its_places() -> None:
    found = hit(dense=DensePlace(rank=1, similarity=0.75), sparse=SparsePlace(rank=12, score=8.5))
    [shown] = hits_of(answer("hybrid", found))

    assert (shown.place, shown.context) == ("a.pdf:3–9 (page 2)", "Gates")
    assert shown.why == "meaning 1, words 12"
    assert shown.as_json()["sparse"] == {"rank": 12, "score": 8.5}


@pytest.mark.parametrize(
    ("mode", "fields", "why"),
    [
        ("dense", {"score": 0.75, "dense": DensePlace(rank=1, similarity=0.75)}, "0.750"),
        ("sparse", {"score": 8.5, "sparse": SparsePlace(rank=1, score=8.5)}, "8.500"),
        ("hybrid", {"sparse": SparsePlace(rank=3, score=8.5)}, "words 3"),
        ("hybrid", {"sparse": SparsePlace(rank=3, score=8.5), "relevance": 0.9}, "words 3, relevance 0.900"),
    ],
)
def test_why_it_is_a_hit_depends_on_what_was_asked(mode: str, fields: dict[str, object], why: str) -> None:
    assert [shown.why for shown in hits_of(answer(mode, hit(**fields)))] == [why]


def test_chunks_that_words_do_not_find_yet_are_counted() -> None:
    assert notes_of(answer("hybrid", hit(), indexed=0)) == ["0 of 7 chunks can be found by words so far"]
    assert notes_of(answer("hybrid", hit())) == []


def test_a_hit_that_somebody_else_wrote_still_shows() -> None:
    [shown] = hits_of(answer("dense", hit(metadata={})))
    assert shown.place == "?"


def test_a_hit_is_folded_and_says_that_it_goes_on() -> None:
    assert excerpt("# Gates\n\nup and down", "x", 4, 80) == ["# Gates", "up and down"]
    assert excerpt("one two three four", "x", 4, 9) == ["one two", "three", "four"]
    assert excerpt("    one two three", "x", 4, 12) == ["    one two", "    three"]
    assert excerpt("a\nb\nc", "x", 2, 9) == ["a", "b", "…"]
    assert excerpt("", "x", 4, 80) == []


def test_a_hit_shows_the_lines_that_hold_the_words_of_the_query() -> None:
    text = "How the crack was found.\nHow it was sealed.\nThe trash rack is raked weekly.\nThe end."

    assert excerpt(text, "How often must the racks be raked?", 1, 80) == [
        "…",
        "The trash rack is raked weekly.",
        "…",
    ]
    assert excerpt(text, "THE END", 2, 80) == ["…", "The trash rack is raked weekly.", "The end."]


def test_a_document_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_hits([Hit("a\x1b[2J\nb.txt", 1, 1, 0.5, "red \x1b[31m\u202e and \tblue", "in \x07", None)], "red")

    shown = capsys.readouterr().out
    assert "a\\x1b[2J\\nb.txt:1–1" in shown
    assert "red \\x1b[31m\\u202e and" in shown
    assert not [c for c in shown if c != "\n" and not c.isprintable()]
