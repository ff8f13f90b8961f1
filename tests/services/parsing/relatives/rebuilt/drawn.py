# ruff: noqa: E501 (content streams read best on one line)
"""PDFs whose pages are drawn in odd ways: boxes, turns, clips, copies, streams and objects."""

from __future__ import annotations

from collections.abc import Callable

from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.fonts import WORDS, packed, show, stream
from tests.services.parsing.relatives.rebuilt.prints import LINES, pdf, raw, text_at

_FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
_RES = f"/Font<</F {_FONT}>>"
_END = "rebuilt twice after great floods"


def _joined(parts: list[bytes], trailer: str = "/Root 1 0 R", version: str = "1.7") -> bytes:
    """Objects without a table of places, as after damage."""
    body = b"".join(b"%d 0 obj\n" % n + part + b"\nendobj\n" for n, part in enumerate(parts, 1))
    return (
        f"%PDF-{version}\n".encode()
        + body
        + f"trailer\n<</Size {len(parts) + 1}{trailer}>>\nstartxref\n0\n%%EOF\n".encode()
    )


def _per_letter(times: int, shift: float, text: str = WORDS) -> str:
    out, x = "", 72.0
    for letter in text:
        for n in range(times):
            out += f"BT /F 11 Tf {x + n * shift} 700 Td ({letter}) Tj ET "
        x += {
            " ": 3.06,
            "i": 2.44,
            "l": 2.44,
            "t": 3.06,
            "r": 3.66,
            "w": 7.94,
            "T": 6.72,
            "s": 5.5,
            "y": 5.5,
            ".": 3.06,
        }.get(letter, 6.12)
    return out


def _shadow(shift: float, grey: float) -> str:
    return f"{grey} g " + show(WORDS, x=72 + shift, y=700 - shift, size=24) + "0 g " + show(WORDS, size=24)


def _sideways_table(c: Canvas) -> None:
    c.translate(300, 100)
    c.rotate(90)
    c.grid([0, 150, 300, 450], [0, 20, 40, 60])
    for r, line in enumerate((("Gate", "Turns", "State"), ("North", "17", "open"), ("South", "9", "shut"))):
        for k, cell in enumerate(line):
            c.drawString(6 + 150 * k, 46 - 20 * r, cell)


def _turned_heads(c: Canvas) -> None:
    for k, word in enumerate(("Monday", "Tuesday", "Friday")):
        c.saveState()
        c.translate(215 + 80 * k, 662)
        c.rotate(90)
        c.drawString(0, 0, word)
        c.restoreState()
    c.grid([72, 180, 260, 340, 420], [600, 620, 640, 660, 720])
    for r, line in enumerate((("North", "7", "8", "9"), ("South", "4", "5", "6"), ("West", "1", "2", "3"))):
        for k, cell in enumerate(line):
            c.drawString(78 + (0 if not k else 108 + 80 * (k - 1)), 646 - 20 * r, cell)


def _axis(c: Canvas) -> None:
    y = text_at(c, 72, 780, LINES)
    c.saveState()
    c.translate(90, y - 220)
    c.rotate(90)
    c.drawString(0, 0, "Water level in metres")
    c.restoreState()
    text_at(c, 72, 400, LINES)


def _upside_down(c: Canvas) -> None:
    text_at(c, 72, 780, LINES)
    c.translate(500, 60)
    c.rotate(180)
    c.drawString(0, 0, "Solution: seventeen turns")


def _alone(number: str) -> bytes:
    def draw(c: Canvas) -> None:
        text_at(c, 72, 780, [*LINES, "How many turns open the gate?"])
        c.drawCentredString(297, 700, number)

    return pdf(draw)


def _heads_left_and_right(at: int) -> Callable[[Canvas], None]:
    def draw(c: Canvas) -> None:
        c.setFont("Helvetica", 8)
        if at % 2:
            c.drawRightString(523, 810, f"On the age of weirs    {at}")
        else:
            c.drawString(72, 810, f"{at}    A. Miller and B. Brook")
        c.setFont("Helvetica", 11)
        text_at(
            c, 72, 770, [f"Line {n} of page {at} is about the weir and its gates." for n in range(40)], 16
        )

    return draw


def _two_up(c: Canvas) -> None:
    for x, tag in ((40, "left"), (460, "right")):
        c.setFont("Helvetica-Bold", 16)
        c.drawString(x, 540, f"The {tag} page")
        c.setFont("Helvetica", 10)
        text_at(
            c,
            x,
            510,
            [f"Line {n} of the {tag} page tells of gates and of pumps that are old." for n in range(22)],
            15,
        )


def _three_columns(c: Canvas) -> None:
    c.setFont("Helvetica", 8)
    for k, tag in enumerate(("first", "second", "third")):
        text_at(
            c, 50 + 170 * k, 770, [f"The {tag} column has in its line {n} more words." for n in range(40)], 11
        )


