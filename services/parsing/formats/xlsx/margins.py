"""Heads and feet of a printed sheet: what they say beside page numbers and dates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.parsing.formats.docx.margins import is_page_number

#: Elements with the text of a head or foot.
ELEMENTS = ("oddHeader", "evenHeader", "firstHeader", "oddFooter", "evenFooter", "firstFooter")
#: Sections (left, centre, right), and codes: fonts, colours, sizes, page, pages, date, time, file, sheet.
_SECTION = re.compile(r"&[LCR]")
_CODE = re.compile(r'&"[^"]*"|&K[0-9A-Fa-f+-]{6}|&\d+|&[PNDTFAZGBIUESXYOH]', re.I)

#: Characters below the blank, as sheets escape them.
_BREAK = re.compile(r"_x00[01][0-9A-Fa-f]_")


def margin_texts(code: str) -> Iterator[str]:
    """The texts in a head or foot."""
    for section in _SECTION.split(_BREAK.sub(" ", code)):
        text = " ".join(_CODE.sub(" ", section.replace("&&", "\0")).replace("\0", "&").split())
        if any(map(str.isalpha, text)) and not is_page_number(text):
            yield text
