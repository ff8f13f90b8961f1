"""The `lines` strategy counts lines and bytes, and nothing else."""

from services.chunking import chunk


def test_ten_lines_make_a_chunk() -> None:
    text = "".join(f"line {n}\n" for n in range(1, 26))
    chunks = chunk(text, "a.py", strategy="lines")

    assert [(piece.start_line, piece.end_line) for piece in chunks] == [(1, 10), (11, 20), (21, 25)]
    assert chunks[2].text == "line 21\nline 22\nline 23\nline 24\nline 25"
    assert {(piece.strategy, piece.language, piece.context) for piece in chunks} == {("lines", "python", "")}


def test_joined_with_line_feeds_the_chunks_are_the_document() -> None:
    text = "\n".join(f"line {n}\n" for n in range(1, 40))
    chunks = chunk(text, "a.txt", strategy="lines", max_lines=4)

    assert "\n".join(piece.text for piece in chunks) + "\n" == text


def test_bytes_end_a_chunk_before_its_lines_do() -> None:
    text = "é" * 30 + "\n"  # 60 bytes and a line feed
    chunks = chunk(text * 5, None, None, 130, strategy="lines")

    assert [(piece.start_line, piece.end_line) for piece in chunks] == [(1, 2), (3, 4), (5, 5)]


def test_a_line_over_the_limit_is_cut_between_characters() -> None:
    chunks = chunk("é" * 100 + "\nshort\n", None, None, 65, strategy="lines")

    assert [piece.text for piece in chunks] == ["é" * 32, "é" * 32, "é" * 32, "é" * 4 + "\nshort"]
    assert [piece.start_col for piece in chunks] == [0, 64, 128, 192]
