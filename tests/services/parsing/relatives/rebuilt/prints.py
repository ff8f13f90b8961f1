# ruff: noqa: E501 (markup reads best on one line)
"""PDFs that other tools read wrong."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Sequence

from reportlab.lib.colors import white  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from tests.services.parsing.relatives.case import Case

_SERIF = "/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf"
LINES = (
    "The weir was built in the year 1711 by the monks of the abbey, who",
    "needed its water for the mill below. It was rebuilt twice after great",
    "floods, and is kept as a monument by the council of the town today.",
)
_HELVETICA = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def pdf(*pages: Callable[[Canvas], None], size: tuple[float, float] = (595, 842), **more: object) -> bytes:
    held = io.BytesIO()
    canvas = Canvas(held, pagesize=size, **more)
    for draw in pages:
        canvas.setFont("Helvetica", 11)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return held.getvalue()


def text_at(c: Canvas, x: float, y: float, lines: Sequence[str], step: float = 14) -> float:
    for line in lines:
        c.drawString(x, y, line)
        y -= step
    return y


def raw(
    content: str | bytes,
    resources: str = f"/Font<</F {_HELVETICA}>>",
    page: str = "",
    objects: Sequence[str | bytes] = (),
    catalog: str = "",
    box: str = "0 0 595 842",
) -> bytes:
    """A PDF of one page by hand: objects 1 catalog, 2 pages, 3 page, 4 content, then `objects` from 5."""
    stream = content.encode("latin-1") if isinstance(content, str) else content
    parts: list[bytes] = [
        f"<</Type/Catalog/Pages 2 0 R{catalog}>>".encode(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R/Resources<<{resources}>>{page}>>".encode(),
        b"<</Length %d>>\nstream\n" % len(stream) + stream + b"\nendstream",
        *(part.encode("latin-1") if isinstance(part, str) else part for part in objects),
    ]
    out, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + part + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
        + table
        + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, len(out))
    )


def _stream(content: bytes, more: str = "") -> bytes:
    return f"<<{more}/Length {len(content)}>>\nstream\n".encode() + content + b"\nendstream"


def _show(*lines: str, x: int = 72, y: int = 700, size: int = 11) -> str:
    return f"BT /F {size} Tf {x} {y} Td 14 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET "


def _columns_with_title(c: Canvas) -> None:
    c.setFont("Helvetica-Bold", 18)
    c.drawString(72, 780, "On the age of weirs")
    c.setFont("Helvetica", 9)
    for x, tag in ((72, "left"), (310, "right")):
        text_at(
            c, x, 740, [f"The {tag} column has a line number {n} of its own text." for n in range(12)], 12
        )


def _sentence_over_pages(c: Canvas, first: bool) -> None:
    if first:
        text_at(
            c,
            72,
            780,
            [f"Line {n} of the text that fills the page up to its last line and goes on" for n in range(46)],
            15,
        )
    else:
        text_at(
            c,
            72,
            780,
            ["behind the page break.", "A second paragraph does not end there, it goes on for a while yet."],
        )


def _key_values(c: Canvas) -> None:
    for n, (key, value) in enumerate(
        (
            ("Name", "Ann Weir"),
            ("Street", "Mill Lane 12"),
            ("IBAN", "DE00 1234 5678"),
            ("Due", "12 March 2024"),
            ("Amount", "1,234.50 EUR"),
        )
    ):
        c.drawString(72, 760 - 16 * n, f"{key}:")
        c.drawString(170, 760 - 16 * n, value)
    text_at(c, 72, 640, LINES)


def _struck_table(c: Canvas) -> None:
    c.grid([72, 200, 330, 460], [600, 620, 640, 660])
    for r, line in enumerate((("Item", "Old", "New"), ("Seal", "100.00", "120.00"), ("Pump", "", "900.00"))):
        for k, cell in enumerate(line):
            c.drawString(78 + 129 * k, 646 - 20 * r, cell)
    text_at(c, 72, 560, LINES)


def _dashes(c: Canvas) -> None:
    y = text_at(c, 72, 760, ["What to bring:"])
    y = text_at(c, 90, y, ["- boots", "- bread with", "  a lot of butter", "- a lamp"])
    y = text_at(c, 72, y - 10, ["Steps:"])
    text_at(c, 90, y, ["a) Open the gate.", "b) Wait.", "c) Shut the gate."])


def _rotated_text(c: Canvas) -> None:
    text_at(c, 72, 760, LINES)
    c.saveState()
    c.translate(500, 300)
    c.rotate(90)
    c.drawString(0, 0, "Side note on the margin")
    c.restoreState()


def _landscape(c: Canvas) -> None:
    c.grid([72, 300, 500, 700], [400, 420, 440, 460])
    for r, line in enumerate((("Gate", "Turns", "State"), ("North", "17", "open"), ("South", "9", "shut"))):
        for k, cell in enumerate(line):
            c.drawString((78, 306, 506)[k], 446 - 20 * r, cell)


def _unicode(lines: Sequence[str]) -> Callable[[Canvas], None]:
    def draw(c: Canvas) -> None:
        pdfmetrics.registerFont(TTFont("Serif", _SERIF))
        c.setFont("Serif", 11)
        text_at(c, 72, 760, lines, 16)

    return draw


def _east(font: str, lines: Sequence[str]) -> Callable[[Canvas], None]:
    def draw(c: Canvas) -> None:
        pdfmetrics.registerFont(UnicodeCIDFont(font))
        c.setFont(font, 11)
        text_at(c, 72, 760, lines, 18)

    return draw


def _footnotes(c: Canvas) -> None:
    y = text_at(c, 72, 760, LINES)
    c.setFont("Helvetica", 7)
    c.drawString(400, y + 18, "1")
    c.line(72, 120, 200, 120)
    c.drawString(72, 108, "1")
    c.setFont("Helvetica", 9)
    c.drawString(78, 105, "See the survey of 1911, page 17.")


def _contents(c: Canvas) -> None:
    c.setFont("Helvetica-Bold", 16)
    c.drawString(72, 780, "Contents")
    c.setFont("Helvetica", 11)
    for n, title in enumerate(("Gates", "Pumps", "Fees", "Rules")):
        c.drawString(72, 750 - 16 * n, f"{n + 1} {title} " + "." * (60 - len(title)) + f" {n * 7 + 3}")


def _boxed(c: Canvas) -> None:
    c.setFillColorRGB(0.9, 0.95, 1)
    c.rect(60, 600, 470, 80, fill=1, stroke=0)
    c.setFillColorRGB(0, 0, 0)
    text_at(c, 72, 660, ["Note: the gate must be shut at night.", "Call 0123 if the lamp is out."])
    text_at(c, 72, 560, LINES)


def _gutter(c: Canvas) -> None:
    for n, word in enumerate(("GATE", "TURNS", "LEVEL", "STATE")):
        c.drawString(72 + 110 * n, 760, word)
    for r, line in enumerate(
        (
            ("North", "17", "2.1", "open"),
            ("South", "9", "1.4", "shut"),
            ("West", "-", "(0.3)", "open"),
            ("East", "4", "12%", "n/a"),
        )
    ):
        for k, cell in enumerate(line):
            c.drawString(72 + 110 * k, 742 - 15 * r, cell)


def _white_on_band(c: Canvas) -> None:
    c.setFillColorRGB(0.1, 0.2, 0.5)
    c.rect(72, 700, 400, 20, fill=1, stroke=0)
    c.setFillColor(white)
    for k, cell in enumerate(("Boat", "Fee", "Unit")):
        c.drawString(78 + 130 * k, 706, cell)
    c.setFillColorRGB(0, 0, 0)
    for r, line in enumerate((("Canoe", "3.50", "day"), ("Barge", "40.00", "week"))):
        for k, cell in enumerate(line):
            c.drawString(78 + 130 * k, 686 - 18 * r, cell)


_FIELDS: list[str | bytes] = [
    "<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(Marigold)/Rect[150 690 300 710]/F 4>>",
    "<</Type/Annot/Subtype/Widget/FT/Btn/T(paid)/V/Yes/AS/Yes/Rect[150 660 165 675]/F 4/AP<</N<</Yes 9 0 R/Off 9 0 R>>>>>>",
    "<</Type/Annot/Subtype/Widget/FT/Ch/T(gate)/V(South)/Opt[(North)(South)]/Rect[150 630 300 645]/F 4>>",
    "<</Type/Annot/Subtype/Widget/FT/Tx/Ff 4096/T(note)/V(\\376\\377\\000G\\000r\\000\\366\\000\\337\\000e)/Rect[150 560 300 620]/F 4>>",
    _stream(b"", "/Type/XObject/Subtype/Form/BBox[0 0 15 15]"),
]
_LIGATURES = b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange 2 beginbfchar <01> <00660066006C> <02> <00660069> endbfchar endcmap end end"
_T3: list[str | bytes] = [
    "<</Type/Font/Subtype/Type3/FontBBox[0 0 750 750]/FontMatrix[0.001 0 0 0.001 0 0]/CharProcs<</a 6 0 R/b 6 0 R>>/Encoding<</Type/Encoding/Differences[65/a/b]>>/FirstChar 65/LastChar 66/Widths[800 800]/ToUnicode 7 0 R/Resources<<>>>>",
    _stream(b"800 0 0 0 750 750 d1 0 0 700 700 re f"),
    _stream(
        b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange 2 beginbfchar <41> <0057> <42> <0065> endbfchar endcmap end end"
    ),
]
_LINK = "<</Type/Annot/Subtype/Link/Rect[72 695 200 712]/A<</S/URI/URI(https://e.org/log)>>>>"
_ACTUAL = "/Span<</ActualText(\\376\\377\\000O\\000f\\000f\\000i\\000c\\000e)>>BDC (O\\001ce) Tj EMC"

CASES = [
    Case("pdfplumber: two columns below a title", "a.pdf", pdf(_columns_with_title), order=["On the age of weirs", "left column has a line number 0", "left column has a line number 11", "right column has a line number 0"]),
    Case("pdfminer: a sentence over two pages", "a.pdf", pdf(lambda c: _sentence_over_pages(c, True), lambda c: _sentence_over_pages(c, False)), has=["goes on behind the page break."]),
    Case("docling: keys with values", "a.pdf", pdf(_key_values), order=["Name:", "Ann Weir", "Street:", "Mill Lane 12", "IBAN:", "DE00 1234 5678", "Amount:", "1,234.50 EUR", "The weir was built"]),
    Case("camelot: a table with an empty cell", "a.pdf", pdf(_struck_table), rows=[["Item", "Old", "New"], ["Seal", "100.00", "120.00"], ["Pump", "", "900.00"]]),
    Case("marker: dashes and letters as marks", "a.pdf", pdf(_dashes), has=["- boots", "- bread with a lot of butter", "- a lamp"], order=["a)", "Open the gate.", "b)", "Wait.", "c)"]),
    Case("pypdf: a note that runs up the margin", "a.pdf", pdf(_rotated_text), has=["rebuilt twice after great floods"], lacks=["niS", "etoN"]),
    Case("tabula: a table on a page in landscape", "a.pdf", pdf(_landscape, size=(842, 595)), rows=[["North", "17", "open"], ["South", "9", "shut"]]),
    Case("pdfminer 566: Chinese in a font that is not embedded", "a.pdf", pdf(_east("STSong-Light", ["水轮机每周一检查一次。", "阀门编号是四四七一。"])), has=["水轮机每周一检查一次", "阀门编号是四四七一"]),
    Case("pdfminer 934: Japanese in a font that is not embedded", "a.pdf", pdf(_east("HeiseiMin-W3", ["水門は毎朝七時に開けられる。", "番人は水位を帳簿に記す。"])), has=["水門は毎朝七時に開けられる"]),
    Case("pdfminer: Korean in a font that is not embedded", "a.pdf", pdf(_east("HYSMyeongJo-Medium", ["수차는 매주 월요일에 점검한다.", "밸브 번호는 사사칠일이다."])), has=["수차는 매주 월요일에 점검한다."]),
    Case("pdfplumber 424: Polish and Greek in a part of a font", "a.pdf", pdf(_unicode(["Zażółć gęślą jaźń na rzece w maju.", "Η πύλη ανοίγει το πρωί στις επτά.", "Шлюз открывают каждое утро."])), has=["Zażółć gęślą jaźń", "Η πύλη ανοίγει", "Шлюз открывают"]),
    Case("pymupdf4llm: signs of mathematics in a line of text", "a.pdf", pdf(_unicode(["It holds that α ≤ β and x ∈ ℝ for all n ≥ 1.", "The area is 12 m² at 20 °C ± 2."])), has=["α ≤ β", "≥ 1", "20 °C ± 2"]),
    Case("pdfminer: ligatures of a font that maps one code to several letters", "a.pdf", raw("BT /L 11 Tf 72 700 Td (o\\001ine and \\002ne words of the o\\002ce here) Tj ET", "/Font<</L 5 0 R>>", objects=["<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/ToUnicode 6 0 R>>", _stream(_LIGATURES)]), has=["fine words", "ofice here"]),
    Case("pypdf: letters drawn as pictures with a map", "a.pdf", raw("BT /T 12 Tf 72 700 Td (ABAB) Tj ET " + _show("Plain words stand below.", y=650), f"/Font<</T 5 0 R/F {_HELVETICA}>>", objects=_T3), has=["WeWe", "Plain words stand below."]),
    Case("pdfium: what a span says that it is", "a.pdf", raw(f"BT /F 11 Tf 72 700 Td {_ACTUAL} ET " + _show("Plain words stand below.", y=650)), has=["Plain words stand below."]),
    Case("pypdf: fields of a form of all kinds", "a.pdf", raw(_show("Name", "", "Paid", "", "Gate"), page="/Annots[5 0 R 6 0 R 7 0 R 8 0 R]", objects=_FIELDS, catalog="/AcroForm<</Fields[5 0 R 6 0 R 7 0 R 8 0 R]>>"), has=["Marigold", "South", "Größe"]),
    Case("pdfplumber: a link on words", "a.pdf", raw(_show("Open the log", "and read it."), page="/Annots[5 0 R]", objects=[_LINK]), has=["https://e.org/log", "Open the log"]),
    Case("pdfminer: a page that is cropped", "a.pdf", raw(_show(*LINES) + _show("Outside of the page", y=20), page="/CropBox[0 400 595 842]"), has=["rebuilt twice after great"]),
    Case("pypdf: a page turned by 270 degrees", "a.pdf", raw("q 0 1 -1 0 595 0 cm " + _show(*LINES, x=60, y=480) + "Q", page="/Rotate 90"), has=["rebuilt twice after great floods"]),
    Case("pypdf: a page whose box begins elsewhere", "a.pdf", raw(_show(*LINES, x=-200, y=-100), box="-300 -500 295 342"), has=["rebuilt twice after great floods"]),
    Case("pdf_oxide: content in several streams, cut within a line", "a.pdf", raw("BT /F 11 Tf 72 700 Td (The first half", page="", objects=[]).replace(b"/Contents 4 0 R", b"/Contents[4 0 R 5 0 R]").replace(b"xref\n0 5", b"5 0 obj\n<</Length 30>>\nstream\n and the second half.) Tj ET   \nendstream\nendobj\nxref\n0 5"), has=["The first half"]),
    Case("pypdf: text in forms in forms", "a.pdf", raw("/X Do " + _show(*LINES), f"/Font<</F {_HELVETICA}>>/XObject<</X 5 0 R>>", objects=[_stream(b"/Y Do", "/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</Y 6 0 R>>>>"), _stream(_show("Deep in a form", y=760).encode(), f"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F {_HELVETICA}>>>>")]), has=["Deep in a form", "rebuilt twice"]),
    Case("pdfminer: spaces that are only steps", "a.pdf", raw("BT /F 11 Tf 72 700 Td [(The)-300(weir)-280(was)-300(built)-290(early.)] TJ ET"), exact="The weir was built early."),
    Case("pdfminer: letters that are drawn one by one", "a.pdf", raw("BT /F 11 Tf 72 700 Td " + " ".join(f"({c}) Tj" for c in "The weir was built early.") + " ET"), exact="The weir was built early."),
    Case("pdfminer: words that are drawn from right to left", "a.pdf", raw("".join(f"BT /F 11 Tf {72 + 40 * n} 700 Td ({w}) Tj ET " for n, w in reversed(list(enumerate(("The", "weir", "was", "built", "early.")))))), has=["The weir was built early."]),
    Case("pdfminer: scaled and raised letters", "a.pdf", raw("BT /F 11 Tf 72 700 Td 80 Tz (The weir was) Tj 100 Tz ( built early.) Tj ET"), exact="The weir was built early."),
    Case("pdfminer: text by a matrix of size one", "a.pdf", raw("BT /F 1 Tf 11 0 0 11 72 700 Tm (The weir was built early.) Tj ET"), exact="The weir was built early."),
    Case("pdfminer: text that is mirrored by its page", "a.pdf", raw("1 0 0 -1 0 842 cm BT /F 11 Tf 1 0 0 -1 72 142 Tm (The weir was built early.) Tj ET"), exact="The weir was built early."),
    Case("pdfminer: bytes that Windows gives", "a.pdf", raw("BT /F 11 Tf 72 700 Td (\\223Gr\\366\\337e\\224 \\226 5 \\200\\205) Tj ET"), has=["Größe", "– 5 €…"]),
    Case("pdfbox: a font whose letters have names", "a.pdf", raw("BT /D 11 Tf 72 700 Td (\\001\\002\\003 weir and more words) Tj ET", "/Font<</D<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</BaseEncoding/WinAnsiEncoding/Differences[1/Zcaron/uni0142/Euro]>>>>>>"), has=["Žł€ weir"]),
    Case("qpdf: objects in streams and packed content", "a.pdf", pdf(lambda c: (text_at(c, 72, 760, LINES), None)[1], pageCompression=1), has=["rebuilt twice after great floods"]),
    Case("pypdf: a stream without its length", "a.pdf", raw(_show("The weir was built early.")).replace(b"/Length ", b"/Lengt  "), has=["The weir was built early."]),
    Case("pypdf: places that are wrong in the table", "a.pdf", raw(_show("The weir was built early.")).replace(b"\n%%EOF", b"9\n%%EOF"), has=["The weir was built early."]),
    Case("pypdf: a packed stream with a bad end", "a.pdf", raw(b"").replace(b"<</Length 0>>\nstream\n", b"<</Length 70/Filter/FlateDecode>>\nstream\n" + zlib.compress(_show("The weir was built early.").encode())[:-4]), has=["The weir was built early."]),
    Case("unstructured: notes at the foot", "a.pdf", pdf(_footnotes), has=["See the survey of 1911, page 17."]),
    Case("unstructured: a table of contents", "a.pdf", pdf(_contents), order=["Contents", "1 Gates", "2 Pumps", "3 Fees", "4 Rules"]),
    Case("marker: a coloured box of text", "a.pdf", pdf(_boxed), has=["Note: the gate must be shut at night.", "rebuilt twice after great floods"], lacks=["| Note"]),
    Case("pdfplumber: columns of short words alone", "a.pdf", pdf(_gutter), rows=[["GATE", "TURNS", "LEVEL", "STATE"], ["West", "-", "(0.3)", "open"], ["East", "4", "12%", "n/a"]]),
    Case("camelot: a head in white on a band", "a.pdf", pdf(_white_on_band), rows=[["Boat", "Fee", "Unit"], ["Canoe", "3.50", "day"]]),
    Case("pypdf: an owner's password alone", "a.pdf", pdf(lambda c: (text_at(c, 72, 760, LINES), None)[1], encrypt=__import__("reportlab.lib.pdfencrypt", fromlist=["x"]).StandardEncryption("", "owner", canPrint=0, canCopy=0)), has=["rebuilt twice after great floods"]),
]  # fmt: skip
