"""A parsed text cut where its chunks begin, to show it whole with their borders."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.api import DocumentChunk


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text: a chunk with the white space behind it, or what no chunk of the collection has."""

    chunk: DocumentChunk | None
    text: str


def pieces_of(text: str, chunks: Sequence[DocumentChunk]) -> list[Piece] | None:
    """The text from the first of these chunks to the end of the last one, piece by piece.

    Chunks are stretches of the text in its order, without overlap, and leave out nothing but white space
    (`services.chunking`). So each is found behind the one before; what lies between is a chunk that is
    missing from the collection.

    Returns:
        Pieces that are the text, put together; None if a chunk is not in it: they are of another version.
    """
    pieces: list[Piece] = []
    at = _line(text, chunks[0].start_line) if chunks and chunks[0].number else 0
    for chunk in chunks:
        start = text.find(chunk.text, at)
        if start < 0:
            return None
        between = text[at:start] if pieces or not chunk.number else ""
        if between.strip():
            pieces.append(Piece(None, between))
        elif pieces:
            pieces[-1] = Piece(pieces[-1].chunk, pieces[-1].text + between)
        at = start + len(chunk.text)
        pieces.append(Piece(chunk, text[start:at]))
    return pieces


def _line(text: str, number: int | None) -> int:
    """Where a line begins, by its number from 1."""
    at = 0
    for _ in range((number or 1) - 1):
        at = text.find("\n", at) + 1
        if not at:
            break
    return at