def _updated() -> bytes:
    first = raw(show("The old words."))
    content = show("The new words.").encode()
    at = len(first)
    more = b"4 0 obj\n" + stream(content) + b"\nendobj\n"
    previous = int(first.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    return (
        first
        + more
        + b"xref\n4 1\n%010d 00000 n \ntrailer\n<</Size 5/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
        % (at, previous, at + len(more))
    )


def _predicted(text: str, resources: str = _RES, catalog: str = "", *more: str) -> bytes:
    """Objects in a stream, and the table of places packed with a predictor, as iText writes them."""
    inside = [
        f"<</Type/Catalog/Pages 2 0 R{catalog}>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<{resources}>>>>",
        *more,
    ]
    heads, body = "", ""
    for number, content in zip((1, 2, 3, 7, 8), inside, strict=False):
        heads += f"{number} {len(body)} "
        body += content + " "
    out = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"
    content_at = len(out)
    out += b"4 0 obj\n" + packed(text.encode()) + b"\nendobj\n"
    objects_at = len(out)
    out += (
        b"5 0 obj\n"
        + packed((heads + body).encode(), f"/Type/ObjStm/N {len(inside)}/First {len(heads)}")
        + b"\nendobj\n"
    )
    table_at = len(out)
    rows = [
        (0, 0, 255),
        (2, 5, 0),
        (2, 5, 1),
        (2, 5, 2),
        (1, content_at, 0),
        (1, objects_at, 0),
        (1, table_at, 0),
        *((2, 5, 3 + n) for n in range(len(more))),
    ]
    before, lines = bytes(4), b""
    for kind, place, number in rows:
        line = bytes([kind]) + place.to_bytes(2, "big") + bytes([number])
        lines += b"\x02" + bytes((a - b) & 255 for a, b in zip(line, before, strict=True))
        before = line
    return (
        out
        + b"6 0 obj\n"
        + packed(
            lines, f"/Type/XRef/W[1 2 1]/Size {len(rows)}/Root 1 0 R/DecodeParms<</Predictor 12/Columns 4>>"
        )
        + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % table_at
    )


_LAYERS = "".join(
    f"/OC /{name} BDC {show(words, y=y)} EMC "
    for name, y, words in (("A", 700, WORDS), ("B", 650, "Ghostly words of a layer."))
)
_LAYER_OFF = "/OCProperties<</OCGs[5 0 R 6 0 R]/D<</BaseState/OFF/ON[5 0 R]>>>>"


def _base_off() -> bytes:
    groups = ["<</Type/OCG/Name(a)>>", "<</Type/OCG/Name(b)>>"]
    return raw(_LAYERS, f"{_RES}/Properties<</A 5 0 R/B 6 0 R>>", objects=groups, catalog=_LAYER_OFF)


def _packed_off() -> bytes:
    off = "/OCProperties<</OCGs[7 0 R 8 0 R]/D<</OFF[8 0 R]>>>>"
    resources = f"{_RES}/Properties<</A 7 0 R/B 8 0 R>>"
    return _predicted(_LAYERS, resources, off, "<</Type/OCG/Name(a)>>", "<</Type/OCG/Name(b)>>")


def _run_lengths(content: bytes) -> bytes:
    out = b""
    for at in range(0, len(content), 100):
        piece = content[at : at + 100]
        out += bytes([len(piece) - 1]) + piece
    return (out + b"\x80").hex().encode() + b">"


def _pages_of(kids: str, *pages: bytes) -> bytes:
    return _joined(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            f"<</Type/Pages/Kids[{kids}]/Count 2/MediaBox[0 0 595 842]/Resources<<{_RES}>>>>".encode(),
            *pages,
        ]
    )


def _bars(c: Canvas) -> None:
    """Rules as QuarkXPress draws them: a dot that is as wide as the rule is long."""
    text_at(c, 72, 780, LINES)
    for x in (72, 200, 330, 460):
        c.setLineWidth(60)
        c.line(x, 630, x + 0.5, 630)
    for y in (600, 620, 640, 660):
        c.setLineWidth(0.5)
        c.line(72, y, 460, y)
    for r, line in enumerate(
        (("Item", "Old", "New"), ("Seal", "100.00", "120.00"), ("Pump", "80.00", "900.00"))
    ):
        for k, cell in enumerate(line):
            c.drawString(78 + 129 * k, 646 - 20 * r, cell)


_BACK = packed(
    b"\x30\x30\x60" * 400,
    "/Type/XObject/Subtype/Image/Width 20/Height 20/ColorSpace/DeviceRGB/BitsPerComponent 8",
)

