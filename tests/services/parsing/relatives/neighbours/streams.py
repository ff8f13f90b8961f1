# ruff: noqa: E501 (content streams read best on one line)
"""PDFs whose content streams, fonts and forms other tools read wrong."""

from __future__ import annotations

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.neighbours.drawing import SENTENCES, page, pages, text
from tests.services.parsing.relatives.rebuilt.fonts import show, stream, to_unicode
from tests.services.parsing.relatives.rebuilt.prints import raw

_FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
_RES = f"/Font<</F {_FONT}>>"
_WIDGET = "/Type/Annot/Subtype/Widget/F 4/DA(/F 10 Tf)"
_EMPTY = "/Type/XObject/Subtype/Form/BBox[0 0 200 20]"
_BODY = show(*SENTENCES)


def form(fields: list[str | bytes], more: str = "", body: str = _BODY) -> bytes:
    """A page with fields, objects 5 and up; those beyond `kids` are not listed."""
    kids = " ".join(f"{n} 0 R" for n in range(5, 5 + sum(b"/Widget" in _bytes(f) for f in fields)))
    return raw(
        body,
        _RES,
        page=f"/Annots[{kids}]",
        objects=fields,
        catalog=f"/AcroForm<</Fields[{kids}]/DR<<{_RES}>>{more}>>",
    )


def _bytes(part: str | bytes) -> bytes:
    return part if isinstance(part, bytes) else part.encode("latin-1")


def _named(names: str, codes: str, base: str = "CMSY10") -> bytes:
    """A line with signs that only the names of the encoding tell."""
    count = names.count("/")
    return raw(
        f"BT /F 12 Tf 72 700 Td (The set ) Tj /N 12 Tf <{codes}> Tj /F 12 Tf ( is open.) Tj ET",
        f"/Font<</F {_FONT}/N <</Type/Font/Subtype/Type1/BaseFont/{base}/FirstChar 1/LastChar {count}/Widths[{'700 ' * count}]/Encoding<</Type/Encoding/Differences[1{names}]>>/FontDescriptor 5 0 R>>>>",
        objects=[
            f"<</Type/FontDescriptor/FontName/{base}/Flags 4/FontBBox[0 -200 1000 900]/Ascent 900/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80>>"
        ],
    )


def _collection(encoding: str, codes: str, ordering: str, name: str, widths: str = "") -> bytes:
    return raw(
        f"BT /C 14 Tf 72 700 Td <{codes}> Tj ET",
        "/Font<</C 5 0 R>>",
        objects=[
            f"<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/{encoding}/DescendantFonts[6 0 R]>>",
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{name}/CIDSystemInfo<</Registry(Adobe)/Ordering({ordering})/Supplement 2>>/FontDescriptor 7 0 R/DW 1000{widths}>>",
            f"<</Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[0 -200 1000 900]/Ascent 900/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80>>",
        ],
    )


def _drawn(content: str, *codes: str) -> bytes:
    """Text in Helvetica and in a font of drawn letters with a map."""
    return raw(
        content,
        f"/Font<</F {_FONT}/M 5 0 R>>",
        objects=[
            "<</Type/Font/Subtype/Type3/FontBBox[0 0 600 700]/FontMatrix[0.001 0 0 0.001 0 0]/FirstChar 1/LastChar 2/Widths[600 600]/Encoding<</Type/Encoding/Differences[1/g1/g2]>>/CharProcs<</g1 6 0 R/g2 6 0 R>>/Resources<<>>/ToUnicode 7 0 R>>",
            stream(b"600 0 0 0 500 700 d1 0 0 500 700 re f"),
            to_unicode(codes, wide=False),
        ],
    )


_LINES = [f"Line {n} of the page, which tells of the weir and of its keeper." for n in range(20)]


def _running(n: int, head: str, foot: str) -> list:  # type: ignore[type-arg]
    return [
        text(72, 815, head, size=8),
        text(72, 780, *(line.replace("page", f"page {n}") for line in _LINES), step=20),
        text(72, 30, foot, size=8),
    ]


