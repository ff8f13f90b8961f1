"""Describes the blocks of a page by numbers, from which a classifier tells content from furniture.

The numbers say what a block is (its length, links, marks of sentences), where it stands (tags and names
around it, its place in the page), and what its neighbours and the parts that hold it are like.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from lxml.html import HtmlElement  # type: ignore[import-untyped]
from numpy.typing import NDArray

from services.parsing.formats.html.blocks import Block, Part

Matrix = NDArray[np.float32]
_Indexes = NDArray[np.intp]

#: A text without these words matches the pattern beside it nowhere. Most pages hold few of them.
_IN_SITE = (
    *(
        "cookie",
        "javascript",
        "newsletter",
        "subscri",
        "sign",
        "log",
        "privacy",
        "terms",
        "your",
        "rights",
        "©",
    ),
    *(
        "datenschutz",
        "abonn",
        "registr",
        "comment",
        "facebook",
        "twitter",
        "instagram",
        "whatsapp",
        "youtube",
    ),
)
_IN_CREDIT = ("photo", "image", "picture", "foto", "bild", "video", "getty", "reuters", "afp", "shutterstock",
              "istock", "source:", "quelle:")  # fmt: skip
_DIGITS, _CAPITALS = b"0123456789", bytes(range(65, 91))
_MARKS = re.compile(r"[.!?…。！？]")
_WORD = re.compile(r"\w+")
_LEADS_AWAY = re.compile(
    r"\W*(?:read (?:more|also|next|the full)|also read|related|see also|more (?:from|on|stories|:)|"
    r"recommended|advertis|share (?:this|on)|follow|sign up|subscribe|click|watch|listen|"
    r"don.?t miss|continue reading|"
    r"tags?:|filed under|topics:|leia (?:mais|tamb)|l[eé]a |lesen sie|mehr zu|lire aussi|"
    r"leggi anche|lees ook|"
    r"czytaj|читайте|weitere)",
)
_OF_THE_SITE = re.compile(
    r"cookie|javascript|newsletter|subscri|sign up|log ?in|privacy|terms of|"
    r"your (?:e-?mail|inbox|comment|account|browser)|all rights reserved|©|datenschutz|"
    r"abonn|registr|comment|facebook|"
    r"twitter|instagram|whatsapp|youtube",
)
_CREDIT = re.compile(
    r"(?:photo|image|picture|foto|bild|video)[\w ]{0,12}(?:[:/]|by|credit|courtesy)|getty|reuters|afp\b|"
    r"\bap photo|shutterstock|istock|\(image|source:|quelle:",
)
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\d{1,2}[:.]\d\d|\d{1,2}[./]\d{1,2}[./]")
_SIGNS = re.compile(r"[|»›•·→#@]")
_KINDS = {tag: kind for kind, tags in enumerate((
    ("p",), ("li",), ("h1",), ("h2", "h3"), ("h4", "h5", "h6"), ("td", "th"),
    ("div", "section", "article", "body"), ("blockquote",), ("pre",), ("dt", "dd"), ("figcaption", "caption"),
    ("summary",))) for tag in tags}  # fmt: skip
_WRAPS = {tag: i + 2 for i, tag in enumerate(("a", "strong", "b", "em", "i", "small", "span", "font",
                                              "label", "time", "button", "code", "cite"))}  # fmt: skip
_NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
_LEVELS = 5


def describe(blocks: list[Block], parts: list[Part], title: str) -> Matrix:
    """A row of numbers for each block of a page with this title."""
    lower = [block.text.lower() for block in blocks]
    said = "\n".join(lower)
    one = Alone(
        frozenset(_WORD.findall(title.lower())),
        tuple(word for word in _IN_SITE if word in said),
        tuple(word for word in _IN_CREDIT if word in said),
    )
    alone = np.array([one.described(*each) for each in zip(blocks, lower, strict=True)], np.float32)
    depths = np.array([block.part.depth for block in blocks], np.float32)[:, None]
    levels = depths - np.array([block.part.seen for block in blocks], np.float32)
    columns = [
        alone,
        depths,
        1 / (1 + levels),
        levels < 4,
        levels < 90,
        one_hot([_KINDS.get(block.element.tag, len(_KINDS)) for block in blocks], len(_KINDS) + 1),
        one_hot([_wrapped(block.element) for block in blocks], len(_WRAPS) + 2),
        *(shifted(alone[:, :4], by) for by in _NEIGHBOURS),
        _place(blocks, parts),
        _around(blocks, parts),
    ]
    return np.hstack([np.asarray(column, np.float32) for column in columns])


def one_hot(values: list[int], size: int) -> Matrix:
    return np.eye(size, dtype=np.float32)[values]


def shifted(rows: Matrix, by: int) -> Matrix:
    """The rows of the neighbours that stand `by` rows further; -1 where there is none."""
    result = np.full_like(rows, -1)
    if abs(by) < len(rows):
        if by > 0:
            result[:-by] = rows[by:]
        else:
            result[-by:] = rows[:by]
    return result


@dataclass(frozen=True)
class Alone:
    """Describes what a block tells by itself.

    Attributes:
        title: the words of the page's title.
        site, credit: words that the page holds, without which `_OF_THE_SITE` and `_CREDIT` match nothing.
    """

    title: frozenset[str]
    site: tuple[str, ...]
    credit: tuple[str, ...]

    def described(self, block: Block, lower: str) -> list[float]:
        text = block.text
        chars = len(text)
        words = _WORD.findall(lower)
        many = len(words) or 1
        own = len(self.title.intersection(words))
        marks, signs, digits, capitals = sign_counts(text)
        of_site = len(_OF_THE_SITE.findall(lower)) if any(word in lower for word in self.site) else 0
        credit = any(word in lower for word in self.credit) and _CREDIT.search(lower) is not None
        return [
            math.log1p(chars), block.linked / chars, block.ends, block.running > 0,
            marks / many, text.count(",") / many,
            digits / chars, capitals / chars, min(chars / many, 20),
            _LEADS_AWAY.match(lower) is not None, of_site, credit,
            digits > 0 and _DATE.search(text) is not None, signs, text[0].islower(),
            own / many, own / (len(self.title) or 1),
        ]  # fmt: skip


def sign_counts(text: str) -> tuple[int, int, int, int]:
    """How many marks of sentences, signs, digits and capital letters a text has."""
    if text.isascii():
        raw, count = text.encode(), text.count
        digits, capitals = len(raw.translate(None, _DIGITS)), len(raw.translate(None, _CAPITALS))
        return (
            count(".") + count("!") + count("?"),
            count("|") + count("#") + count("@"),
            len(raw) - digits,
            len(raw) - capitals,
        )
    return (
        len(_MARKS.findall(text)),
        len(_SIGNS.findall(text)),
        sum(map(str.isdigit, text)),
        sum(map(str.isupper, text)),
    )


def _wrapped(el: HtmlElement) -> int:
    """Which inline element holds the text of a block: 0 none, 1 another or several."""
    if not len(el) or (el.text or "").strip() or (el[-1].tail or "").strip():
        return 0
    return _WRAPS.get(el[0].tag, 1) if len(el) == 1 else 1


def _place(blocks: list[Block], parts: list[Part]) -> Matrix:
    """Where a block stands in its page, how often there are such, and what the page is like."""
    page, best, many = parts[0], _best(parts), len(blocks)
    chars = np.array([len(block.text) for block in blocks])
    running = np.array([block.running for block in blocks])
    places = np.arange(many)
    same = Counter(block.text for block in blocks)
    likes = [like(block.part) for block in blocks]
    alike = Counter(likes)
    first = next((i for i, block in enumerate(blocks) if block.element.tag == "h1"), None)
    inside = [_levels_below(block.part, best) for block in blocks]
    rows = np.column_stack([
        places / many,
        (np.cumsum(chars) - chars) / page.chars,
        (np.cumsum(running) - running) / (page.running or 1),
        np.minimum([same[block.text] for block in blocks], 5),
        np.log1p([alike[each] for each in likes]),
        places < first if first is not None else np.zeros(many),
        (places - first) / many if first is not None else np.zeros(many),
        inside,
        np.greater_equal(inside, 0),
    ])  # fmt: skip
    whole = [np.log1p(page.chars), page.running / page.chars, page.links / page.chars, np.log1p(many),
             best.running / (page.running or 1), best.depth, first is not None]  # fmt: skip
    return np.hstack([rows, np.tile(np.array(whole), (many, 1))]).astype(np.float32)


def like(part: Part) -> tuple[int, str, str]:
    """What parts that repeat in a page have in common."""
    el = part.element
    return id(part.above), el.tag, (el.get("class") or "").partition(" ")[0]


def _best(parts: list[Part]) -> Part:
    """The part whose running text most outweighs its links and scraps; the innermost of equals."""
    return max(parts, key=lambda part: (part.running - part.links - 10 * part.scraps, part.depth))


def _levels_below(part: Part, best: Part) -> int:
    """How many levels a part lies in the best one, up to 6; -1 if it lies outside."""
    above: Part | None = part
    while above is not None and above is not best:
        above = above.above
    return -1 if above is None else min(part.depth - best.depth, 6)


def upwards(blocks: list[Block], parts: list[Part], levels: int) -> list[_Indexes]:
    """For each level, the part that lies so far above each block; the page at most."""
    above = np.array([part.above.index if part.above else 0 for part in parts])
    at = np.array([block.part.index for block in blocks])
    found = []
    for _ in range(levels):
        at = above[at]
        found.append(at)
    return found


def _around(blocks: list[Block], parts: list[Part]) -> Matrix:
    """What the parts around a block are like, the nearest first."""
    page = parts[0]
    sums = np.array([(p.running, p.chars, p.links, p.blocks) for p in parts], np.float32)
    running, chars, links, many = sums.T
    chars, many = np.maximum(chars, 1), np.maximum(many, 1)
    kinds = np.column_stack([running / (page.running or 1), running / chars, links / chars, np.log1p(many),
                             np.log1p(chars / many)])  # fmt: skip
    return np.hstack([kinds[at] for at in upwards(blocks, parts, _LEVELS)]).astype(np.float32)
