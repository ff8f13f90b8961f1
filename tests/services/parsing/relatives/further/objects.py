# ruff: noqa: E501 (content streams read best on one line)
"""PDFs by hand whose strings, fonts, fields and remarks other tools read wrong."""

from __future__ import annotations

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.fonts import coded, show, stream, to_unicode
from tests.services.parsing.relatives.rebuilt.prints import LINES, raw

_HELVETICA = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
_RES = f"/Font<</F {_HELVETICA}/Z <</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>/B <</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>>>"
_NOTE = "/Type/Annot/C[1 1 0]"
_WIDGET = "/Type/Annot/Subtype/Widget/DA(/F 10 Tf)"


def line(operators: str, y: float = 700, size: float = 11) -> str:
    return f"BT /F {size} Tf 72 {y} Td {operators} ET "


def kerned(*pieces: str | int) -> str:
    """A string in pieces with steps between them, in thousandths of the size."""
    return "[" + " ".join(f"({piece})" if isinstance(piece, str) else str(piece) for piece in pieces) + "] TJ"


def noted(*notes: str, content: str = "", page: str = "") -> bytes:
    listed = " ".join(f"<<{_NOTE}{note}>>" for note in notes)
    return raw(content or show(*LINES), _RES, page=f"/Annots[{listed}]{page}")


def form(*fields: str, content: str = "") -> bytes:
    numbers = " ".join(f"{n} 0 R" for n in range(5, 5 + len(fields)))
    return raw(
        content,
        _RES,
        page=f"/Annots[{numbers}]",
        objects=[f"<<{_WIDGET}{one}>>" for one in fields],
        catalog=f"/AcroForm<</Fields[{numbers}]/DA(/F 10 Tf)/DR<<{_RES}>>>>",
    )


def in_fonts(*pieces: tuple[str, str, float]) -> str:
    """Pieces of a line, each with its font and its x."""
    return " ".join(f"BT /{font} 11 Tf {x} 700 Td ({text}) Tj ET" for font, text, x in pieces)


def ligature() -> bytes:
    """A ligature that a font of its own draws, within a word of another font."""
    return raw(
        "BT /F 11 Tf 72 700 Td (We need veri) Tj /L 11 Tf <0001> Tj /F 11 Tf (cation of the in) Tj /L 11 Tf <0002> Tj /F 11 Tf (ammation in the a) Tj /L 11 Tf <0003> Tj /F 11 Tf (nity test.) Tj ET",
        f"/Font<</F {_HELVETICA}/L 5 0 R>>",
        objects=[
            "<</Type/Font/Subtype/Type0/BaseFont/Lig/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>",
            "<</Type/Font/Subtype/CIDFontType2/BaseFont/Lig/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 8 0 R/DW 500>>",
            to_unicode(("\ufb01", "\ufb02", "\ufb03")),
            "<</Type/FontDescriptor/FontName/Lig/Flags 4/FontBBox[0 -200 1000 900]/Ascent 900/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80>>",
        ],
    )


def without_trailer() -> bytes:
    data = raw(show(*LINES), _RES)
    return data[: data.index(b"xref")]


def with_template() -> bytes:
    """A printed form in one stream and what was filled in in another that only the page's list of contents has."""
    return raw(
        show("Name of the boat", "Home port", "Length"),
        _RES,
        page="/Contents[4 0 R 5 0 R]",
        objects=[stream(show("Marigold", "Lowmoor", "7.5 m", x=220).encode())],
    ).replace(b"/Contents 4 0 R", b"", 1)


def outlined(count: int) -> bytes:
    """A page with headings and bookmarks that name their destinations."""
    names = "".join(f"(d{n:05d})[3 0 R/XYZ 72 700 0]" for n in range(count))
    first = 7
    items = [
        f"<</Title(Section {n})/Parent 5 0 R/Dest(d{n:05d})"
        + (f"/Prev {first + n - 1} 0 R" if n else "")
        + (f"/Next {first + n + 1} 0 R" if n + 1 < count else "")
        + ">>"
        for n in range(count)
    ]
    return raw(
        show("Section 0", size=16, y=740) + show(*LINES),
        _RES,
        objects=[
            f"<</Type/Outlines/First {first} 0 R/Last {first + count - 1} 0 R/Count {count}>>",
            f"<</Names[{names}]>>",
            *items,
        ],
        catalog="/Outlines 5 0 R/Names<</Dests 6 0 R>>",
    )


