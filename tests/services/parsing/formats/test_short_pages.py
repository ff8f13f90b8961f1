"""Main content of short pages: lists, tables, folded answers, threads, as 25 kinds of sites make them.

In each page elements with `data-content` are its content; those with `data-beside`, and headings of the first
level, may be kept or not; the rest is not content. The parser reads neither attribute.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from lxml import html  # type: ignore[import-untyped]
from markdown_it import MarkdownIt

from services.parsing import parse

PAGES = sorted((Path(__file__).parent / "short_pages").glob("*.html"))
_NO_TEXT = "//script | //style | //noscript | //button | //title"
_EITHER = "//*[@data-beside] | //h1"


def letters(text: str) -> Counter[str]:
    """The words of a text; runs of letters without spaces, as in Japanese, count as one."""
    return Counter("".join(c.lower() if c.isalnum() else " " for c in text).split())


def measured(page: bytes) -> tuple[float, float]:
    """Which share of what is kept is content, and which share of the content is kept."""
    markdown = parse(page, "page.html", main_content=True).markdown
    shown = html.fromstring(f"<div>{MarkdownIt('commonmark').enable('table').render(markdown)}</div>")
    found = letters(" ".join(shown.itertext()))
    root = html.document_fromstring(page, parser=html.HTMLParser(encoding="utf-8"))
    for el in root.xpath(_NO_TEXT):
        el.drop_tree()
    for el in root.xpath(_EITHER):
        found -= letters(" ".join(el.itertext()))
        el.drop_tree()
    wanted = letters(" ".join(text for el in root.xpath("//*[@data-content]") for text in el.itertext()))
    kept = (wanted & found).total()
    return kept / (found.total() or 1), kept / wanted.total()


def test_short_pages_keep_their_content_and_little_else() -> None:
    measures = [measured(path.read_bytes()) for path in PAGES]
    precision, recall = (sum(each) / len(PAGES) for each in zip(*measures, strict=True))

    assert len(PAGES) == 67
    assert recall >= 0.95
    assert precision >= 0.85


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_short_page_comes_out_without_content(path: Path) -> None:
    assert measured(path.read_bytes())[1] > 0.3
