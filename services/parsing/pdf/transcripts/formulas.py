"""Whether a page holds formulas, which words in a row cannot show."""

from __future__ import annotations

import re
from collections.abc import Iterable

from liteparse.types import TextItem

#: Fonts of formulas: TeX's math italic, symbols, large operators and alphabets; OpenType math fonts; STIX,
#: unless the text is set in it.
_FONT = re.compile(
    r"CMMI|CMSY|CMEX|MSAM|MSBM|EUFM|RSFS|LMMath|(?<!Poly)Math(?!er)|MathJax|KaTeX|txsy|txmi|pxmi|STIX", re.I
)
_SYMBOLS = re.compile("[∂∇∏∑√∝∞∫∬∮∈∉⊂⊆∪∩∀∃≈≠≡≤≥⟨⟩±×÷]|[\U0001d400-\U0001d7ff]")
#: Characters of formulas on a page: a variable here and there in the text reads well without LaTeX.
FEWEST = 10


def holds_formulas(items: Iterable[TextItem]) -> bool:
    """Whether a page has more than a few characters in fonts for formulas, or mathematical symbols."""
    count = total = 0
    for item in items:
        total += len(item.text)
        if _FONT.search(item.font_name or ""):
            count += len(item.text)
        else:
            count += 2 * len(_SYMBOLS.findall(item.text))
    return FEWEST <= count < total / 2