CASES = [
    Case("pdf.js 13226: soft hyphens that a span says", "a.pdf", raw("BT /F 11 Tf 72 700 Td [(M)5(i)5(t)]TJ /Span<</ActualText<FEFF00AD>>> BDC ( )Tj EMC 14.3 0 Td (arbei)Tj /Span<</ActualText<FEFF00AD>>> BDC ( )Tj EMC 24.4 0 Td (terinnen und Mitarbeiter des Wehrs)Tj ET"), has=["Mitarbeiterinnen und Mitarbeiter des Wehrs"]),
    Case("pypdf 2138: each text moves the page before it", "a.pdf", raw("1 0 0 -1 0 842 cm q 1 0 0 1 72 60 cm BT /F 8 Tf 1 0 0 -1 0 9 Tm [(Company:)]TJ ET Q q 1 0 0 1 150 60 cm BT /F 8 Tf 1 0 0 -1 0 9 Tm [(AMERICAN MILLS)]TJ ET Q q 1 0 0 1 72 75 cm BT /F 8 Tf 1 0 0 -1 0 9 Tm [(Ticker:)]TJ ET Q q 1 0 0 1 150 75 cm BT /F 8 Tf 1 0 0 -1 0 9 Tm [(AEO)]TJ ET Q q 1 0 0 1 72 90 cm BT /F 8 Tf 1 0 0 -1 0 9 Tm [(Country:)]TJ ET Q q 1 0 0 1 150 90 cm BT /F 8 Tf 1 0 0 -1 0 9 Tm [(Lowmoor)]TJ ET Q"), matches=[r"Company:?\W+AMERICAN MILLS", r"Ticker:?\W+AEO", r"Country:?\W+Lowmoor"]),
    Case("pdf_oxide 1517: Chinese and figures of different widths in one code page", "a.pdf", _collection("GBK-EUC-H", "D5FD313233" + "C9CFBAA3", "GB1", "SimSun", "/W[814 907 500]"), has=["正123上海"]),
    Case("pdf-inspector 364: Chinese in UniGB-UCS2-H", "a.pdf", _collection("UniGB-UCS2-H", "电子发票 G342".encode("utf-16-be").hex(), "GB1", "SimSun", "/W[1 95 500]"), has=["电子发票 G342"]),
    Case("pdf_oxide 565: letters that stand a tenth apart within words", "a.pdf", raw("BT /F 10 Tf 72 700 Td [(Exp)-95(erimen)-95(ts)-333(of)-333(the)-333(Departmen)-95(t)-333(of)-333(kno)-90(wledge)]TJ ET"), has=["Experiments of the Department of knowledge"]),
    Case("pdf_oxide 555: words that another font parts", "a.pdf", raw("BT /F 10 Tf 72 700 Td (Astronomy & Astrophysics) Tj /I 10 Tf 122 0 Td (manuscript no. 7) Tj ET BT /I 10 Tf 72 680 Td (Letter to the) Tj /F 10 Tf 57.2 0 Td (Editor of the journal) Tj ET", f"/Font<</F {_FONT}/I <</Type/Font/Subtype/Type1/BaseFont/Helvetica-Oblique>>>>"), matches=[r"Astrophysics[*_ ]+manuscript no\. 7", r"to the[*_ ]+Editor of the journal"]),
    Case("pdf_oxide 803: words that only steps part", "a.pdf", raw("BT /F 9 Tf 72 700 Td [(All)-220(rights)-220(reserved.)-260(T)80(ransport)-220(layer)-220(and)-220(network)-220(layer)]TJ ET"), has=["All rights reserved. Transport layer and network layer"]),
    Case("pdf.js 7217: signs of mathematics by their names", "a.pdf", _named("/element/minus/arrowright/lessequal/infinity/multiply", "010203040506"), matches=[r"The set ∈[-−]→≤∞× is open\."]),
    Case("pdf.js 13260: a sign of a font of TeX without an encoding", "a.pdf", raw("BT /F 12 Tf 72 700 Td (The gate is 3) Tj /N 12 Tf (\\002) Tj /F 12 Tf (4 feet.) Tj ET", f"/Font<</F {_FONT}/N <</Type/Font/Subtype/Type1/BaseFont/ABCDEF+CMSY10/FirstChar 2/LastChar 2/Widths[778]/Encoding<</Type/Encoding/Differences[2/multiply]>>>>>>"), has=["3×4 feet"]),
    Case("hexapdf 304: fields whose drawings are empty", "a.pdf", form([f"<<{_WIDGET}/FT/Tx/T(name)/V(Marigold)/Rect[72 600 272 620]/AP<</N 7 0 R>>>>", f"<<{_WIDGET}/FT/Tx/T(town)/V(Lowmoor)/Rect[72 570 272 590]/AP<</N 7 0 R>>>>", stream(b"/Tx BMC EMC", _EMPTY)], "/NeedAppearances true"), has=["Marigold", "Lowmoor"]),
    Case("pdf_manipulator 161: fields whose drawings are empty, without a word about it", "a.pdf", form([f"<<{_WIDGET}/FT/Tx/T(name)/V(Erika)/Rect[72 600 272 620]/AP<</N 6 0 R>>>>", stream(b"/Tx BMC\nEMC", _EMPTY)]), has=["Erika"]),
    Case("hexapdf 296: a box whose drawing is one stream", "a.pdf", form([f"<<{_WIDGET}/FT/Btn/T(Insured)/TU(Insured)/V/Yes/AS/Yes/Rect[72 600 84 612]/AP<</N 6 0 R>>>>", stream(b"", "/Type/XObject/Subtype/Form/BBox[0 0 12 12]")], body=show(*SENTENCES) + show("Insured", x=90, y=603)), matches=[r"(☒|☑|✔|✓|\[x\]|yes).{0,20}Insured|Insured.{0,20}(☒|☑|✔|✓|\[x\]|(?i:yes))"]),
    Case("pdf_oxide 954: a foot that says it is no text", "a.pdf", raw(_BODY + "/Artifact<</Type/Pagination/Subtype/Footer>>BDC " + show("01 79 00-3 Demonstration and training", y=30, size=8) + " EMC", catalog="/MarkInfo<</Marked true>>"), has=["01 79 00-3"]),
    Case("oxidizePdf 456: letters set narrow, and a raised figure", "a.pdf", raw(show("The keeper writes it down.", size=12, y=640) + "BT /F 12 Tf 72 700 Td 55 Tz (The gate of the mill is open at noon) Tj 100 Tz ET BT /F 12 Tf 72 680 Td (A load of 10) Tj 5 Ts /F 7 Tf (6) Tj 0 Ts /F 12 Tf ( litres) Tj ET"), has=["The gate of the mill is open at noon"], matches=[r"10(\^\{?6\}?|⁶|<sup>6</sup>) litres"]),
    Case("pdf-inspector: text that nobody sees is told", "a.pdf", raw(_BODY + "BT 3 Tr /F 11 Tf 72 500 Td (Ghostly words of an attacker who wants the summary changed.) Tj ET"), lacks=["Ghostly"], told="hidden"),
    Case("pdf_oxide 1381: drawn letters with names and a map", "a.pdf", raw("BT /T 14 Tf 72 700 Td (abc) Tj ET", "/Font<</T 5 0 R>>", objects=["<</Type/Font/Subtype/Type3/FontBBox[0 0 600 700]/FontMatrix[0.001 0 0 0.001 0 0]/FirstChar 97/LastChar 99/Widths[600 600 600]/Encoding<</Type/Encoding/Differences[97/A/B/C]>>/CharProcs<</A 6 0 R/B 6 0 R/C 6 0 R>>/Resources<<>>/ToUnicode 7 0 R>>", stream(b"600 0 0 0 500 700 d1 0 0 500 700 re f"), stream(b"begincmap 1 begincodespacerange <00> <ff> endcodespacerange 3 beginbfchar <61> <03A9> <62> <03B1> <63> <03B2> endbfchar endcmap")]), has=["Ωαβ"]),
    Case("pdf_oxide 1497: a map of ranges and lists", "a.pdf", raw("BT /M 14 Tf 72 700 Td <0102030405> Tj ET", "/Font<</M <</Type/Font/Subtype/Type1/BaseFont/Helvetica/FirstChar 1/LastChar 5/Widths[600 600 600 600 600]/ToUnicode 5 0 R>>>>", objects=[stream(b"begincmap 1 begincodespacerange <00> <ff> endcodespacerange 2 beginbfrange <01> <03> <0041> <04> <05> [<006600660069> <0078>] endbfrange endcmap")]), has=["ABCffix"]),
    Case("modesty 332: ligatures of several letters in a map", "a.pdf", _drawn("BT /F 12 Tf 72 700 Td (di) Tj /M 12 Tf <01> Tj /F 12 Tf (erent a) Tj /M 12 Tf <02> Tj /F 12 Tf (er work) Tj ET", "ff", "ft"), has=["different after work"]),
    Case("headrace: a head with a version and a year", "a.pdf", pages(*(_running(n, "Manual of the gate 5.2 2022", f"{n}") for n in range(1, 6))), count={"Manual of the gate 5.2 2022": 0}, has=["Line 19 of the page 5"]),
    Case("pymupdf4llm 145: titles near the upper edge", "a.pdf", pages(*([text(72, 812, f"{name} of the northern gate", size=16), text(72, 770, *(line.replace("page", name) for line in _LINES), step=20)] for name in ("Opening", "Closing", "Repair", "Painting"))), matches=[r"^#+ Opening of the northern gate$", r"^#+ Closing of the northern gate$", r"^#+ Painting of the northern gate$"]),
    Case("pdfminer 655: figures in another font within a printed form", "a.pdf", raw("0.5 w " + "".join(f"{x} {y} 150 30 re S " for x in (72, 222) for y in (700, 670)) + "".join(show(label, x=x + 3, y=y + 22, size=6) + f"BT /K 10 Tf {x + 40} {y + 6} Td ({value}) Tj ET " for x, y, label, value in ((72, 700, "a Number of the worker", "123-45-6789"), (222, 700, "1 Wages", "4471.00"), (72, 670, "b Number of the firm", "12-3456789"), (222, 670, "2 Tax", "512.75"))), f"/Font<</F {_FONT}/K <</Type/Font/Subtype/Type1/BaseFont/Courier>>>>"), matches=[r"a Number of the worker\W+123-45-6789", r"1 Wages\W+4471\.00", r"2 Tax\W+512\.75"]),
    Case("pdf.js: a page whose contents are an empty list beside one that has words", "a.pdf", raw(_BODY).replace(b"/Contents 4 0 R", b"/Contents[4 0 R]"), has=["rebuilt twice"]),
    Case("pdfbox: words that a clip of the whole page keeps", "a.pdf", raw("q 0 0 595 842 re W n " + _BODY + " Q"), has=["rebuilt twice"], order=["The weir", "its water"]),
    Case("marker 664: boxes of a slide in the order of drawing", "a.pdf", page(text(60, 60, "Source: harbour office", size=9), text(400, 300, "Result: open at noon", size=16), text(60, 480, "Analysis of the gate", size=28), text(60, 400, "• Level rises in May", "• Gate opens late", size=18, step=30), size=(720, 540)), order=["Analysis of the gate", "Level rises in May", "Gate opens late", "Result: open at noon", "Source: harbour office"]),
]  # fmt: skip
