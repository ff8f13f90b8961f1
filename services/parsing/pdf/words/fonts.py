"""Styles of fonts; the fonts behind markers, since the PDF reader gives a run the font of its first word."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from liteparse.types import TextItem

from services.parsing.page.geometry import Style
from services.parsing.page.lines import usual
from services.parsing.page.lists import is_marker

#: Boxes of words differ in height by more than this share if their fonts or sizes do.
DIFFERENT = 0.02

_BOLD = re.compile(r"bold|black|heavy|demi|CMBX|CMB\d", re.I)
#: Names that say that a font is not bold.
_PLAIN = re.compile(r"[-,](?:regular|roman|book|light|italic|oblique)+$|CM(?:R|TI|SL|TT|SS|CSC)\d+$", re.I)
_ITALIC = re.compile(r"italic|oblique|CMTI|CMSL", re.I)
_MONO = re.compile(
    r"mono|courier|consol|typewriter|CMTT|menlo|inconsolata|SourceCode|FiraCode|terminal", re.I
)

#: The least weight of a bold font.
BOLD = 600
#: The name of a font, its size in points and its weight.
_Font = tuple[str, float, int]


def style_of(item: TextItem) -> Style:
    """The style of a run whose size is corrected."""
    return _style(*_font(item))


def _font(item: TextItem) -> _Font:
    return item.font_name or "", round(item.font_height or 0.0, 1), item.font_weight or 0


@lru_cache(1_000)  # one object for all words of a font
def _style(name: str, size: float, weight: int) -> Style:
    bold = bool(_BOLD.search(name)) or (weight >= BOLD and not _PLAIN.search(name))
    return Style(size, bold, bool(_ITALIC.search(name)), bool(_MONO.search(name)))


def without_guessed_weights(items: Sequence[TextItem]) -> None:
    """Take the weight from the fonts that are no heavier than that of most text of the page. The reader
    derives weights from the stems of the letters, and takes whole books for bold."""
    letters = (((item.font_name or "", item.font_weight or 0), len(item.text)) for item in items)
    name, weight = usual(letters, ("", 0))
    for item in items if weight >= BOLD and not _BOLD.search(name) else ():
        item.font_weight = 0 if (item.font_weight or 0) <= weight else item.font_weight


def styles_behind(items: Sequence[TextItem]) -> dict[int, Style]:
    """The style of the text in each run (by its place) that begins with a marker in another font or size:
    that of most text of the page whose words are as high."""
    found = {at: round(item.words[1].height, 1) for at, item in enumerate(items) if _begins_with_label(item)}
    letters: dict[float, list[tuple[_Font, int]]] = defaultdict(list)
    for at, item in enumerate(items if found else ()):
        if at not in found and item.words:
            letters[round(item.words[0].height, 1)].append((_font(item), len(item.text)))
    return {at: _style(*usual(letters[high], ("", 0.0, 0))) for at, high in found.items() if high in letters}


def _begins_with_label(item: TextItem) -> bool:
    if len(item.words) < 2 or not (is_marker(item.words[0].text) or item.words[0].text.isdecimal()):
        return False
    label, text = item.words[0].height, item.words[1].height
    return abs(text - label) > DIFFERENT * label
