"""The laws hold for any text in any language, strategy and limit."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import CorruptDocument, RequestError
from services.chunking import MIN_SIZE_BYTES, chunk
from tests.services.chunking.laws import assert_laws
from tests.services.chunking.samples import FILENAMES, SAMPLES

#: Pieces that mean something to one grammar or the other, and everything that text can hide.
_TOKENS = st.one_of(
    st.sampled_from(
        ["def f(x):", "class A:", "func a() {", "end\n", "{", "}", "(", ")", "[", "]", ";", ",", ": "]
    ),
    st.sampled_from(
        ["\n", "\n\n", "\r\n", "\t", "    ", '"', "'", '"""', "`", "// c", "/* c */", "\\n\\n", "<p>"]
    ),
    st.sampled_from(
        ["```", "~~~", "# ", "## ", "- ", "1. ", "> ", "| a | b |\n", "|---|---|\n", "---", "= T ="]
    ),
    st.sampled_from(
        ["\x00", "\ufeff", "é", "漢字。", "🙂", "e\u0301", "\u2028", "\x0c", "\x85", "\xa0", "a. B"]
    ),
)
_TEXT = st.lists(
    st.one_of(_TOKENS, st.text(st.characters(exclude_categories=["Cs"]), max_size=20)), max_size=60
)
_LIMITS = st.sampled_from([64, 65, 100, 257, 1000, 4096])
_QUICK = settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
_EVERY_FILE = [*FILENAMES.values(), "a.md", "a.txt"]

_ODD = {
    "Windows line ends": "def f():\r\n    return 1\r\n\r\n" * 40,
    "no line feed at the end": "one\ntwo\nthree",
    "a byte order mark": "\ufeffimport os\n" * 30,
    "NUL characters": "a = 'x\x00y'\n" * 30,
    "four-byte characters": "x" + "🙂" * 500,
    "a line without spaces": "x" * 5000,
    "a line without spaces, and its end": "x" * 5000 + "\n",
    "a minified line": "function f(a){return a+1};" * 300,
    "a long line of words": "word " * 2000,
    "only old line ends": "one\rtwo\r" * 100,
    "Chinese prose": "这是一个很长的句子，没有空格。" * 100,
    "deep nesting": "(" * 8_000 + ")" * 8_000,
    "deep lists": "".join("  " * n + "- item\n" for n in range(300)),
    "deep objects": '{"a":' * 5000 + "1" + "}" * 5000,
    "blank lines": "\n\n\n  \n\t\nx\n" * 50,
}


@pytest.mark.parametrize("filename", _EVERY_FILE)
@_QUICK
@given(tokens=_TEXT, limit=_LIMITS)
def test_any_text_obeys_the_laws(filename: str, tokens: list[str], limit: int) -> None:
    text = "".join(tokens)
    assert_laws(text, chunk(text, filename, None, limit), limit)


@settings(deadline=None, max_examples=100)
@given(tokens=_TEXT, limit=_LIMITS, max_lines=st.integers(1, 12))
def test_lines_obey_the_laws_and_their_own_limit(tokens: list[str], limit: int, max_lines: int) -> None:
    text = "".join(tokens)
    chunks = chunk(text, "a.py", None, limit, strategy="lines", max_lines=max_lines)

    assert_laws(text, chunks, limit)
    assert all(piece.end_line - piece.start_line < max_lines for piece in chunks)


@pytest.mark.parametrize("text", _ODD.values(), ids=_ODD.keys())
@pytest.mark.parametrize("filename", ["a.py", "a.js", "a.json", "a.html", "a.md", "a.txt", "a.yaml"])
def test_odd_documents_obey_the_laws(filename: str, text: str) -> None:
    for limit in (64, 1000):
        assert_laws(text, chunk(text, filename, None, limit), limit)


@pytest.mark.parametrize("language", SAMPLES)
def test_the_same_input_gives_the_same_chunks(language: str) -> None:
    text = SAMPLES[language]
    first, second = (chunk(text, FILENAMES[language], None, 200) for _ in range(2))

    assert first == second
    assert_laws(text, first, 200)


@pytest.mark.parametrize("text", ["", " ", "\n\n\t\n", "\u3000\n"])
@pytest.mark.parametrize("filename", ["a.py", "a.md", "a.txt"])
def test_a_blank_document_has_no_chunks(filename: str, text: str) -> None:
    assert chunk(text, filename) == []
    assert chunk(text, filename, strategy="lines") == []


def test_a_limit_below_the_least_is_refused_with_its_name_and_both_values() -> None:
    with pytest.raises(RequestError, match=rf"max_size_bytes is 0; it must be at least {MIN_SIZE_BYTES}"):
        chunk("x", max_size_bytes=0)
    with pytest.raises(RequestError, match="max_lines is 0; it must be at least 1"):
        chunk("x", strategy="lines", max_lines=0)


def test_half_a_surrogate_pair_is_a_corrupt_document() -> None:
    with pytest.raises(CorruptDocument, match=r"character 2 of a\.txt .*U\+D800"):
        chunk("ab\ud800", "a.txt")
