"""The parsed text with the borders of its chunks."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from api.dashboard.shown.pieces import Piece, pieces_of
from schemas.api import DocumentChunk
from schemas.events import Chunking
from services.chunking.stage import cut


def chunk(number: int, text: str, start_line: int | None = 1) -> DocumentChunk:
    return DocumentChunk(
        id=f"{number}",
        number=number,
        text=text,
        start_line=start_line,
        end_line=start_line,
        page=None,
        context=None,
        language=None,
        metadata={},
    )


def chunks_of(text: str) -> list[DocumentChunk]:
    made = cut(text, "a.md", "text/markdown", Chunking(max_size_bytes=80), [])
    return [chunk(number, one.text, one.start_line) for number, one in enumerate(made)]


def shown(pieces: Sequence[Piece] | None) -> list[tuple[int | None, str]]:
    assert pieces is not None
    return [(None if piece.chunk is None else piece.chunk.number, piece.text) for piece in pieces]


@given(st.lists(st.sampled_from(["# Head\n", "same line\n", "\n", "- item\n", "x" * 90 + "\n", "  a  b\n"])))
def test_the_pieces_of_all_chunks_are_the_whole_text(lines: list[str]) -> None:
    text = "".join(lines)
    chunks = chunks_of(text)

    pieces = shown(pieces_of(text, chunks))

    assert "".join(piece for _, piece in pieces).strip() == text.strip()
    assert [number for number, _ in pieces] == [one.number for one in chunks]


def test_a_later_page_begins_at_its_first_chunk_though_its_text_stands_before() -> None:
    text = "same\n\nsame\n\nsame\n"

    found = shown(pieces_of(text, [chunk(1, "same", 3), chunk(2, "same", 5)]))

    assert found == [(1, "same\n\n"), (2, "same")]


def test_a_chunk_that_is_missing_from_the_collection_is_seen() -> None:
    text = "one\n\ntwo\n\nthree"

    found = shown(pieces_of(text, [chunk(0, "one"), chunk(2, "three", 5)]))

    assert found == [(0, "one"), (None, "\n\ntwo\n\n"), (2, "three")]


def test_chunks_of_another_version_are_not_laid_over_a_text() -> None:
    assert pieces_of("one two", [chunk(0, "one"), chunk(1, "three")]) is None
