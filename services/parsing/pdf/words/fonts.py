"""Styles of fonts; the fonts behind markers, since the PDF reader gives a run the font of its first word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from liteparse.types import TextItem

from services.parsing.page.geometry import Style
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
Font = tuple[str, float, int]


def font_of(item: TextItem, size: float) -> Font:
    return item.font_name or "", size, item.font_weight or 0


def style_of(font: Font, known: dict[Font, Style]) -> Style:
    """The style of a font; one object for all its words."""
    style = known.get(font)
    if style is None:
        name, size, weight = font
        bold = bool(_BOLD.search(name)) or (weight >= BOLD and not _PLAIN.search(name))
        style = known[font] = Style(size, bold, bool(_ITALIC.search(name)), bool(_MONO.search(name)))
    return style


def without_guessed_weights(items: Sequence[TextItem]) -> None:
    """Take the weight from the fonts that are no heavier than that of most text of the page. The reader
    derives weights from the stems of the letters, and takes whole books for bold."""
    letters: Counter[tuple[str, int]] = Counter()
    for item in items:
        letters[item.font_name or "", item.font_weight or 0] += len(item.text)
    name, usual = letters.most_common(1)[0][0] if letters else ("", 0)
    for item in items if usual >= BOLD and not _BOLD.search(name) else ():
        item.font_weight = 0 if (item.font_weight or 0) <= usual else item.font_weight


def fonts_behind(items: Sequence[TextItem], sizes: Sequence[float]) -> dict[int, Font]:
    """The font of the text in each run (by its place) that begins with a marker in another font or size: that
    of most text of the page whose words are as high."""
    found = {at: item.words[1].height for at, item in enumerate(items) if _begins_with_label(item)}
    if not found:
        return {}
    letters: dict[float, Counter[Font]] = {}
    for at, (item, size) in enumerate(zip(items, sizes, strict=True)):
        if at not in found and item.words:
            letters.setdefault(round(item.words[0].height, 1), Counter())[font_of(item, size)] += len(
                item.text
            )
    known = {height: count.most_common(1)[0][0] for height, count in letters.items()}
    return {at: known[round(high, 1)] for at, high in found.items() if round(high, 1) in known}


def _begins_with_label(item: TextItem) -> bool:
    if len(item.words) < 2 or not (is_marker(item.words[0].text) or item.words[0].text.isdecimal()):
        return False
    label, text = item.words[0].height, item.words[1].height
    return abs(text - label) > DIFFERENT * label
