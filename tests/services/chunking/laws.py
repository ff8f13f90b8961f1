"""The laws of chunks, checked on one document. Every test that makes chunks runs them."""

from services.chunking import TextChunk


def assert_laws(text: str, chunks: list[TextChunk], limit: int) -> None:
    """Limit, exact bytes, lines and columns, order, and every non-blank character exactly once."""
    source = text.encode()
    previous = 0
    for piece in chunks:
        assert len(piece.text.encode()) <= limit
        assert piece.text.strip()
        assert source[piece.start_byte : piece.end_byte].decode() == piece.text
        assert piece.start_byte >= previous
        assert not source[previous : piece.start_byte].decode().strip(), "text between two chunks is lost"
        assert (piece.start_line, piece.start_col) == point(source, piece.start_byte)
        assert (piece.end_line, piece.end_col) == point(source, piece.end_byte)
        previous = piece.end_byte
    assert not source[previous:].decode().strip(), "text after the last chunk is lost"


def point(source: bytes, offset: int) -> tuple[int, int]:
    """1-based line and 0-based column in bytes, counted from the start."""
    before = source[:offset]
    return before.count(b"\n") + 1, offset - (before.rfind(b"\n") + 1)
