"""Quality gate: floors under what parsing reaches on real documents with known answers.

The corpora lie beside the checkout and are read in place. The scores are simple ones of our own, close to
those of the benchmark that the figures in docs/parsing.md come from.
"""

from __future__ import annotations

import gzip
import json
import re
import warnings
from collections import Counter
from collections.abc import Hashable, Iterable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from schemas.errors import DocumentError
from services.parsing import parse
from services.parsing.images import pictures
from services.parsing.images.pictures import Looked

CORPORA = Path(__file__).resolve().parents[4] / "shared" / "corpora"

if not CORPORA.is_dir():
    warnings.warn(f"no corpora at {CORPORA}: the quality of parsing is not checked", stacklevel=1)
pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason=f"no corpora at {CORPORA}")


@pytest.fixture(autouse=True)
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OCR, which costs seconds a picture and has tests of its own."""
    monkeypatch.setattr(pictures, "looked_at", lambda picture: Looked())


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def f1(true: Iterable[Hashable], found: Iterable[Hashable]) -> float | None:
    """F1 of two bags; None when both are empty."""
    a, b = Counter(true), Counter(found)
    total = sum(a.values()) + sum(b.values())
    return 2 * sum((a & b).values()) / total if total else None


def plain(token: Token) -> str:
    """The text of an inline token as it is shown."""
    kinds = {"softbreak": " ", "hardbreak": " ", "html_inline": " "}
    return "".join(kinds.get(c.type, c.content) for c in token.children or ())


def structure(markdown: str) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Headings, table cells and words of a markdown document."""
    html = [re.sub(r"<[^>]+>", " ", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", markdown, re.S)]
    text = re.sub(r"<table>.*?</table>|<!--.*?-->", "", markdown, flags=re.S)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    heads, cells, everything = [], [" ".join(words(c)) for c in html], words(" ".join(html))
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type in ("fence", "code_block"):
            everything += words(token.content)
        if token.type != "inline" or before is None:
            continue
        shown = words(plain(token))
        everything += shown
        if before.type == "heading_open":
            heads.append((before.tag, " ".join(shown)))
        elif before.type in ("td_open", "th_open"):
            cells.append(" ".join(shown))
    top = min((tag for tag, _ in heads), default="h1")
    return (
        [(str(int(tag[1]) - int(top[1])), text) for tag, text in heads],
        [c for c in cells if c],
        everything,
    )


def likeness(reference: str, found: str) -> float:
    true, ours = structure(reference), structure(found)
    scores = [f1(true[0], ours[0]), f1(true[1], ours[1]), f1(true[2], ours[2])]
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else 1.0


@pytest.mark.parametrize(
    ("kind", "floor"),
    [
        ("docx", 0.98),  # one reference leaves out heads and feet, which are content to us
        ("xlsx", 0.935),
        ("pptx", 0.995),
        ("csv", 0.995),
        ("odf", 0.97),
        ("html", 0.945),
    ],
)
def test_documents_come_out_as_their_references(kind: str, floor: float) -> None:
    folder = CORPORA / "documents" / "docling" / kind
    pairs = [(path, path.with_name(path.name + ".md")) for path in sorted(folder.iterdir())]
    scores = {
        path.name: likeness(reference.read_text(), parse(path.read_bytes(), path.name).markdown)
        for path, reference in pairs
        if reference.exists() and path.suffix != ".pdf"
    }

    assert sum(scores.values()) / len(scores) >= floor, scores


def shingles(text: str) -> list[tuple[str, ...]]:
    tokens = re.findall(r"\w+", text)
    return [tuple(tokens[at : at + 4]) for at in range(max(len(tokens) - 3, 1))]


def test_main_content_of_web_pages_is_their_article() -> None:
    """Every third page, 4-shingles."""
    truth = json.loads((CORPORA / "articles" / "ground-truth.json").read_text())
    scores = []
    for name in sorted(truth)[::3]:
        page = gzip.decompress((CORPORA / "articles" / "html" / f"{name}.html.gz").read_bytes())
        markdown = parse(page, "page.html", "text/html", main_content=True).markdown
        text = "\n".join(
            plain(t) for t in MarkdownIt("commonmark").enable("table").parse(markdown) if t.type == "inline"
        )
        scores.append(f1(shingles(truth[name]["articleBody"]), shingles(text)) or 0.0)

    assert sum(scores) / len(scores) >= 0.96


def test_every_small_file_converts_or_says_why_not() -> None:
    """Up to 200 kB each, PDF apart."""
    failed = {}
    for path in sorted((CORPORA / "documents").rglob("*")):
        if path.is_file() and path.stat().st_size < 200_000 and path.suffix not in (".pdf", ".jsonl"):
            try:
                parse(path.read_bytes(), path.name)
            except DocumentError as error:
                failed[path.name] = str(error)

    assert sorted(failed) == ["random.bin"], failed
