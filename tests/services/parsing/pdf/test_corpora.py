"""A sample of PDFs laid out from known markdown: floors for what must come back.

The corpora lie beside the repository and are read in place; without them these tests are skipped.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from schemas.errors import DocumentError
from services.parsing.pdf import parse_pdf

DOCUMENTS = Path(__file__).resolve().parents[4].parent / "shared" / "corpora" / "documents"
RENDERED = sorted((DOCUMENTS / "rendered").glob("*.pdf"))[::4]
OTHERS = [
    path
    for folder in ("unstructured", "markitdown", "docling")
    for path in sorted((DOCUMENTS / folder).rglob("*.pdf"))
    if path.stat().st_size < 120_000
]

pytestmark = pytest.mark.skipif(not RENDERED, reason=f"no corpora at {DOCUMENTS}")


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", re.sub(r"<[^>]+>|!\[[^\n]*", " ", text).lower()))


def headings(markdown: str) -> list[str]:
    return [" ".join(re.findall(r"\w+", h.lower())) for h in re.findall(r"^#+ (.*)$", markdown, re.M)]


@pytest.mark.parametrize("path", RENDERED, ids=lambda p: p.stem)
def test_the_words_and_most_headings_come_back_and_running_lines_do_not(path: Path) -> None:
    truth, found = path.with_suffix(".md").read_text(), parse_pdf(path.read_bytes()).markdown

    same = sum((words(truth) & words(found)).values())
    assert 2 * same / (words(truth).total() + words(found).total()) > 0.97
    true_headings = headings(truth)
    assert sum(h in headings(found) for h in true_headings) >= 0.6 * len(true_headings)
    for line in json.loads(path.with_suffix(".json").read_text())["must_not_hold"]:
        assert line not in found


@pytest.mark.parametrize("path", OTHERS, ids=lambda p: p.stem)
def test_every_small_file_converts_or_fails_with_a_clean_error(path: Path) -> None:
    try:
        document = parse_pdf(path.read_bytes(), scan_seconds=0.0, picture_seconds=-1.0)
    except DocumentError as error:
        assert "PDF" in str(error)  # noqa: PT017  (both ends are right; only other errors are not)
    else:
        ends = [page.end for page in document.pages]
        assert ends == sorted(ends)
        assert not ends or ends[-1] <= len(document.markdown)