def tagged() -> bytes:
    """A table whose cells are marked; one has two runs."""
    marked = (
        ("Gate", 72, 760, 0), ("Turns", 250, 760, 1), ("Upper", 72, 740, 2), ("gate", 110, 740, 2), ("17", 250, 740, 3),
        ("Lower", 72, 720, 4), ("gate", 110, 720, 4), ("9", 250, 720, 5),
    )  # fmt: skip
    drawn = "".join(
        f"/TD <</MCID {mark}>> BDC BT /F 11 Tf {x} {y} Td ({word}) Tj ET EMC " for word, x, y, mark in marked
    )
    rows = "".join(f"{8 + n} 0 R " for n in range(3))
    return raw(
        drawn,
        _RES,
        page="/StructParents 0",
        objects=[
            "<</Type/StructTreeRoot/K 6 0 R/ParentTree 7 0 R>>",
            f"<</S/Table/P 5 0 R/K[{rows}]>>",
            "<</Nums[0[11 0 R 12 0 R 13 0 R 14 0 R 15 0 R 16 0 R]]>>",
            *(f"<</S/TR/P 6 0 R/K[{11 + 2 * n} 0 R {12 + 2 * n} 0 R]>>" for n in range(3)),
            *(f"<</S/TD/P {8 + n // 2} 0 R/Pg 3 0 R/K {n}>>" for n in range(6)),
        ],
        catalog="/StructTreeRoot 5 0 R/MarkInfo<</Marked true>>",
    )


_CHINESE = (
    "/Font<</F 5 0 R/G " + _HELVETICA + ">>",
    (
        "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[6 0 R]>>",
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>/FontDescriptor 7 0 R/DW 1000>>",
        "<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]/Ascent 880/Descent -120/ItalicAngle 0/CapHeight 880/StemV 93>>",
    ),
)


def chinese(*pieces: tuple[str, float, float], latin: str = "G") -> bytes:
    """Pieces of text at their places; those in ASCII in Helvetica."""

    def drawn(text: str, x: float, y: float) -> str:
        if text.isascii():
            return f"BT /{latin} 12 Tf {x} {y} Td ({text}) Tj ET "
        return f"BT /F 12 Tf {x} {y} Td <{text.encode('utf-16-be').hex()}> Tj ET "

    resources, objects = _CHINESE
    return raw("".join(drawn(*piece) for piece in pieces), resources, objects=objects)


def wingdings() -> bytes:
    lines = "".join(
        f"BT /W 11 Tf 72 {y} Td ({mark}) Tj ET BT /F 11 Tf 90 {y} Td ({text}) Tj ET "
        for mark, text, y in (
            ("\\247", "boots of leather", 740),
            ("\\247", "bread for the day", 722),
            ("\\350", "Ask the keeper", 690),
            ("\\374", "Paid", 672),
        )
    )
    return raw(
        lines,
        f"/Font<</F {_HELVETICA}/W <</Type/Font/Subtype/TrueType/BaseFont/Wingdings/FirstChar 32/LastChar 255/Widths[{'890 ' * 224}]/FontDescriptor 5 0 R>>>>",
        objects=[
            "<</Type/FontDescriptor/FontName/Wingdings/Flags 4/FontBBox[0 -211 1359 899]/Ascent 899/Descent -211/ItalicAngle 0/CapHeight 700/StemV 80>>"
        ],
    )


