from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UnsupportedFormat
from services.parsing import parse
from services.parsing.formats.text import decode


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_utf8_comes_back_unchanged(text: str) -> None:
    data = text.encode()

    assert decode(data)[0].encode().removeprefix(b"") == data.removeprefix(b"\xef\xbb\xbf")


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0\x1a"), max_size=200).filter(
        lambda t: not t.startswith(("<", "%", "PK"))
    )
)
def test_source_code_passes_through_with_every_line_where_it_was(text: str) -> None:
    document = parse(text.encode(), "module.py")

    assert document.markdown == text.removeprefix("\ufeff")
    assert document.language == "python"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "utf-16-be", "cp1252", "utf-8-sig"])
def test_other_encodings_are_read_and_said(encoding: str) -> None:
    text = "Grüße aus Köln – wie schön, daß es hier weitergeht.\n" * 3

    decoded, warnings = decode(text.encode(encoding))

    assert decoded == text
    assert bool(warnings) == (encoding != "utf-8-sig")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_text_without_a_mark_is_seen_even_where_its_bytes_would_pass_for_utf8(encoding: str) -> None:
    text = "plain words, all of them ASCII\n" * 3

    assert decode(text.encode(encoding)) == (text, (f"encoding: {encoding} (detected)",))


def test_a_declared_charset_wins_over_detection() -> None:
    assert decode("Привет".encode("koi8-r"), "koi8-r") == ("Привет", ())


def test_bytes_that_are_no_text_are_unsupported() -> None:
    with pytest.raises(UnsupportedFormat, match="not text"):
        decode(bytes(range(1, 200)) * 10)