CASES = [
    Case("pdf.js: a page that is turned by 180 degrees twice", "a.pdf", raw("q -1 0 0 -1 595 842 cm " + show(*LINES) + "Q", page="/Rotate 180"), has=[_END], order=["The weir was built", "needed its water"]),
    Case("xberg 1358: a table that stands sideways on a page", "a.pdf", pdf(_sideways_table), rows=[["Gate", "Turns", "State"], ["North", "17", "open"], ["South", "9", "shut"]]),
    Case("pdfplumber 848: heads of columns that are turned", "a.pdf", pdf(_turned_heads), has=["Monday", "Tuesday", "Friday"], rows=[["North", "7", "8", "9"]]),
    Case("unstructured 1648: an axis whose label runs up", "a.pdf", pdf(_axis), has=[_END, "Water level in metres"]),
    Case("pdf_oxide 662: a solution that stands on its head", "a.pdf", pdf(_upside_down), has=[_END, "Solution: seventeen turns"]),
    Case("pdfminer: letters of size 1000 that are scaled down", "a.pdf", raw("q .011 0 0 .011 72 700 cm BT /F 1000 Tf 0 0 Td (" + WORDS + ") Tj ET Q"), exact=WORDS),
    Case("pdfminer: a poster of two metres", "a.pdf", raw(show(*LINES, x=300, y=4000, size=90).replace("14 TL", "110 TL"), box="0 0 5600 5000"), has=[_END]),
    Case("mdgate 79: words that a clip cuts away", "a.pdf", raw(show(*LINES) + "q 60 100 400 40 re W n " + show("Ghostly words of the next page.", y=60) + show("Words within the clip.", y=120) + "Q"), has=[_END, "Words within the clip."], lacks=["Ghostly"]),
    Case("mupdf: words that make a clip for a picture", "a.pdf", raw("q BT 7 Tr /F 40 Tf 72 600 Td (Summer at the weir) Tj ET 600 0 0 300 0 500 cm /I Do Q " + show(*LINES), f"{_RES}/XObject<</I 5 0 R>>", objects=[_BACK]), has=["Summer at the weir", _END]),
    Case("pdf.js: white words on a picture", "a.pdf", raw("q 400 0 0 100 60 680 cm /I Do Q 1 g " + show(WORDS) + "0 g " + show(*LINES, y=600), f"{_RES}/XObject<</I 5 0 R>>", objects=[_BACK]), has=[WORDS, _END]),
    Case("pdfig 568: a shadow below a title", "a.pdf", raw(_shadow(1.5, 0.7) + show(*LINES, y=600)), has=[WORDS, _END], lacks=["The weir was built early. The weir was built early", "TThhee", "The The"]),
    Case("pdfminer: a shadow that lies farther", "a.pdf", raw(_shadow(3, 0.85) + show(*LINES, y=600)), has=[WORDS, _END], lacks=["early. The weir was built early", "TThhee", "The The"]),
    Case("pdf-inspector 313: each letter drawn twice", "a.pdf", raw(_per_letter(2, 0)), exact=WORDS),
    Case("pdf.js 7445: each letter drawn three times, a little to the right", "a.pdf", raw(_per_letter(3, 0.15)), exact=WORDS),
    Case("pdf.js 7045: letters stroked, then filled", "a.pdf", raw("2 Tr " + show(WORDS) + "0 Tr " + show(WORDS)), exact=WORDS),
    Case("pdfparser 464: a copy that says it is no text", "a.pdf", raw(show(WORDS) + "/Span <</ActualText <feff>>> BDC " + show(WORDS, x=72.4) + "EMC"), exact=WORDS),
    Case("pdf-inspector 200: numbers by themselves in justified lines", "a.pdf", raw("BT /F 11 Tf 72 700 Td (a total of ) Tj (730) Tj ( seats and ) Tj 8 Tw (17 places) Tj 0 Tw ( up to ) Tj (5) Tj ( points) Tj ET"), exact="a total of 730 seats and 17 places up to 5 points"),
    Case("liteparse: a figure alone in the middle of the last line", "a.pdf", _alone("42"), has=[_END, "42"]),
    Case("pdfminer: kerning in capitals", "a.pdf", raw("BT /F 24 Tf 72 700 Td [(W)120(A)150(TER)-20( T)80(OWER)] TJ ET"), has=["WATER TOWER"]),
    Case("pdfbox: letters that stand closer", "a.pdf", raw("-0.6 Tc " + show(*LINES)), has=["The weir was built in the year 1711", _END]),
    Case("pdfbox: letters that stand wider", "a.pdf", raw("1.2 Tc " + show(*LINES)), has=["The weir was built in the year 1711", _END]),
    Case("pypdf: soft hyphens at the ends of lines", "a.pdf", raw(show("All figures are kept in the reposi\\255", "tory of the council, which opens at seven and shuts in the eve\\255", "ning.")), has=["the repository of", "in the evening."]),
    Case("marker: heads of left and right pages", "a.pdf", pdf(*(_heads_left_and_right(n) for n in range(12, 20))), has=["Line 0 of page 12", "Line 39 of page 19"], lacks=["On the age of weirs", "A. Miller"]),
    Case("docling: two pages on one", "a.pdf", pdf(_two_up, size=(842, 595)), order=["The left page", "Line 0 of the left", "Line 21 of the left", "The right page", "Line 21 of the right"]),
    Case("pdf2md: three columns", "a.pdf", pdf(_three_columns), order=["The first column has in its line 0", "first column has in its line 39", "second column has in its line 0", "third column has in its line 39"]),
    Case("pdf_oxide 814: rules that are drawn as thick dots", "a.pdf", pdf(_bars), rows=[["Item", "Old", "New"], ["Seal", "100.00", "120.00"]]),
    Case("pdfminer: an inline picture whose bytes say that it ends", "a.pdf", raw(show(WORDS).encode() + b"q 20 0 0 20 300 300 cm BI /W 4 /H 4 /CS /G /BPC 8 ID abc EI xEI 1234567 \nEI Q " + show("Words behind it.", y=600).encode()), has=[WORDS, "Words behind it."]),
    Case("pdf.js: layers that are off but for one", "a.pdf", _base_off(), has=[WORDS], lacks=["Ghostly"], told="hidden"),
    Case("pdf.js: a layer that is off by a packed catalog", "a.pdf", _packed_off(), has=[WORDS], lacks=["Ghostly"], told="hidden"),
    Case("pdf-lib: a page that was changed later", "a.pdf", _updated(), exact="The new words."),
    Case("itext: places packed with a predictor", "a.pdf", _predicted(show(*LINES)), has=[_END]),
    Case("pypdf: bytes of another kind behind the end", "a.pdf", raw(show(*LINES)) + b"<html>error</html>" + b"\0" * 3000, has=[_END]),
    Case("pypdf: a stream that begins behind a bare return", "a.pdf", _joined([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<{_RES}>>>>".encode(), stream(show(WORDS).encode()).replace(b"stream\n", b"stream\r", 1)]), has=[WORDS]),
    Case("pypdf: run lengths in hexadecimal", "a.pdf", raw("").replace(b"<</Length 0>>\nstream\n\nendstream", stream(_run_lengths(show(WORDS).encode()), "/Filter[/ASCIIHexDecode/RunLengthDecode]")), has=[WORDS]),
    Case("pypdf: strings with brackets, breaks and odd figures", "a.pdf", raw("BT /F 11 Tf 72 700 Td (f\\(x\\) and \\\n(all) of \\101\\7) Tj <57 65 69\n72 2> Tj ET"), has=["f(x) and (all) of A", "Weir"]),
    Case("pdfminer: lines by quotes", "a.pdf", raw("BT /F 11 Tf 14 TL 72 700 Td (The weir was built) Tj (by the monks of the abbey) ' 1 0 (who needed its water.) \" ET"), order=["The weir was built", "by the monks of the abbey", "who needed its water."]),
    Case("pdfbox: blanks from another font", "a.pdf", raw("BT 72 700 Td " + "".join(f"/F 11 Tf ({word}) Tj /B 11 Tf ( ) Tj " for word in WORDS.split()) + "ET", f"/Font<</F {_FONT}/B<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>>>"), exact=WORDS),
    Case("pdfminer: a form that uses the fonts of its page", "a.pdf", raw("/X Do", f"{_RES}/XObject<</X 5 0 R>>", objects=[stream(show(*LINES).encode(), "/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Matrix[1 0 0 1 0 20]")]), has=[_END]),
    Case("pypdf: pages that have all from their parents, in groups", "a.pdf", _pages_of("3 0 R 6 0 R", b"<</Type/Pages/Parent 2 0 R/Kids[4 0 R]/Count 1>>", b"<</Type/Page/Parent 3 0 R/Contents 5 0 R>>", stream(show(WORDS).encode()), b"<</Type/Page/Parent 2 0 R/Contents[null 99 0 R 7 0 R]>>", stream(show("The second page.").encode())), order=[WORDS, "The second page."]),
    Case("pypdf: a count of pages that is wrong", "a.pdf", raw(show(WORDS)).replace(b"/Count 1", b"/Count 0"), has=[WORDS]),
    Case("pypdf: a page without content before another", "a.pdf", _pages_of("3 0 R 4 0 R", b"<</Type/Page/Parent 2 0 R>>", b"<</Type/Page/Parent 2 0 R/Contents 5 0 R>>", stream(show(WORDS).encode())), has=[WORDS]),
    Case("autocad: many strokes beside text", "a.pdf", raw("".join(f"{n} 0 m {n} 5 l S " for n in range(600)) + show(*LINES)), has=[_END]),
]  # fmt: skip
