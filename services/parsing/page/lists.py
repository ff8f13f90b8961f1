"""List markers: bullets, numbers, letters, roman numerals."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.parsing.page.geometry import Word
from services.parsing.page.lines import GAP, Line, line_of, split_row

BULLETS = "•◦▪■□●○‣⁃∙·–—−-*➢➤►▶❖✓✔☐☑☒❑❒♦◆◇▷→⇒➔➜✗✘\uf0b7\uf0a7\uf0d8\uf076\uf0fc\uf02d"
_DASHES, _DOTS = "-–—−·*", "•◦▪■□●○‣"
_BULLET = re.compile(f"[{re.escape(BULLETS)}]|o")
#: A capital with a full stop is far more often an initial (`J. Doe`) than an item number.
_NUMBER = re.compile(r"\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]|\(?[A-Z]\)|\([IVX]{1,5}\)")
_CLAUSE = re.compile(r"\d{1,2}(?:\.\d{1,2})+\.?")

#: The text of an item is further from a bare number than a word from another (in font sizes).
LABEL_GAP = 0.4


def is_bullet(text: str) -> bool:
    """Whether a word is a bullet: also a sign that the font does not explain (all others are letters)."""
    return bool(_BULLET.fullmatch(text)) or (len(text) == 1 and not text.isprintable())


def is_number(text: str) -> bool:
    """Whether a word numbers an item: `3.`, `(a)`, `iv)`."""
    return bool(_NUMBER.fullmatch(text))


def is_marker(text: str) -> bool:
    return is_bullet(text) or is_number(text)


def begins_item(text: str) -> bool:
    """Whether a word is a marker, or numbers a clause: `2.1`."""
    return is_marker(text) or bool(_CLAUSE.fullmatch(text))


def marker(text: str) -> str:
    """Convert a marker to markdown: `3.` stays, all others become a dash."""
    digits = re.fullmatch(r"\(?(\d{1,9})[.)]", text)
    return f"{int(digits[1])}." if digits else "-"


def kept_label(text: str) -> str:
    """The marker if markdown cannot express it, so that the text keeps it (`(a)`, `iv.`, `✔`); else empty."""
    return (
        "" if (is_bullet(text) and text not in "✓✔✗✘☐☑☒") or re.fullmatch(r"\(?\d{1,9}[.)]", text) else text
    )


def without_outer(lines: Sequence[Line]) -> list[Line]:
    """Lines with one marker each. Where an item begins with a list of its own, two stand before one text, and
    the inner one begins the next item, too: of two bullets that one is kept, of a number and a bullet the
    number. A dash before a dot is none. Code keeps all, and so does an item whose text begins with a sign."""
    out: list[Line] = []
    following: Word | None = None  # the marker of the next item
    for line in reversed(lines):
        words = line.words
        if is_marker(words[0].text):
            if _is_dotted(words) or (following is not None and _is_inner(words, following)):
                words = [words[0], *words[2:]] if is_number(words[0].text) else words[1:]
                line = line_of(split_row(words, GAP))
            following = words[0]
        out.append(line)
    return out[::-1]


def _is_dotted(words: Sequence[Word]) -> bool:
    """Whether a dash stands before a dot and a text."""
    return len(words) > 2 and words[0].text in _DASHES and words[1].text in _DOTS


def _is_inner(words: Sequence[Word], following: Word) -> bool:
    """Whether the second word is a marker as the one of the next item, and no sign between texts."""
    if len(words) < 3 or words[-1].style.mono or any(word.text == words[1].text for word in words[2:]):
        return False
    sign = words[1]
    return is_bullet(sign.text) and sign.text == following.text and abs(sign.x0 - following.x0) < 2


def mark_numbers(lines: Sequence[Line]) -> None:
    """Put a full stop behind bare numbers that count lines up, as some programs print them before the items
    of a list. Below a line with the same columns, they number the rows of a table."""
    runs: list[list[Line]] = []
    for above, line in zip([None, *lines], lines, strict=False):
        if not _is_numbered(line):
            continue
        run = next((run for run in reversed(runs) if _has_columns_of(line, run[-1])), None)
        if run is not None and int(line.words[0].text) == int(run[-1].words[0].text) + 1:
            run.append(line)
        elif above is None or len(above.pieces) == 1 or not _has_columns_of(line, above):
            runs.append([line])
    for line in (line for run in runs if len(run) > 1 for line in run):
        line.words[0].text += "."


def _is_numbered(line: Line) -> bool:
    """Whether a line is a short number in regular type, a gap, and text."""
    if len(line.words) < 2 or len(line.pieces) > 2:
        return False
    label, text = line.words[:2]
    short = label.text.isdecimal() and len(label.text) < 4 and not label.style.bold
    return short and text.text[0].isalpha() and text.x0 - label.x1 > LABEL_GAP * text.style.size


def _has_columns_of(line: Line, other: Line) -> bool:
    return abs(line.words[1].x0 - other.pieces[-1].x0) < 2 or abs(line.words[1].x0 - other.words[1].x0) < 2
