# ruff: noqa: E501 (content streams read best on one line)
"""Lines from right to left, as browsers and other programs draw them."""

from __future__ import annotations

from collections.abc import Sequence

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.fonts import to_unicode
from tests.services.parsing.relatives.rebuilt.prints import raw

_WIDTH = 8.4  # of a letter of 14 points in a font whose letters are 600 wide


def drawn(*lines: Sequence[tuple[Sequence[str], str]]) -> bytes:
    """Lines of words as they are read, from x = 500 to the left. A word is its glyphs and how they are drawn: "left"
    to right, "right" to left, or "digits", which stand from left to right."""
    glyphs = list(dict.fromkeys(glyph for line in lines for word, _ in line for glyph in word))
    content = []
    for n, line in enumerate(lines):
        x = 500.0
        for word, way in line:
            x -= len(word) * _WIDTH
            codes = [f"<{glyphs.index(glyph) + 1:04x}>" for glyph in word]
            if way == "right":  # after each letter back over it and the next one
                content.append(
                    f"1 0 0 1 {x + (len(word) - 1) * _WIDTH:.1f} {700 - 24 * n} Tm [{' 1200 '.join(codes)}] TJ"
                )
            else:
                shown = codes if way == "digits" else codes[::-1]
                content.append(f"1 0 0 1 {x:.1f} {700 - 24 * n} Tm [{' '.join(shown)}] TJ")
            x -= 4
    return raw(
        f"BT /U 14 Tf {' '.join(content)} ET",
        "/Font<</U 5 0 R>>",
        objects=[
            "<</Type/Font/Subtype/Type0/BaseFont/None/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>",
            "<</Type/Font/Subtype/CIDFontType2/BaseFont/None/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 8 0 R/DW 600>>",
            to_unicode(glyphs),
            "<</Type/FontDescriptor/FontName/None/Flags 4/FontBBox[0 -200 1000 900]/Ascent 900/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80>>",
        ],
    )


_PEACE = ("ا", "ل", "س", "لا", "م")

CASES = [
    Case("pdf-inspector 212: a ligature of two letters in Arabic", "a.pdf", drawn([(_PEACE, "left"), ("عليكم", "left")], [("الكلام", "left"), ("الواضح", "left")]), has=["السلام عليكم", "الكلام الواضح"]),
    Case("pdf-inspector 212: words that a browser draws from right to left", "a.pdf", drawn([(_PEACE, "left"), ("عليكم", "right"), ("ورحمة", "right"), ("هذه", "left")], [("الفصل", "right"), ("يدرسون", "left")]), has=["السلام عليكم ورحمة هذه", "الفصل يدرسون"]),
    Case("pypdf 4077: digits of Arabic and of Persian", "a.pdf", drawn([("السنة", "left"), ("١٤٤٥", "digits"), ("هجرية", "left")], [("سال", "left"), ("۱۴۰۳", "digits"), ("خورشیدی", "left")], [("درجة", "left"), ("٢٥٫٧٪", "digits")]), has=["السنة ١٤٤٥ هجرية", "سال ۱۴۰۳ خورشیدی"], matches=["٢٥٫٧٪|٪٢٥٫٧"]),
]  # fmt: skip
