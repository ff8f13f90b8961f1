"""List markers: bullets, numbers, letters, roman numerals."""

from __future__ import annotations

import re

BULLETS = "•◦▪■□●○‣⁃∙·–—−-*➢➤►▶❖✓✔❑❒♦◆\uf0b7\uf0a7\uf0d8\uf076\uf0fc\uf02d"
_BULLET = re.compile(f"[{re.escape(BULLETS)}]|o")
#: A capital with a full stop is far more often an initial (`J. Doe`) than an item number.
_NUMBER = re.compile(r"\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]|\(?[A-Z]\)|\([IVX]{1,5}\)")


def is_bullet(text: str) -> bool:
    """Whether a word is a bullet: also a sign that the font does not explain (all others are letters)."""
    return bool(_BULLET.fullmatch(text)) or (len(text) == 1 and not text.isprintable())


def is_number(text: str) -> bool:
    """Whether a word numbers an item: `3.`, `(a)`, `iv)`."""
    return bool(_NUMBER.fullmatch(text))


def is_marker(text: str) -> bool:
    return is_bullet(text) or is_number(text)


def marker(text: str) -> str:
    """Convert a marker to markdown: `3.` stays, all others become a dash."""
    digits = re.fullmatch(r"\(?(\d{1,9})[.)]", text)
    return f"{int(digits[1])}." if digits else "-"


def kept_label(text: str) -> str:
    """The marker if markdown cannot express it, so that the text keeps it (`(a)`, `iv.`, `✔`); else empty."""
    return "" if (is_bullet(text) and text not in "✓✔") or re.fullmatch(r"\(?\d{1,9}[.)]", text) else text
