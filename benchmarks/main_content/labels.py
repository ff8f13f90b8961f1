"""Pages with labelled blocks: which are main content, and how sure that is."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from lxml.html import HtmlElement, fromstring  # type: ignore[import-untyped]
from numpy.typing import NDArray

from benchmarks.main_content import made
from services.parsing.formats.html.article import drop_hints
from services.parsing.formats.html.blocks import Block, Part, page_of
from services.parsing.formats.html.features import Matrix, describe
from services.parsing.formats.html.hidden.unseen import leave_out_unseen
from services.parsing.formats.html.page import title_of
from services.parsing.formats.html.tree import parse_tree

_WORD = re.compile(r"\w+")
#: A block of a page whose whole text is known, and of a page of our own making.
WHOLE, _MADE = 3.0, 0.45
#: A block that the extractors agree on, where people looked at a few phrases of a page only.
_AGREED = 0.1
#: A block with one of those few phrases.
_LOOKED_AT = 5.0


@dataclass
class Page:
    """A page with labels.

    Attributes:
        given: how sure each label is; 0 for blocks that nothing is known of.
        weight: the same, by the length of a block and the number of blocks.
    """

    corpus: str
    name: str
    site: str
    title: str
    blocks: list[Block]
    parts: list[Part]
    rows: Matrix
    content: NDArray[np.bool_]
    given: NDArray[np.float64]
    weight: NDArray[np.float64]


def articles(data: Path) -> Iterator[Page]:
    """Pages whose whole text is known."""
    truth = json.loads((data / "articles/ground-truth.json").read_text())
    for name, page in truth.items():
        html = gzip.decompress((data / f"articles/html/{name}.html.gz").read_bytes())
        body = page.get("articleBody", "")
        yield _page(
            "articles", name, page.get("url", ""), html, lambda blocks, body=body: _in_text(blocks, body)
        )


def segments(data: Path) -> Iterator[Page]:
    """Pages of which some phrases are known to be content or not."""
    truth = json.loads((data / "segments/truth.json").read_text())
    for name, page in truth.items():
        html = gzip.decompress((data / f"segments/pages/{name}.html.gz").read_bytes())
        yield _page(
            "segments", name, page["url"], html,
            lambda blocks, page=page, html=html: _by_phrases(blocks, page, _extracts(html)),
        )  # fmt: skip


def made_pages(many: int) -> Iterator[Page]:
    """Pages of our own making."""
    for seed in range(many):
        html = made.page(seed).encode()
        yield _page("made", str(seed), f"https://made-{seed}/", html, _by_marks)


def _page(corpus: str, name: str, url: str, html: bytes, label: Any) -> Page:
    root, _ = parse_tree(html)
    leave_out_unseen(root)
    body = root.find("body")
    body = root if body is None else body
    drop_hints(body)
    blocks, parts = page_of(body)
    host = urlsplit(url).hostname or name
    site = name if host.endswith("archive.org") else ".".join(host.split(".")[-2:])
    page = Page(
        corpus,
        name,
        site,
        title_of(root) or "",
        blocks,
        parts,
        np.zeros((0, 0), np.float32),
        np.zeros(0, bool),
        *(np.zeros(0),) * 2,
    )
    return described(page, *label(blocks)) if blocks else page


def described(page: Page, content: list[bool], given: list[float]) -> Page:
    """The page with these labels, and how sure each is."""
    weight = np.array(given, float)
    weight[[block.element.tag == "h1" for block in page.blocks]] = 0  # kept or not by a rule
    lengths = np.array([len(block.text) for block in page.blocks])
    weight *= np.minimum(4, np.sqrt(lengths / 60) + 0.3) * np.sqrt(100 / max(60, len(page.blocks)))
    return replace(
        page,
        rows=describe(page.blocks, page.parts, page.title),
        content=np.array(content, bool),
        given=np.array(given, float),
        weight=weight,
    )


def _in_text(blocks: list[Block], text: str) -> tuple[list[bool], list[float]]:
    """A block is content if half of its runs of four words are in the text."""
    words = _WORD.findall(text)
    joined = f" {' '.join(words)} "
    runs = set(zip(words, words[1:], words[2:], words[3:], strict=False))
    content, weight = [], []
    for block in blocks:
        own = _WORD.findall(block.text)
        mine = list(zip(own, own[1:], own[2:], own[3:], strict=False))
        content.append(
            sum(run in runs for run in mine) * 2 > len(mine) if mine else f" {' '.join(own)} " in joined
        )
        weight.append(WHOLE if mine else WHOLE / 2 if own else 0.0)
    sure = [c and w == WHOLE for c, w in zip(content, weight, strict=True)]
    return [
        c and (w == WHOLE or any(sure[max(0, i - 4) : i + 5]))
        for i, (c, w) in enumerate(zip(content, weight, strict=True))
    ], weight


def _by_phrases(
    blocks: list[Block], page: dict[str, Any], extracts: list[str]
) -> tuple[list[bool], list[float]]:
    content, weight = [], []
    wanted, unwanted = ([_flat(p) for p in page[kind]] for kind in ("with", "without"))
    for block in blocks:
        text = _flat(block.text)
        good, bad = (any(p in text or (len(text) > 8 and text in p) for p in ps) for ps in (wanted, unwanted))
        votes = [text in extract for extract in extracts]
        content.append(good if good != bad else all(votes))
        agreed = not any(votes) or (all(votes) and len(text) >= 12)
        weight.append(_LOOKED_AT if good != bad else _AGREED if agreed else 0.0)
    return content, weight


def _by_marks(blocks: list[Block]) -> tuple[list[bool], list[float]]:
    marks = [by_mark(block.element, _MADE) for block in blocks]
    return [content for content, _ in marks], [weight for _, weight in marks]


def by_mark(el: HtmlElement, weight: float) -> tuple[bool, float]:
    """Whether made content is main content, and how sure that is."""
    around = [el, *el.iterancestors()]
    beside = any(part.get("data-beside") is not None for part in around)
    return any(part.get("data-main") is not None for part in around), 0.0 if beside else weight


def _extracts(html: bytes) -> list[str]:
    import readability  # type: ignore[import-not-found]
    import trafilatura  # type: ignore[import-not-found]

    from services.parsing.formats.html.tree import declared_charset
    from services.parsing.formats.text import decode

    summary = readability.Document(decode(html, declared_charset(html))[0]).summary(html_partial=True)
    return [
        _flat(trafilatura.extract(html, include_comments=False) or ""),
        _flat(fromstring(summary).text_content()),
    ]


def _flat(text: str) -> str:
    return "".join(text.split())
