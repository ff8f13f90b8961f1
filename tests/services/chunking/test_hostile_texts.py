"""Texts that begin like a structure again and again: each once took for ever.

Nothing is timed: what is wrong here does not end.
"""

import pytest

from services.chunking import chunk

#: Enough that quadratic work outlives the time of a test.
MANY = 60_000

TEXTS = {
    "attributes of no table": ("a.adoc", "\n[format=" + "header" * MANY + "\n"),
    "head of no table": ("a.textile", "a\n|_" + "." * 10 * MANY + "\n|a|\n"),
    "tables that never end": ("a.tex", "\n" + "\\hline \\begin{tabular}\n" * MANY),
    "headings behind a long text": ("a.txt", "word word word.\n" * MANY + "\n\n= a =\n\ntext" * MANY),
    "objects in objects": ("a.js", "var a=" + "{a:" * (MANY // 2) + "1" + "}" * (MANY // 2)),
}


@pytest.mark.parametrize(("name", "text"), TEXTS.values(), ids=list(TEXTS))
def test_a_text_is_read_in_one_pass(name: str, text: str) -> None:
    chunks = chunk(text, name)

    assert "".join("".join(part.text for part in chunks).split()) == "".join(text.split())
