# ruff: noqa: E501 (content streams read best on one line)
"""PDFs whose objects are odd: fonts, maps, hidden and covered text, forms, notes, files, damage."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from services.parsing import Choices
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.fonts import coded, packed, show, stream
from tests.services.parsing.relatives.rebuilt.prints import LINES, pdf, raw, text_at
from tests.services.parsing.relatives.rebuilt.scanned import drawn
from tests.services.parsing.samples import docx, paragraph

_FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
_RES = f"/Font<</F {_FONT}>>"
_END = "rebuilt twice after great floods"
_WIDGET = "/Type/Annot/Subtype/Widget/DA(/F 10 Tf)"
_GHOST = "Ghostly words that nobody sees on this page."
_DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
_FORM = f"/Type/XObject/Subtype/Form/BBox[0 0 400 40]/Resources<<{_RES}>>"


def _named(differences: str, codes: bytes) -> bytes:
    """A line in a font that is not embedded whose letters have the names of an encoding."""
    return raw(
        f"BT /N 12 Tf 72 700 Td <{codes.hex()}> Tj ET",
        f"/Font<</N <</Type/Font/Subtype/Type1/BaseFont/Unknown/FirstChar 1/LastChar 40/Widths[{'600 ' * 40}]/Encoding<</Type/Encoding/Differences[1{differences}]>>/FontDescriptor 5 0 R>>>>",
        objects=[
            "<</Type/FontDescriptor/FontName/Unknown/Flags 4/FontBBox[0 -200 1000 900]/Ascent 900/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80>>"
        ],
    )


def _uni(text: str, form: str) -> bytes:
    return _named("".join("/" + form.format(ord(letter)) for letter in text), bytes(range(1, len(text) + 1)))


def _one_byte_map() -> bytes:
    """A font of one-byte codes whose map is one of two bytes and maps nothing."""
    cmap = b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n1 begincodespacerange <0000> <FFFF> endcodespacerange\n3 beginbfchar\n<0000> <0000>\n<0001> <0000>\n<0002> <0000>\nendbfchar endcmap end end"
    return raw(
        show(*LINES, font="C"),
        "/Font<</C <</Type/Font/Subtype/TrueType/BaseFont/CourierNew/FirstChar 32/LastChar 126/Widths["
        + "600 " * 95
        + "]/Encoding/WinAnsiEncoding/ToUnicode 5 0 R>>>>",
        objects=[stream(cmap)],
    )


def _glyphs(text: str, left_out: str, fake: Mapping[str, str] | None = None) -> bytes:
    """A font with all its letters, whose map lacks a letter; `fake`: what it says of others."""
    from tests.services.parsing.relatives.rebuilt.glyphs import glyph_of

    data = Path(_DEJAVU).read_bytes()
    numbers = {letter: glyph_of(data, ord(letter)) for letter in text}
    pairs = "".join(
        f"<{n:04x}> <{ord((fake or {}).get(letter, letter)):04x}>\n"
        for letter, n in numbers.items()
        if letter not in left_out
    )
    count = pairs.count("\n")
    return raw(
        f"BT /G 16 Tf 72 700 Td <{''.join(f'{numbers[letter]:04x}' for letter in text)}> Tj ET",
        "/Font<</G 5 0 R>>",
        objects=[
            "<</Type/Font/Subtype/Type0/BaseFont/ABCDEF+DejaVuSans/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 9 0 R>>",
            "<</Type/Font/Subtype/CIDFontType2/BaseFont/ABCDEF+DejaVuSans/CIDToGIDMap/Identity/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 7 0 R/DW 600>>",
            "<</Type/FontDescriptor/FontName/ABCDEF+DejaVuSans/Flags 4/FontBBox[-1000 -300 1500 1000]/Ascent 900/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80/FontFile2 8 0 R>>",
            packed(data, f"/Length1 {len(data)}"),
            stream(
                f"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange\n{count} beginbfchar\n{pairs}endbfchar endcmap end".encode()
            ),
        ],
    )


def _covered(colour: tuple[float, float, float]) -> bytes:
    def draw(c: Canvas) -> None:
        text_at(c, 72, 780, LINES)
        c.drawString(72, 690, _GHOST)
        c.setFillColorRGB(*colour)
        c.rect(60, 680, 400, 30, stroke=0, fill=1)
        c.setFillColorRGB(0, 0, 0)
        text_at(c, 72, 640, ["The council keeps the book of the weir in its house at the market."])

    return pdf(draw)


def _under_a_picture(c: Canvas) -> None:
    text_at(c, 72, 780, LINES)
    c.drawString(72, 690, _GHOST)
    c.drawImage(ImageReader(drawn(words=("",), size=20, wide=400)), 60, 670, 420, 60)
    text_at(c, 72, 640, ["The council keeps the book of the weir in its house at the market."])


def _box_behind(c: Canvas) -> None:
    """A white box under its text covers nothing."""
    c.setFillColorRGB(1, 1, 1)
    c.rect(60, 680, 480, 130, stroke=1, fill=1)
    c.setFillColorRGB(0, 0, 0)
    text_at(c, 72, 780, LINES)


_AMONG = "BT /F 11 Tf 72 700 Td (Sec. 545.001. ) Tj 3 Tr (AA ) Tj 0 Tr (DEFINITIONS. ) Tj 3 Tr (AA ) Tj 0 Tr (In this chapter:) Tj ET"


def _scan_with_chrome() -> bytes:
    """A scan with its words in an invisible layer, and a visible line of who lent it."""
    words = [
        "Line one of the old book tells of the weir",
        "Line two of the old book tells of the gate",
        "Line three of the book tells of the mill",
    ]
    layer = "BT 3 Tr /F 14 Tf 72 700 Td 20 TL " + " ".join(f"({w}) Tj T*" for w in words) + " ET 0 Tr "
    page = drawn("L", words=("", ""), size=20, wide=300)
    data = page.tobytes()
    return raw(
        "q 595 0 0 842 0 0 cm /I Do Q " + layer + show("Lent by the library of Lowmoor", y=20, size=8),
        f"{_RES}/XObject<</I 5 0 R>>",
        objects=[
            packed(
                data,
                f"/Type/XObject/Subtype/Image/Width {page.width}/Height {page.height}/ColorSpace/DeviceGray/BitsPerComponent 8",
            )
        ],
    )


def _fields(*fields: str, catalog: str = "", more: tuple[str | bytes, ...] = ()) -> bytes:
    kids = " ".join(f"{5 + n} 0 R" for n, field in enumerate(fields) if "/Widget" in field)
    roots = " ".join(f"{5 + n} 0 R" for n, field in enumerate(fields) if "/Parent" not in field)
    return raw(
        show(*LINES),
        page=f"/Annots[{kids}]",
        objects=[*fields, *more],
        catalog=f"/AcroForm<</Fields[{roots}]/DA(/F 10 Tf)/DR<</Font<</F {_FONT}>>>>{catalog}>>",
    )


def _noted(*notes: str) -> bytes:
    return raw(
        show(*LINES), page=f"/Annots[{' '.join(f'{5 + n} 0 R' for n in range(len(notes)))}]", objects=notes
    )


def _utf16(text: str) -> str:
    return f"<feff{text.encode('utf-16-be').hex()}>"


_TICKS = "/AP<</N<</Yes 7 0 R/Off 8 0 R>>>>"
_BOX = stream(b"0 0 10 10 re S 1 1 m 9 9 l S", "/Type/XObject/Subtype/Form/BBox[0 0 10 10]")
_EMPTY_BOX = stream(b"0 0 10 10 re S", "/Type/XObject/Subtype/Form/BBox[0 0 10 10]")


def _filespec(name: str, number: int) -> str:
    return f"<</Type/Filespec/F({name})/UF({name})/AFRelationship/Source/EF<</F {number} 0 R>>>>"


_LETTER = packed(docx(paragraph("Words of the attached letter.")), "/Type/EmbeddedFile")


def _tagged(
    *kids: str, marks: str, text: str, more: tuple[str | bytes, ...] = (), resources: str = _RES
) -> bytes:
    """A page with a tree of structure; its elements are objects from 7 on."""
    numbers = " ".join(f"{7 + n} 0 R" for n in range(len(kids)))
    return raw(
        text,
        resources,
        page="/StructParents 0",
        catalog="/MarkInfo<</Marked true>>/StructTreeRoot 5 0 R",
        objects=[
            "<</Type/StructTreeRoot/K 6 0 R/ParentTree<</Nums[0[" + marks + "]]>>>>",
            f"<</Type/StructElem/S/Document/P 5 0 R/K[{numbers}]>>",
            *kids,
            *more,
        ],
    )


_PIXELS = packed(
    b"\x30\x60\x90" * 100,
    "/Type/XObject/Subtype/Image/Width 10/Height 10/ColorSpace/DeviceRGB/BitsPerComponent 8",
)


def _figure() -> bytes:
    return _tagged(
        "<</Type/StructElem/S/P/P 6 0 R/Pg 3 0 R/K 0>>",
        "<</Type/StructElem/S/Figure/P 6 0 R/Pg 3 0 R/K 1/Alt(Staff gauge at the lower lock)>>",
        marks="7 0 R 8 0 R",
        text=f"/P<</MCID 0>>BDC {show(*LINES)} EMC /Figure<</MCID 1>>BDC q 200 0 0 150 72 450 cm /I Do Q EMC",
        resources=f"{_RES}/XObject<</I 9 0 R>>",
        more=(_PIXELS,),
    )


def _wrong_order() -> bytes:
    return _tagged(
        "<</Type/StructElem/S/P/P 6 0 R/Pg 3 0 R/K 1>>",
        "<</Type/StructElem/S/P/P 6 0 R/Pg 3 0 R/K 0>>",
        marks="8 0 R 7 0 R",
        text=f"/P<</MCID 0>>BDC {show('First the keeper opens the north gate of the weir.')} EMC /P<</MCID 1>>BDC {show('Then the water runs to the mill below the bridge.', y=660)} EMC",
    )


def _rc4() -> bytes:
    """RC4 of 40 bits with an empty password."""
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
    from cryptography.hazmat.primitives.ciphers import Cipher

    pad = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
    owner, ident = bytes(range(32)), b"\0" * 16
    key = hashlib.md5(pad + owner + (-44).to_bytes(4, "little", signed=True) + ident).digest()[:5]
    user = Cipher(ARC4(key), None).encryptor().update(pad)
    own = hashlib.md5(key + (4).to_bytes(3, "little") + b"\0\0").digest()[:10]
    content = Cipher(ARC4(own), None).encryptor().update(show(*LINES).encode())
    return raw(
        content, objects=[f"<</Filter/Standard/V 1/R 2/P -44/O<{owner.hex()}>/U<{user.hex()}>>>"]
    ).replace(b"/Root 1 0 R", f"/Root 1 0 R/Encrypt 5 0 R/ID[<{ident.hex()}><{ident.hex()}>]".encode())


def _lzw(content: bytes) -> bytes:
    """LZW without any gain: each byte by itself, and the table cleared before it grows."""
    bits = ""
    for at in range(0, len(content), 200):
        bits += f"{256:09b}" + "".join(f"{byte:09b}" for byte in content[at : at + 200])
    bits += f"{257:09b}"
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[n : n + 8], 2) for n in range(0, len(bits), 8))


def _lzw_page() -> bytes:
    return raw("").replace(
        b"<</Length 0>>\nstream\n\nendstream", stream(_lzw(show(*LINES).encode()), "/Filter/LZWDecode")
    )


def _layer(group: str, membership: str = "") -> bytes:
    """A form whose words are on a layer that is off."""
    return raw(
        show(*LINES) + "q 1 0 0 1 72 500 cm /X Do Q",
        f"{_RES}/XObject<</X 5 0 R>>",
        objects=[
            stream(show(_GHOST, x=2, y=5).encode(), _FORM + f"/OC {group}"),
            "<</Type/OCG/Name(draft)>>",
            membership or "null",
        ],
        catalog="/OCProperties<</OCGs[6 0 R]/D<</OFF[6 0 R]>>>>",
    )


CASES = [
    Case("pdfminer 77: letters by names of the form uni0050", "a.pdf", _uni("Page 1 of 20", "uni{:04X}"), has=["Page 1 of 20"]),
    Case("pypdf 2273: letters by names of the form u1D6FC", "a.pdf", _uni("x𝛼y", "u{:05X}"), has=["x𝛼y"]),
    Case("pypdf 1672: a map of two bytes for codes of one", "a.pdf", _one_byte_map(), has=[_END]),
    Case("pdf.js 14621: a ligature that the map lacks", "a.pdf", _glyphs("Certiﬁcate of the harbour", "ﬁ"), has=["Certificate of the harbour"]),
    Case("pdf_oxide 98: letters that the map lacks", "a.pdf", _glyphs("Größe der Mühle", "öü"), has=["Größe der Mühle"]),
    Case("pdf_oxide 1060: radicals for ideographs", "a.pdf", coded("⽔⾨の⾼さは⼆⽶", widths={}), has=["水門の高さは二米"]),
    Case("pdf_oxide 125: a blank by the code of a Macintosh", "a.pdf", raw("BT /M 12 Tf 72 700 Td (Bug\\312878026 of the gate) Tj ET", "/Font<</M <</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/MacRomanEncoding>>>>"), has=["Bug 878026 of the gate"], lacks=["Ê"]),
    Case("pdf_oxide: Vietnamese in letters with marks behind them", "a.pdf", coded([*"Ti", "e\u0302\u0301", *"ng Vi", "e\u0323\u0302", "t"]), has=["Tiếng Việt"]),
    Case("opendataloader 584: bullets from private places", "a.pdf", _glyphs("•boots of the keeper", "", {"•": "\uf0b7"}), matches=["^[-*] +boots of the keeper"], no_match=["[\ue000-\uf8ff]"]),
    Case("docling 4053: words that a white box covers", "a.pdf", _covered((1, 1, 1)), has=[_END, "book of the weir"], lacks=["Ghostly"], told="hidden"),
    Case("a-box-of-tools 117: words that a black box covers", "a.pdf", _covered((0, 0, 0)), has=[_END, "book of the weir"], lacks=["Ghostly"], told="hidden"),
    Case("a-box-of-tools 117: words that a black box covers, wanted", "a.pdf", _covered((0, 0, 0)), has=[_END, "Ghostly"], choices=Choices(hidden=True)),
    Case("docling 4053: words under a picture", "a.pdf", pdf(_under_a_picture), has=[_END, "book of the weir"], lacks=["Ghostly"], told="hidden"),
    Case("docling 4053: a white box under its words", "a.pdf", pdf(_box_behind), has=[_END]),
    Case("pdfplumber 1230: invisible letters among words", "a.pdf", raw(_AMONG), has=["Sec. 545.001. DEFINITIONS. In this chapter:"], lacks=["AA"]),
    Case("pdf-inspector 479: a scan with an invisible layer and a visible line", "a.pdf", _scan_with_chrome(), has=["Line one of the old book tells of the weir", "Line three of the book"]),
    Case("KillerPDF 179: a field of several lines without a drawing", "a.pdf", _fields(f"<<{_WIDGET}/FT/Tx/Ff 4096/T(notes)/V {_utf16('Hunter’s mark: 1d6' + chr(13) + '• second line – end')}/Rect[72 400 472 480]>>"), matches=["Hunter’s mark: 1d6$|Hunter’s mark: 1d6 "], has=["second line – end"]),
    Case("pdf_oxide 1070: a group of buttons whose choice is no", "a.pdf", _fields("<</FT/Btn/Ff 49152/T(dock)/TU(Dry dock needed)/V/No/Kids[6 0 R 9 0 R]>>", f"<<{_WIDGET}/Parent 5 0 R/AS/Off/Rect[72 500 82 510]/AP<</N<</Yes 7 0 R/Off 8 0 R>>>>>>", catalog="", more=(_BOX, _EMPTY_BOX, f"<<{_WIDGET}/Parent 5 0 R/AS/No/Rect[122 500 132 510]/AP<</N<</No 7 0 R/Off 8 0 R>>>>>>")).replace(b"/Annots[6 0 R]", b"/Annots[6 0 R 9 0 R]"), matches=["☐ *☒"]),
    Case("pdf2json 48: boxes that are ticked and not", "a.pdf", _fields(f"<<{_WIDGET}/FT/Btn/T(a)/V/Yes/AS/Yes/Rect[72 500 82 510]{_TICKS}>>", f"<<{_WIDGET}/FT/Btn/T(b)/V/Off/AS/Off/Rect[72 470 82 480]{_TICKS}>>", more=(_BOX, _EMPTY_BOX)).replace(b"0 Tr", b"").replace(show(*LINES).encode(), (show("Insured", x=90, y=501) + show("Rented", x=90, y=471)).encode().ljust(len(show(*LINES)))), matches=[r"(☒|\[x\]) *Insured", r"(☐|\[ \]) *Rented"]),
    Case("pdf-lib: a list with two choices", "a.pdf", _fields(f"<<{_WIDGET}/FT/Ch/Ff 2097152/T(port)/V[(Westquay)(Lowmoor)]/Opt[(Eastquay)(Westquay)(Lowmoor)]/I[1 2]/Rect[72 440 272 520]>>"), has=["Westquay", "Lowmoor"]),
    Case("pdf_oxide 101: a signature with its drawing", "a.pdf", _fields(f"<<{_WIDGET}/FT/Sig/T(s)/Rect[72 480 472 520]/AP<</N 6 0 R>>>>", more=(stream(show("Digitally signed by Ann Weir", x=2, y=15).encode(), _FORM),)), has=[_END, "Digitally signed by Ann Weir"]),
    Case("pdf.js 7151: a field with a comb", "a.pdf", _fields(f"<<{_WIDGET}/FT/Tx/Ff 16777216/MaxLen 7/T(name)/V(MUELLER)/Rect[72 480 198 500]/AP<</N 6 0 R>>>>", more=(stream(("BT /F 11 Tf 6 5 Td " + " 18 0 Td ".join(f"({x}) Tj" for x in "MUELLER") + " ET").encode(), _FORM),)), has=["MUELLER"]),
    Case("documentcloud 292: a remark on marked words and its answer", "a.pdf", _noted("<</Type/Annot/Subtype/Highlight/Rect[72 690 272 710]/QuadPoints[72 710 272 710 72 690 272 690]/T(Ann)/Contents(Is this date right?)/Popup 7 0 R>>", "<</Type/Annot/Subtype/Text/Rect[72 690 90 710]/T(Bob)/Contents(Yes, see the survey.)/IRT 5 0 R>>", "<</Type/Annot/Subtype/Popup/Rect[300 600 400 700]/Parent 5 0 R/Contents(Is this date right?)>>"), order=["Is this date right?", "Yes, see the survey."], count={"Is this date right?": 1}),
    Case("factur-x: a file that the catalog's AF alone names", "a.pdf", raw(show(*LINES), objects=[_filespec("letter.docx", 6), _LETTER], catalog="/AF[5 0 R]"), has=[_END, "Words of the attached letter."]),
    Case("factur-x: a file that the AF of a page alone names", "a.pdf", raw(show(*LINES), objects=[_filespec("letter.docx", 6), _LETTER], page="/AF[5 0 R]"), has=[_END, "Words of the attached letter."]),
    Case("pdf_oxide 104: a picture that the tags describe", "a.pdf", _figure(), has=[_END, "Staff gauge at the lower lock"]),
    Case("pdf_oxide 1092: tags in the wrong order", "a.pdf", _wrong_order(), order=["First the keeper", "Then the water"]),
    Case("qpdf: RC4 of 40 bits with an empty password", "a.pdf", _rc4(), has=[_END]),
    Case("pdfminer.six: content packed by LZW", "a.pdf", _lzw_page(), has=[_END]),
    Case("pdf.js: a form on a layer that is off", "a.pdf", _layer("6 0 R"), has=[_END], lacks=["Ghostly"]),
    Case("pdf.js: a form on a layer that is off by a membership", "a.pdf", _layer("7 0 R", "<</Type/OCMD/OCGs[6 0 R]/P/AnyOn>>"), has=[_END], lacks=["Ghostly"]),
    Case("pypdf: the head of an answer of a server before the file", "a.pdf", b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + raw(show(*LINES)), has=[_END]),
    Case("pdf.js: a table of places that refers to itself", "a.pdf", raw(show(*LINES)).replace(b"/Root 1 0 R>>", b"/Root 1 0 R/Prev 9>>"), has=[_END]),
    Case("pypdf: pages that are null and content that is not there", "a.pdf", raw(show(*LINES)).replace(b"/Kids[3 0 R]/Count 1", b"/Kids[null 3 0 R]/Count 2").replace(b"/Contents 4 0 R", b"/Contents[99 0 R 4 0 R]"), has=[_END]),
    Case("oxidizePdf 458: two strings beside each other", "a.pdf", raw("BT /F 11 Tf 72 700 Td [(CellOne)] TJ ET BT /F 11 Tf 116 700 Td [(CellTwo)] TJ ET" + show(*LINES, y=600)), has=["CellOne CellTwo"]),
]  # fmt: skip
