"""Joins lines to running text: removes hyphenation and inserts blanks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from services.parsing.markdown_writer import STRONG, STRONG_END, escape, link
from services.parsing.page.geometry import Word
from services.parsing.page.lines import blank_between, clean, joined

_BROKEN = re.compile(r"([^\W\d_]+)[-\u2010\u00ad]$")
#: A compound with two hyphens keeps the one at the end of the line, too: “state-of-the-” / “art”.
_CHAIN = re.compile(r"[^\W\d_]-[^\W\d_]+-[^\W\d_]+-$")
_TAIL = re.compile(r"^[a-zà-öø-ÿα-ωа-я]+")
HYPHENS = ("-", "\u2010", "\u00ad")
LONGEST_WORD = 60
#: An address at the end of a line that cannot end there, and what it may go on with.
_MAIL = re.compile(r"\S@(?:[\w-]*|[\w.-]*[.-])$")
_MAIL_TAIL = re.compile(r"[\w-]*\.[\w.-]*\w")
_URL = re.compile(r"(?:https?://|www\.)\S+$")
_URL_TAIL = re.compile(r"[?&=#%]\S|(?=\S*(?:[\d_=?%-]|\.\w|/\S*/))[\w.~%-]*[\w%]/\S*|\S+\.(?:html?|pdf)\b")
LONGEST_ADDRESS = 300
#: Minimum share of lines that end in a broken word in hyphenated text; below it, a hyphen at the end of a
#: line is part of the word.
HYPHENATED = 0.035

#: Emphasis is a few words within a line. A run up to the line's end may have the style of its first word.
LONGEST_STRONG = 8
_AROUND = ".,;:()[]\"'“”‘’"
#: Maximum number of different words: a large dictionary, about 20 MB.
MOST_WORDS = 200_000


@dataclass(slots=True)
class Vocabulary:
    """The words read so far and the share of broken ones at line ends, to interpret hyphens at line ends."""

    words: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    broken: int = 0

    def read(self, words: Iterable[Word]) -> None:
        """Count words; new ones only while there is room for all words of a page."""
        texts = [word.text.strip(_AROUND).lower() for word in words if len(word.text) > 1]
        if len(self.words) + len(texts) < MOST_WORDS:
            self.words.update(texts)

    def read_line(self, last: str, following: str) -> None:
        self.lines += 1
        if last[-1:] in HYPHENS and _BROKEN.search(last) and _TAIL.match(following):
            self.broken += 1

    def whole(self, head: str, tail: str) -> bool:
        """Whether `head-` at the end of a line and `tail` on the next line are one word without a hyphen."""
        stem, rest = head.lower(), tail.lower()
        if stem + rest in self.words:
            return True
        # “keyword-matching”: both are words of their own. The second was already counted once for this place.
        if f"{stem}-{rest}" in self.words or (stem in self.words and self.words[rest] > 1 and len(rest) > 2):
            return False
        return self.broken > HYPHENATED * self.lines


def append(text: str, following: str, vocabulary: Vocabulary) -> str:
    """Append the text of the next line, with a blank, a hyphen or nothing between them."""
    if not text or not following:
        return text or following
    if text.endswith("\u00ad"):
        return text[:-1] + following
    broken = _BROKEN.search(text, max(len(text) - LONGEST_WORD, 0)) if text[-1] in HYPHENS else None
    if broken:
        tail = _TAIL.match(following)  # “Alpaca-” / “GPT4”: the hyphen is part of the word
        whole = tail is not None and vocabulary.whole(broken[1], tail[0])
        if whole and not _CHAIN.search(text[-LONGEST_WORD:]) and not _URL.search(text[-LONGEST_ADDRESS:]):
            text = text[:-1]
        return text + following
    dashed = text[-1] in "/—–" and following[0].isalnum() and not text[-2:-1].isspace()
    unspaced = dashed or (_wide(text[-1]) and _wide(following[0]))
    blank = "" if unspaced or _is_cut_address(text[-LONGEST_ADDRESS:], following) else " "
    return f"{text}{blank}{following}"


def _is_cut_address(text: str, following: str) -> bool:
    """Whether a line ends within an address: of mail before its domain does, of the web before a path."""
    if "@" in text and _MAIL.search(text):
        return bool(_MAIL_TAIL.match(following)) or (text[-1] == "." and following[:2].islower())
    if following[0] == "@":
        return text[-1].isalnum() and "." in following.split(maxsplit=1)[0]
    return ("://" in text or "www." in text) and bool(_URL.search(text) and _URL_TAIL.match(following))


def _wide(char: str) -> bool:
    """Characters of scripts written without blanks: Thai, Lao, Burmese, Khmer, Chinese, Japanese."""
    if "\u0e00" <= char <= "\u0eff" or "\u1000" <= char <= "\u109f" or "\u1780" <= char <= "\u17ff":
        return True
    return "\u3040" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef" or "\u3000" <= char <= "\u303f"


def plain(lines: Iterable[Sequence[Word]], vocabulary: Vocabulary) -> str:
    """Lines of words as one plain text."""
    text = ""
    for words in lines:
        text = append(text, clean(joined(words)).strip(), vocabulary)
    return text


def inline(lines: Sequence[Sequence[Word]], vocabulary: Vocabulary) -> tuple[str, str]:
    """Lines of words as inline markdown and as plain text.

    The markdown is escaped and has links. Bold words are marked (for `markdown.tidy` to resolve) if most of
    the text is not bold.
    """
    bare = plain(lines, vocabulary)
    every = [word for words in lines for word in words]
    bold = sum([len(w.text) for w in every if w.style.bold])
    strong = 0 < bold < 0.5 * sum([len(w.text) for w in every])
    if not strong and not any(word.link for word in every):
        return escape(bare), bare
    text = ""
    for words in lines:
        text = append(text, _marked(words, strong), vocabulary)
    return text, bare


def _marked(words: Sequence[Word], strong: bool) -> str:
    out = ""
    before: Word | None = None
    for (bold, target), run in groupby(words, lambda word: (strong and word.style.bold, word.link)):
        group = list(run)
        text = escape(clean(joined(group)))
        if target:
            text = link(text, target)
        if bold and len(group) <= LONGEST_STRONG and group[-1] is not words[-1]:
            text = f"{STRONG}{text}{STRONG_END}"
        out += f" {text}" if before and blank_between(before, group[0]) else text
        before = group[-1]
    return out.strip()
