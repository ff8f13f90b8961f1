"""The laws hold for any text in any language, strategy and limit."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chunking import chunk
from tests.services.chunking.laws import assert_laws
from tests.services.chunking.samples import FILENAMES

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
).map("".join)
_LIMITS = st.sampled_from([64, 65, 100, 257, 1000, 4096])
_QUICK = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("filename", [*FILENAMES.values(), "a.md", "a.txt"])
@_QUICK
@given(text=_TEXT, limit=_LIMITS)
def test_any_text_obeys_the_laws(filename: str, text: str, limit: int) -> None:
    assert_laws(text, chunk(text, filename, None, limit), limit)
