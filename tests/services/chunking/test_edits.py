"""An edit in one place changes the chunks near it, so a sync embeds and writes little."""

import random
from collections import Counter
from pathlib import Path
from statistics import mean, median

import pytest

from services.chunking import chunk

_PACKAGE = Path(__file__).parents[3] / "services" / "chunking"


_WORDS = (
    "the", "a", "river", "stone", "of", "light", "and", "under", "moves", "slowly", "while", "old", "trees",
    "keep", "their", "long", "shadow",
)  # fmt: skip


def _paragraphs() -> str:
    pick = random.Random(7)
    lengths = [pick.randint(5, 25) for _ in range(700)]
    sentences = [" ".join(pick.choices(_WORDS, k=length)).capitalize() + "." for length in lengths]
    sections = [" ".join(sentences[n : n + pick.randint(2, 7)]) for n in range(0, 700, 4)]
    return "\n\n".join(f"## Part {n}\n\n{text}" if n % 6 == 0 else text for n, text in enumerate(sections))


def _changed(text: str, filename: str, limit: int, line: int, edit: str) -> int:
    """How many chunks are new after one line was changed, doubled or taken out."""
    lines = text.split("\n")
    lines[line : line + 1] = {
        "change": [lines[line] + " changed"],
        "insert": [lines[line]] * 2,
        "delete": [],
    }[edit]
    before = Counter(piece.text for piece in chunk(text, filename, None, limit))
    after = Counter(piece.text for piece in chunk("\n".join(lines), filename, None, limit))
    return (after - before).total()


@pytest.mark.parametrize("limit", [500, 1000])
@pytest.mark.parametrize("filename", ["code.py", "markdown.py", "prose.md"])
def test_an_edit_of_one_line_changes_about_one_chunk(filename: str, limit: int) -> None:
    text = _paragraphs() if filename == "prose.md" else (_PACKAGE / filename).read_text()
    pick = random.Random(1)
    count = text.count("\n")
    changed = [
        _changed(text, filename, limit, pick.randrange(count), edit)
        for edit in ("change", "insert", "delete")
        for _ in range(15)
    ]

    assert median(changed) <= 1.2
    assert mean(changed) <= 2.5
