"""Checks a transcript of a page against the words on the page.

A model that reads a picture may invent, omit and miscopy. The words that the page itself holds (or that OCR
found on it) tell: its words must be those of the page, and its figures, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.parsing.page.geometry import Word
from services.parsing.page.lines import usual

#: Marks of a transcript that are not text of the page: descriptions of pictures, targets of links, tags,
#: LaTeX environments and commands.
_MARKUP = re.compile(
    r"!\[[^\]]*\]\([^)]*\)|(?<=\])\([^)\s]*\)|</?[a-z][^>]*>|\\(?:begin|end)\{[^}]*\}|\\[a-zA-Z]+", re.I
)
_LETTERS = re.compile(r"[^\W\d_]+")
#: Runs of at least two digits. Separators do not matter, and single digits prove little.
_FIGURE = re.compile(r"\d{2,}")
#: Scripts that do not put blanks between words.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
#: Shorter words are on any page.
_SHORTEST = 3


@dataclass(frozen=True)
class _Shares:
    """Least shares: of the transcript's words and figures that are on the page, and of the page's words and
    figures that the transcript keeps."""

    words: float
    words_kept: float
    figures: float
    figures_kept: float


#: The words of the page are right. A twentieth of its figures may be page numbers or labels in a drawing.
#: None may be new, unless there are many: 2 % of 50 figures are one.
_PRINTED = _Shares(words=0.8, words_kept=0.7, figures=0.98, figures_kept=0.95)
#: OCR misreads and misses; what it found still tells an invented page from a transcript.
_SCANNED = _Shares(words=0.5, words_kept=0.4, figures=0.7, figures_kept=0.7)
#: With fewer words, OCR has found too little to judge by.
_FEWEST = 8


def contradiction(markdown: str, words: Sequence[Word], scanned: bool) -> str | None:
    """Why a transcript cannot be one of a page with these words; None if it can.

    Args:
        scanned: the words come from OCR. If it found few, or another script, they prove nothing.
    """
    page = " ".join(word.text for word in words)
    text = _MARKUP.sub(" ", markdown)
    said, there = set(_terms(text)), set(_terms(page))
    least = _SCANNED if scanned else _PRINTED
    if scanned and (len(there) < _FEWEST or _script(text) != _script(page)):
        return None
    if there and not said and not _figures(text):
        return "its answer has no text"
    return _words_differ(said, there, text, page, least) or _figures_differ(text, page, least)


def _words_differ(said: set[str], there: set[str], text: str, page: str, least: _Shares) -> str | None:
    invented = _absent(said, there, page)
    if invented > max(1, (1 - least.words) * len(said)):
        return f"only {1 - invented / len(said):.0%} of the words of its answer are on the page"
    lost = _absent(there, said, text)
    if lost > max(1, (1 - least.words_kept) * len(there)):
        return f"its answer has only {1 - lost / len(there):.0%} of the words of the page"
    return None


def _figures_differ(text: str, page: str, least: _Shares) -> str | None:
    said, there = _figures(text), _figures(page)
    lost = there - said
    if lost.total() > (1 - least.figures_kept) * there.total():
        return f"the figures {_few(lost)} are missing from its answer"
    invented = Counter({figure: n for figure, n in said.items() if figure not in there})
    if invented.total() > (1 - least.figures) * said.total():
        return f"the figures {_few(invented)} are not on the page"
    return None


def _few(figures: Iterable[str]) -> str:
    return ", ".join(list(figures)[:3])


def _absent(terms: Iterable[str], others: set[str], other: str) -> int:
    """How many terms another text lacks, also where blanks and hyphens part its words differently."""
    whole = "".join(_LETTERS.findall(_folded(other)))
    return sum(term not in others and term not in whole for term in terms)


def _terms(text: str) -> Iterator[str]:
    for run in _LETTERS.findall(_folded(text)):
        if _UNSPACED.search(run):
            yield from (run[at : at + 2] for at in range(max(len(run) - 1, 1)))
        elif len(run) >= _SHORTEST:
            yield run


def _figures(text: str) -> Counter[str]:
    return Counter("".join(str(int(c)) for c in found) for found in _FIGURE.findall(_folded(text)))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("\u00ad", "").casefold()


def _script(text: str) -> str:
    """The first word of the Unicode name of most letters: LATIN, CYRILLIC, ARABIC, CJK …"""
    return usual(((unicodedata.name(c, "").split(" ")[0], 1) for c in text if c.isalpha()), "")