CASES = [
    Case("pdf_oxide 173: names of states and codes of check marks", "a.pdf", form("/FT/Btn/T(a)/V/Off/AS/Off/Rect[72 698 82 708]/MK<</CA(8)>>", "/FT/Btn/T(b)/V/Yes/AS/Yes/Rect[72 678 82 688]/MK<</CA(4)>>/AP<</N<</Yes 7 0 R/Off 7 0 R>>>>", content=show("Corrected", x=90, y=700) + show("Void", x=90, y=680)), has=["Corrected", "Void"], lacks=["Off", "Yes", "8", "4"]),
    Case("docling 2882: a Dutch letter of two and a letter of no meaning", "a.pdf", coded((*"De ", "\u0133", *"ssel is breed", "\uf0a0", *" en diep.")), matches=[r"De (ij|ĳ)ssel is breed *en diep\."], lacks=["\uf0a0"]),
    Case("pdfplumber 680: figures that stand a little lower than Chinese", "a.pdf", chinese(("本章与", 72, 700), ("2021", 110, 699.2), ("年教材相比", 138, 700), (",", 199, 698), ("无实质性变化。", 204, 700)), matches=[r"本章与 ?2021 ?年教材相比 ?, ?无实质性变化。"]),
    Case("pymupdf4llm 304: a caption in Chinese over a table", "a.pdf", chinese(("本报告说明各项指标。", 72, 760), ("表1 基础指标", 200, 730), ("指标", 72, 706), ("数值", 250, 706), ("人口", 72, 686), ("1204", 250, 686), ("面积", 72, 666), ("877", 250, 666)), matches=[r"表 ?1 ?基础指标"], rows=[["人口", "1204"], ["面积", "877"]]),
    Case("pypdf 3358: letters that are moved a little within words", "a.pdf", raw(line(kerned("- P", -18, "ostchir", 12, "urgie \\(str", -15, "abism", -21, "e, pt\\351r", 9, "ygion\\)")), _RES), has=["Postchirurgie (strabisme, ptérygion)"]),
    Case("pypdf 3973: blanks that are steps of a fifth", "a.pdf", raw(line(kerned("Relev\\351", -220, "diff\\351r\\351", -220, "Carte", -220, "1234")), _RES), has=["Relevé différé Carte 1234"]),
    Case("pypdf 3341: a justified line with narrow steps", "a.pdf", raw(line(kerned("This", -178, "chapter", -178, "deals", -178, "with", -178, "the", -178, "graphical", -178, "user", -178, "interface")) + line(kerned("and", -333, "describes", -333, "its", -333, "elements."), 686), _RES), has=["This chapter deals with the graphical user interface and describes its elements."]),
    Case("pdf_oxide 995: word space does not part codes of two bytes", "a.pdf", raw("BT /U 14 Tf 9 Tw 72 700 Td <00010002000300200005> Tj 0 Tw ET", "/Font<</U 5 0 R>>", objects=["<</Type/Font/Subtype/Type0/BaseFont/None/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>", "<</Type/Font/Subtype/CIDFontType2/BaseFont/None/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 8 0 R/DW 600>>", to_unicode([*"gauge"] + ["x"] * 26 + ["g"]), "<</Type/FontDescriptor/FontName/None/Flags 4/FontBBox[0 -200 1000 900]/Ascent 900/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80>>"]), has=["gauge"]),
    Case("pdf_oxide 484: a pop-up note on a page that is turned", "a.pdf", noted("/Subtype/Text/Rect[72 600 92 620]/Contents(A popup note)", content=show("Dummy PDF file"), page="/Rotate 90"), has=["Dummy PDF file", "A popup note"]),
    Case("embed-pdf-viewer 758: marked words without a remark stand once", "a.pdf", noted("/Subtype/Highlight/Rect[72 696 300 712]/QuadPoints[72 712 300 712 72 696 300 696]"), count={"The weir was built in the year 1711": 1}, lacks=["Comment"]),
    Case("documentcloud 292: a remark in rich text alone", "a.pdf", noted("/Subtype/Text/Rect[72 600 92 620]/T(Ann)/RC(<body xmlns=\"http://www.w3.org/1999/xhtml\"><p>Ask the <b>council</b> first</p></body>)"), has=["Ask the council first"]),
    Case("documentcloud 292: a remark whose answer says no more", "a.pdf", noted("/Subtype/Text/Rect[72 600 92 620]/T(Ann)/Contents(Too low?)", "/Subtype/Text/Rect[72 600 92 620]/T(Bob)/Contents(No, measured twice.)", "/Subtype/Popup/Rect[200 600 300 700]/Contents(Too low?)"), has=["Too low?", "No, measured twice."], count={"Too low?": 1}),
    Case("pdfplumber 486: what fills a template in a second stream", "a.pdf", with_template(), has=["Name of the boat", "Marigold", "Home port", "Lowmoor", "7.5 m"]),
    Case("doctor 225: a file without its table and trailer", "a.pdf", without_trailer(), has=["rebuilt twice after great floods"]),
    Case("pdfium: hundreds of bookmarks with named destinations", "a.pdf", outlined(400), matches=[r"^#+ Section 0$"]),
    Case("headrace: a figure whose cents stand a little apart", "a.pdf", raw(line(kerned("Total due: $13,005", "."), 700) + "BT /F 11 Tf 157.9 700 Td (00) Tj ET " + line(kerned("Rate 4.", -190, "75%"), 680), _RES), has=["$13,005.00", "4.75%"]),
    Case("PyMuPDF 3739: bullets that are a letter of the dingbats", "a.pdf", raw("".join(f"BT /Z 8 Tf 72 {y} Td (l) Tj ET BT /F 11 Tf 86 {y} Td ({text}) Tj ET " for y, text in ((740, "boots of leather"), (722, "bread for the day"), (704, "a rope of ten metres"))), _RES), matches=[r"^[-*] boots of leather$", r"^[-*] bread for the day$", r"^[-*] a rope"], no_match=[r"\bl boots"]),
    Case("PyMuPDF 456: titles whose blanks are steps alone", "a.pdf", raw("BT /B 16 Tf 72 740 Td " + kerned("Mental", -250, "Health", -250, "Act", -250, "responsibilities") + " ET " + show(*LINES), _RES), matches=[r"^# Mental Health Act responsibilities$"]),
    Case("pdf-inspector 498: Hebrew with figures between its words", "a.pdf", coded(tuple("הסכר נפתח"[::-1]), tuple("וסנכנ שיא 40,000-כ")), has=["הסכר נפתח", "כ-40,000 איש נכנסו"]),
    Case("MinerU 4524: letters below and above within a word of chemistry", "a.pdf", raw("BT /F 11 Tf 72 700 Td (Add 5 ml of H) Tj /F 7 Tf -3 Ts (2) Tj 0 Ts /F 11 Tf (SO) Tj /F 7 Tf -3 Ts (4) Tj 0 Ts /F 11 Tf ( and stir.) Tj ET", _RES), matches=[r"H(2|₂|~2~|<sub>2</sub>)SO(4|₄|~4~|<sub>4</sub>) and stir\."]),
    Case("marker: text of one colour per letter and with a stroke", "a.pdf", raw("BT /F 11 Tf 2 Tr 0.2 w 72 700 Td 1 0 0 rg (The ben) Tj 0 0 1 rg (e\\fits of ) Tj 0 g (the weir) Tj ET".replace("\\f", "f"), _RES), has=["The benefits of the weir"]),
    Case("pypdf 466: figures of one line that stand far apart", "a.pdf", raw("".join(f"BT /F 11 Tf {x} 700 Td ({text}) Tj ET " for x, text in ((72, "4471"), (130, "12"), (180, "0.75"), (240, "9,001.20"))), _RES), matches=[r"4471\W+12\W+0\.75\W+9,001\.20"]),
    Case("pdf_oxide 104: a span that says more than its letter", "a.pdf", raw("/Span <</ActualText(\\376\\377\\000D\\000r\\000.)>> BDC BT /F 11 Tf 72 700 Td (D) Tj ET EMC BT /F 11 Tf 90 700 Td (Weir opens the gate.) Tj ET", _RES), matches=[r"(Dr\.|D) ?Weir opens the gate\."]),
]  # fmt: skip
