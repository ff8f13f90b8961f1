from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UnsupportedFormat
from services.parsing import parse
from services.parsing.formats.text import decode
from tests.services.parsing.formats.short_texts import OTHERS, WESTERN


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


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "iso8859-15"])
@pytest.mark.parametrize("language", WESTERN)
def test_a_few_western_words_are_read_as_western(language: str, encoding: str) -> None:
    texts = [text for text in WESTERN[language] if not text.isascii() and "€" not in text]

    for text in texts:
        with contextlib.suppress(UnicodeEncodeError):
            assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize(("language", "encoding"), OTHERS)
@pytest.mark.parametrize("times", [1, 6])
def test_a_few_words_of_other_scripts_and_languages_are_read_as_these(
    language: str, encoding: str, times: int
) -> None:
    for text in OTHERS[language, encoding]:
        lines = "\n".join([text] * times)
        assert decode(lines.encode(encoding))[0] == lines


def test_a_broken_byte_does_not_make_utf8_something_else() -> None:
    lines = "Größe ok\n" + "dritte Zeile: Übermaß\n" * 10

    decoded, warnings = decode(lines.encode() + b"broken \xff\xfe\n")

    assert decoded == lines + "broken \ufffd\ufffd\n"
    assert warnings == ("encoding: utf-8, not followed at 2 places",)


def test_a_declared_charset_wins_over_detection() -> None:
    assert decode("Привет".encode("koi8-r"), "koi8-r") == ("Привет", ())


def test_bytes_that_are_no_text_are_unsupported() -> None:
    with pytest.raises(UnsupportedFormat, match="not text"):
        decode(bytes(range(1, 200)) * 10)
