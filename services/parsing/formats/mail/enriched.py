"""Enriched text (RFC 1896), the form that mail programs used before HTML."""

from __future__ import annotations

import re

_PARAMETER = re.compile(r"<param>.*?</param>", re.I | re.S)
_COMMAND = re.compile(r"</?[a-z-]{1,60}>", re.I)


def plain_of(text: str) -> str:
    """The text without its commands: one line feed is a blank, two are a line's end, `<<` is `<`."""
    text = _PARAMETER.sub("", text.replace("\r\n", "\n").replace("<<", "\0"))
    text = re.sub(r"\n(\n*)", lambda m: m[1] or " ", _COMMAND.sub("", text))
    return text.replace("\0", "<").strip()
