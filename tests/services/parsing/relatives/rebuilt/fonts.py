# ruff: noqa: E501 (content streams read best on one line)
"""PDFs whose letters are hard to tell: fonts without maps, other code pages, letters that are put together."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.glyphs import glyph_of
from tests.services.parsing.relatives.rebuilt.prints import raw

_DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
WORDS = "The weir was built early."


def stream(content: bytes, more: str = "") -> bytes:
    return f"<<{more}/Length {len(content)}>>\nstream\n".encode() + content + b"\nendstream"


def packed(content: bytes, more: str = "") -> bytes:
    return stream(zlib.compress(content), "/Filter/FlateDecode" + more)


def show(*lines: str, x: float = 72, y: float = 700, size: float = 11, font: str = "F") -> str:
    return f"BT /{font} {size} Tf {x} {y} Td 14 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET "


def to_unicode(codes: Sequence[str], wide: bool = True) -> bytes:
    """A map from the codes 1, 2 … to texts."""
    digits = 4 if wide else 2
    pairs = "".join(
        f"<{n:0{digits}x}> <{text.encode('utf-16-be').hex()}>\n" for n, text in enumerate(codes, 1)
    )
    return stream(
        f"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /M def /CMapType 2 def\n1 begincodespacerange <{'0' * digits}> <{'f' * digits}> endcodespacerange\n{len(codes)} beginbfchar\n{pairs}endbfchar endcmap end end".encode()
    )


def coded(*lines: Sequence[str], widths: dict[str, int] | None = None, size: float = 14) -> bytes:
    """Lines of letters (of one or more characters each) in a font that is not embedded but has a map."""
    letters = list(dict.fromkeys(letter for line in lines for letter in line))
    at = {letter: n for n, letter in enumerate(letters, 1)}
    drawn = " ".join(
        "<" + "".join(f"{at[letter]:04x}" for letter in line) + "> Tj 0 -24 Td" for line in lines
    )
    special = "".join(f"{at[letter]} [{width}]" for letter, width in (widths or {}).items())
    return raw(
        f"BT /U {size} Tf 72 700 Td {drawn} ET",
        "/Font<</U 5 0 R>>",
        objects=[
            "<</Type/Font/Subtype/Type0/BaseFont/None/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>",
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/None/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 8 0 R/DW 600/W[{special}]>>",
            to_unicode(letters),
            "<</Type/FontDescriptor/FontName/None/Flags 4/FontBBox[0 -200 1000 900]/Ascent 900/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80>>",
        ],
    )


def _truetype(text: str, fake: Sequence[str] | None, *, size: int = 16) -> bytes:
    """A font with all its letters that is used by the numbers of its glyphs; `fake`: what its map says."""
    data = Path(_DEJAVU).read_bytes()
    numbers = [glyph_of(data, ord(letter)) for letter in text]
    objects: list[str | bytes] = [
        f"<</Type/Font/Subtype/Type0/BaseFont/ABCDEF+DejaVuSans/Encoding/Identity-H/DescendantFonts[6 0 R]{'/ToUnicode 9 0 R' if fake else ''}>>",
        "<</Type/Font/Subtype/CIDFontType2/BaseFont/ABCDEF+DejaVuSans/CIDToGIDMap/Identity/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 7 0 R/DW 600>>",
        "<</Type/FontDescriptor/FontName/ABCDEF+DejaVuSans/Flags 4/FontBBox[-1000 -300 1500 1000]/Ascent 900/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80/FontFile2 8 0 R>>",
        packed(data, f"/Length1 {len(data)}"),
    ]
    if fake:
        pairs = "".join(
            f"<{n:04x}> <{code.encode('utf-16-be').hex()}>\n"
            for n, code in dict(zip(numbers, fake, strict=False)).items()
        )
        count = len(set(numbers))
        objects.append(
            stream(
                f"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange\n{count} beginbfchar\n{pairs}endbfchar endcmap end".encode()
            )
        )
    drawn = "".join(f"{n:04x}" for n in numbers)
    return raw(f"BT /G {size} Tf 72 700 Td <{drawn}> Tj ET", "/Font<</G 5 0 R>>", objects=objects)


def _drawn_font(names: Sequence[str], first: int, text: str, widths: int = 600) -> bytes:
    """A Type 3 font of squares; its letters have names."""
    procs = "/".join(f"{name} 6 0 R" for name in names)
    return raw(
        f"BT /T 12 Tf 72 700 Td ({text}) Tj ET",
        "/Font<</T 5 0 R>>",
        objects=[
            f"<</Type/Font/Subtype/Type3/FontBBox[0 0 750 750]/FontMatrix[0.001 0 0 0.001 0 0]/FirstChar {first}/LastChar {first + len(names) - 1}/Widths[{(str(widths) + ' ') * len(names)}]/Encoding<</Type/Encoding/Differences[{first}/{'/'.join(names)}]>>/CharProcs<</{procs}>>/Resources<<>>>>",
            stream(b"600 0 0 0 500 700 d1 0 0 500 700 re f"),
        ],
    )


def _named(names: str, codes: str) -> bytes:
    return raw(
        f"BT /D 11 Tf 72 700 Td ({codes}) Tj ET",
        f"/Font<</D<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Type/Encoding/Differences[1{names}]>>>>>>",
    )


def _east(encoding: str, font: str, order: str, text: bytes, vertical: bool = False) -> bytes:
    more = "/WMode 1" if vertical else ""
    return raw(
        f"BT /E 14 Tf 300 700 Td <{text.hex()}> Tj ET",
        "/Font<</E 5 0 R>>",
        objects=[
            f"<</Type/Font/Subtype/Type0/BaseFont/{font}-{encoding}/Encoding/{encoding}/DescendantFonts[6 0 R]{more}>>",
            f"<</Type/Font/Subtype/CIDFontType0/BaseFont/{font}/CIDSystemInfo<</Registry(Adobe)/Ordering({order})/Supplement 2>>/FontDescriptor 7 0 R/DW 1000>>",
            f"<</Type/FontDescriptor/FontName/{font}/Flags 6/FontBBox[0 -200 1000 900]/Ascent 900/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80>>",
        ],
    )


def _accents(*parts: tuple[str, float]) -> bytes:
    """Letters and accents drawn over each other: text and how far to go back before it."""
    inner = "".join(f"({text}) {back} " for text, back in parts)
    return raw(f"BT /F 12 Tf 72 700 Td [{inner}] TJ ET")


_LETTERS = "The weir was built early by the monks of the abbey and is kept as a monument"
_FORMS = "\ufe8d\ufedf\ufee4\ufe8e\u0621"  # the word for water, in the shapes of its letters
_MAPPED = [chr(0xE000 + ord(c)) for c in _LETTERS]
_WRONG = [chr(33 + (ord(c) * 7) % 60) for c in _LETTERS]

CASES = [
    Case("opendataloader 740: drawn letters whose names mean nothing", "a.pdf", _drawn_font([f"g{n}" for n in range(32, 123)], 32, WORDS), has=[WORDS]),
    Case("unipdf 37: drawn letters with names", "a.pdf", _drawn_font(["W", "e", "i", "r", "space", "one"], 65, "ABCDEF"), has=["Weir 1"]),
    Case("pymupdf 365: letters by the numbers of glyphs in a whole font without a map", "a.pdf", _truetype(_LETTERS, None), has=["The weir was built early by the monks"]),
    Case("pdfminer: a map to private characters", "a.pdf", _truetype(_LETTERS, _MAPPED), has=["The weir was built early by the monks"]),
    Case("pdfminer: a map that says something else", "a.pdf", _truetype(_LETTERS, _WRONG), has=["The weir was built early by the monks"]),
    Case("pypdf 598: ligatures as characters of their own", "a.pdf", coded(["T", "h", "e", " ", "o", "ﬃ", "c", "e", " ", "ﬁ", "l", "e", "s", " ", "a", " ", "ﬂ", "o", "w", " ", "c", "h", "a", "r", "t"]), has=["The office files a flow chart"]),
    Case("pdfminer: signs beyond the first plane", "a.pdf", coded([*"Level ", "😀", *" and ", "𝛼", *" is high"]), has=["Level 😀 and", "is high"]),
    Case("pypdf: Thai with marks of no width", "a.pdf", coded(list("น้ำในเขื่อนลดลงมากในเดือนเมษายน"), widths={"้": 0, "ื": 0, "่": 0}), has=["น้ำในเขื่อนลดลงมาก"]),
    Case("tika: Devanagari with marks of no width", "a.pdf", coded(list("नदी का पानी कम है और बाँध खुला है"), widths={"ँ": 0, "ु": 0, "ै": 0}), has=["नदी का पानी कम है"]),
    Case("pdfium: Tamil", "a.pdf", coded(list("அணையில் நீர் குறைவாக உள்ளது"), widths={"்": 0}), has=["அணையில் நீர் குறைவாக"]),
    Case("pdf.js 7878: Arabic in the shapes of its letters, drawn from the left", "a.pdf", coded(list(reversed(_FORMS + " " + "\ufedb\ufe9c\ufef4\ufeae"))), has=["الماء كثير"]),
    Case("pdfbox: Hebrew with a number and brackets", "a.pdf", coded(list(reversed("הסכר (הגדול) נבנה בשנת ")) [:0] or [*"1711 ", *reversed("הסכר נבנה בשנת ")]), has=["הסכר נבנה בשנת 1711"]),
    Case("pdftotext: accents that are set over letters", "a.pdf", _accents(("The caf", 0), ("e", 556), ("\\264", -223), (" is open and the r", 0), ("o", 556), ("\\250", -223), ("hre shut", 0)), has=["café is open", "röhre"]),
    Case("pdftotext: accents before letters, as TeX sets them", "a.pdf", _accents(("Poincar", 0), ("\\264", 445), ("e", 0), (" wrote", 0)), has=["Poincaré wrote"]),
    Case("pdftotext: a grave accent that is a back tick", "a.pdf", _accents(("voil", 0), ("`", 333), ("a", 0), (" and `code` stays", 0)), has=["voilà and `code` stays"]),
    Case("mupdf: names of ligatures with underlines and of Unicode", "a.pdf", _named("/o/f_f_i/c/e/space/uni00E9/T_h/u1F600", "\\001\\002\\003\\004\\005\\006\\005\\007\\004"), has=["office é The"]),
    Case("mupdf: names of small capitals and old figures", "a.pdf", _named("/W/e.sc/i.sc/r.sc/space/one.oldstyle/seven.oldstyle", "\\001\\002\\003\\004\\005\\006\\007"), has=["Weir 17"]),
    Case("pypdf: the code page of a Macintosh", "a.pdf", raw("BT /F 11 Tf 72 700 Td (Gr\\232\\247e \\320 caf\\216) Tj ET", "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/MacRomanEncoding>>>>"), has=["Größe – café"]),
    Case("pypdf 1111: Greek by the font of symbols", "a.pdf", raw("BT /F 11 Tf 72 700 Td (so ) Tj /S 11 Tf (a \\243 b) Tj /F 11 Tf ( holds) Tj ET", "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>/S<</Type/Font/Subtype/Type1/BaseFont/Symbol>>>>"), has=["so α ≤ β holds"]),
    Case("tabula: check marks by the font of signs", "a.pdf", raw("BT /Z 11 Tf 72 700 Td (4) Tj /F 11 Tf ( Gate is shut) Tj ET BT /Z 11 Tf 72 680 Td (8) Tj /F 11 Tf ( Pump is on) Tj ET", "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>/Z<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>>>"), has=["✔ Gate is shut", "✘ Pump is on"]),
    Case("markitdown: bullets by the font of symbols", "a.pdf", raw("".join(f"BT /S 11 Tf 72 {y} Td (\\267) Tj /F 11 Tf 18 0 Td ({word}) Tj ET " for y, word in ((700, "boots and a coat"), (684, "bread and butter"), (668, "a lamp"))), "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>/S<</Type/Font/Subtype/Type1/BaseFont/Symbol>>>>"), order=["- boots and a coat", "- bread and butter", "- a lamp"]),
    Case("pdfminer 39: Japanese in the code page of Windows", "a.pdf", _east("90ms-RKSJ-H", "MS-Mincho", "Japan1", "水門は毎朝七時に開けられる。".encode("cp932")), has=["水門は毎朝七時に開けられる。"]),
    Case("pdfbox: simplified Chinese in GBK", "a.pdf", _east("GBK-EUC-H", "SimSun", "GB1", "水轮机每周一检查一次。".encode("gbk")), has=["水轮机每周一检查一次。"]),
    Case("pdfbox: traditional Chinese in Big5", "a.pdf", _east("ETen-B5-H", "MingLiU", "CNS1", "水閘每天早上七點打開。".encode("big5")), has=["水閘每天早上七點打開。"]),
    Case("pdf.js: Korean in the code page of Windows", "a.pdf", _east("KSCms-UHC-H", "Batang", "Korea1", "수문은 매일 아침 일곱 시에 열린다.".encode("cp949")), has=["수문은 매일 아침 일곱 시에 열린다."]),
    Case("pdfminer 312: Japanese from top to bottom", "a.pdf", _east("UniJIS-UCS2-V", "HeiseiMin-W3", "Japan1", "水門は毎朝七時に開けられる。".encode("utf-16-be"), True), has=["水門は毎朝七時に開けられる。"]),
]  # fmt: skip
