"""Emphasis in inline text, marked by private-use characters until the whole line is known.

The marks then become asterisks. Neighbouring runs merge; marks that CommonMark would not recognise are
dropped.
"""

from __future__ import annotations

import re

STRONG, STRONG_END, EMPH, EMPH_END = "\ue000", "\ue001", "\ue002", "\ue003"
STRIKE, STRIKE_END = "\ue004", "\ue005"

_MARKS = re.compile("[\ue000-\ue005]")
_REPEATED = re.compile("\ue001( ?)\ue000|\ue003( ?)\ue002|\ue005()\ue004")
_EMPTY = re.compile("\ue000(\\s*)\ue001|\ue002(\\s*)\ue003|\ue004(\\s*)\ue005")
_OUTER_SPACE = re.compile("([\ue000\ue002\ue004])(\\s+)|(?<!\\s)(\\s++)([\ue001\ue003\ue005])")
_SHOWN = tuple(
    (opening, re.compile(f"{opening}([^{opening}{closing}\n]+){closing}"), mark)
    for opening, closing, mark in (
        (STRIKE, STRIKE_END, "~~"),
        (EMPH, EMPH_END, "*"),
        (STRONG, STRONG_END, "**"),
    )
)
_BLANKS = re.compile(" {2,}")
_EDGE = re.compile("[\\s\ue000-\ue005]*")


def has_marks(text: str) -> bool:
    return not text.isascii() and _MARKS.search(text) is not None


def without_emphasis(text: str) -> str:
    return _MARKS.sub("", text)


def outer_blanks(text: str) -> tuple[str, str, str]:
    """A text and the blanks around it, also those between its marks and its words."""
    lead, tail = _EDGE.match(text)[0], _EDGE.match(text[::-1])[0][::-1]  # type: ignore[index]
    body = text[len(lead) : len(text) - len(tail)]
    inner = "".join(_MARKS.findall(lead)) + body + "".join(_MARKS.findall(tail))
    return without_emphasis(lead), inner, without_emphasis(tail)


def resolve(text: str) -> str:
    """Replace emphasis marks by asterisks; drop those that CommonMark would not recognise."""
    previous = ""
    while previous != text:
        previous = text
        text = _REPEATED.sub(lambda m: m[1] or m[2] or m[3] or "", text)
        text = _EMPTY.sub(lambda m: m[1] or m[2] or m[3] or "", text)
        text = _OUTER_SPACE.sub(lambda m: m[2] + m[1] if m[1] else m[4] + m[3], text)
    for opening, pair, mark in _SHOWN:
        if opening in text:
            text = pair.sub(lambda m, mark=mark: _emphasised(m, mark), text)  # type: ignore[misc]
    return _BLANKS.sub(" ", without_emphasis(text)).strip()


def _emphasised(match: re.Match[str], mark: str) -> str:
    text, before, after = match[1], match.string[: match.start()][-1:], match.string[match.end() :][:1]
    plain = without_emphasis(text)
    opens = plain[:1].isalnum() or not before.isalnum()
    closes = plain[-1:].isalnum() or not after.isalnum()
    if not opens or not closes or not any(c.isalnum() for c in plain):
        return text
    return f"{mark}{text}{mark}"
