# ruff: noqa: E501 (a page reads best on one line)
"""Pages that are drawn in ways that part, join or turn round what belongs together."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.further.objects import chinese, form, line, noted
from tests.services.parsing.relatives.further.set_apart import placed
from tests.services.parsing.relatives.neighbours.drawing import (
    SENTENCES,
    Mark,
    bold,
    box,
    cells,
    grid,
    page,
    pages,
    rules,
    text,
)
from tests.services.parsing.relatives.rebuilt.fonts import coded, show, stream
from tests.services.parsing.relatives.rebuilt.prints import raw

_RES = "/Font<</F <</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>/Z <</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>>>"
_GATES = (("Gate", "Turns", "State"), ("North", "17", "open"), ("South", "9", "shut"), ("West", "42", "open"))
_LONG = (
    "The keeper of the weir opens the upper gate each morning at seven, when the boats",
    "of the town wait in the basin, and closes it when the last of them has come home",
    "in the evening. In the summer he also opens the lower gate, if the council asks",
    "him to, so that children may bathe in the pool below it without any danger.",
)


def embedded_map() -> bytes:
    """A font whose encoding is a map of its own, from codes of one byte to glyphs."""
    codes = b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CIDSystemInfo <</Registry(Adobe)/Ordering(Identity)/Supplement 0>> def /CMapName /Own def /CMapType 1 def\n1 begincodespacerange <00> <ff> endcodespacerange\n1 begincidrange <61> <7a> 1 endcidrange endcmap end end"
    return raw(
        "BT /U 14 Tf 72 700 Td (gates) Tj ET",
        "/Font<</U 5 0 R>>",
        objects=[
            "<</Type/Font/Subtype/Type0/BaseFont/Own/Encoding 9 0 R/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>",
            "<</Type/Font/Subtype/CIDFontType2/BaseFont/Own/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 8 0 R/DW 600>>",
            stream(
                b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /M def /CMapType 2 def\n1 begincodespacerange <00> <ff> endcodespacerange\n1 beginbfrange <61> <7a> <0061> endbfrange endcmap end end"
            ),
            "<</Type/FontDescriptor/FontName/Own/Flags 4/FontBBox[0 -200 1000 900]/Ascent 900/Descent -200/ItalicAngle 0/CapHeight 700/StemV 80>>",
            stream(codes, "/Type/CMap/CMapName/Own"),
        ],
    )


def filled(xs: Sequence[float], y: float, *rows: Sequence[str]) -> Mark:
    """Cells that are coloured boxes with white between them."""

    def draw(c: Canvas) -> None:
        c.setFont("Helvetica", 10)
        for r, row in enumerate(rows):
            for k, cell in enumerate(row):
                c.setFillGray(0.7 + 0.08 * ((r + k) % 3))
                c.rect(xs[k], y - 22 * r - 6, xs[k + 1] - xs[k] - 3, 19, stroke=0, fill=1)
                c.setFillGray(0)
                c.drawString(xs[k] + 4, y - 22 * r, cell)

    return draw


def dashes(x0: float, y0: float, x1: float, y1: float) -> Mark:
    """A line of short strokes."""

    def draw(c: Canvas) -> None:
        count = int(max(abs(x1 - x0), abs(y1 - y0)) / 4)
        for n in range(0, count, 2):
            a, b = n / count, min((n + 1) / count, 1)
            c.line(x0 + (x1 - x0) * a, y0 + (y1 - y0) * a, x0 + (x1 - x0) * b, y0 + (y1 - y0) * b)

    return draw


def headed(number: int, *marks: Mark) -> list[Mark]:
    """A page that begins with a box of facts about its document."""
    return [
        grid((72, 250, 400, 523), (820, 800, 780)),
        cells(
            (76, 254, 404),
            806,
            ("Harbour office", "Doc no. 4471", "Rev B"),
            ("Rules of the gate", "3 May 2024", f"Page {number} of 4"),
            step=20,
        ),
        *marks,
    ]


def paragraphs(x: float, y: float, *lines: str, indent: Sequence[int] = (), step: float = 14) -> Mark:
    def draw(c: Canvas) -> None:
        c.setFont("Helvetica", 11)
        for n, one in enumerate(lines):
            c.drawString(x + (18 if n in indent else 0), y - step * n, one)

    return draw


_AROUND = (
    "The mill by the weir ground flour for", "the whole town until 1911. Its wheel was", "nine metres high and turned day and night", "when the river was full, and the miller",
    "and his sons took turns at the stones, which had to be lifted and cut once in a week so that", "the flour did not get warm between them. Nobody has seen such a wheel in this town since.",
)  # fmt: skip
_JAPANESE = ("水門を毎朝開ける", "番人は水位を帳簿に記す。")
_HEBREW = (
    "השומר פותח את השער העליון בכל בוקר בשעה",
    "שבע כאשר הסירות של העיירה מחכות באגן והוא",
    "סוגר אותו כאשר האחרונה שבהן חזרה הביתה",
    "לפנות ערב לאחר שירד הגשם על הנהר הגדול",
)
_OTHER = (
    "בקיץ הוא פותח גם את השער התחתון אם המועצה",
    "מבקשת ממנו כדי שהילדים יוכלו לרחוץ בבריכה",
    "שמתחתיו בלי שום סכנה והם באים לשם בכל יום",
    "אחרי בית הספר עם חבריהם ועם האחים הקטנים",
)


def hebrew_columns() -> bytes:
    columns = ((60, _OTHER), (330, _HEBREW))
    runs = [(x, 700 - 14 * n, one[::-1]) for x, lines in columns for n, one in enumerate(lines)]
    return placed(*runs, size=10)


CASES = [
    Case("pdfminer.six 1072: a font with a map of codes of its own", "a.pdf", embedded_map(), has=["gates"]),
    Case("pdf-lib: a long value of a field of several lines", "a.pdf", form("/FT/Tx/Ff 4096/T(a)/V(The pump is out of order since Monday.\\nPlease send somebody who knows it, and bring a seal for gate 3.)/Rect[150 600 350 710]", content=show("Report", x=72, y=700)), has=["Report", "The pump is out of order since Monday.", "Please send somebody who knows it, and bring a seal for gate 3."]),
    Case("pdf_oxide 484: fields of a form on a page that is turned", "a.pdf", form("/FT/Tx/T(a)/V(Marigold)/Rect[150 695 300 712]", "/FT/Tx/T(b)/V(Lowmoor)/Rect[150 675 300 692]", content=show("Boat", x=72, y=700) + show("Port", x=72, y=680)).replace(b"/Annots", b"/Rotate 90/Annots", 1), has=["Boat", "Marigold", "Port", "Lowmoor"]),
    Case("pdf.js 7014: words that a remark strikes out stay", "a.pdf", noted("/Subtype/StrikeOut/Rect[72 696 300 712]/QuadPoints[72 712 300 712 72 696 300 696]/Contents(Take this out.)/T(Ann)"), has=["The weir was built in the year 1711", "Take this out."]),
    Case("camelot: cells that are coloured boxes", "a.pdf", page(text(72, 800, *SENTENCES), filled((72, 200, 320, 440), 730, *_GATES)), rows=[list(row) for row in _GATES]),
    Case("pdfplumber: a grid of dashes", "a.pdf", page(*(dashes(72, y, 432, y) for y in (800, 778, 756, 734, 712)), *(dashes(x, 800, x, 712) for x in (72, 192, 312, 432)), cells((76, 196, 316), 784, *_GATES, step=22)), rows=[list(row) for row in _GATES]),
    Case("docling: a box of facts at the top of each page", "a.pdf", pages(*(headed(n, bold(72, 750, f"{n} Part of the rules", size=14), text(72, 725, *_LONG), text(72, 650, *SENTENCES), text(72, 590, *_LONG)) for n in (1, 2, 3, 4))), matches=[r"^#+ 2 Part of the rules$", r"^#+ 4 Part of the rules$"], lacks=["Page 3 of 4"]),
    Case("docling 3881: a word that is broken over two pages", "a.pdf", pages([text(72, 800, *SENTENCES * 14, step=15), text(72, 170, "The students read the data, check the results and understand the algo-")], [text(72, 800, "rithms that are embedded in the devices of the council and of the keeper", "of the gate.", *SENTENCES)]), matches=[r"understand the algo-?rithms that are embedded in the devices of the council and of the keeper of the gate."]),
    Case("xberg 961: an outline of three levels whose texts wrap", "a.pdf", page(*(text(72 + 24 * depth, 790 - 30 * n, *one.split("|")) for n, (depth, one) in enumerate(((0, "1. The keeper opens the gate, and the boats of the town may pass it until|    noon if the level allows."), (1, "1.1 He reads the level before."), (2, "1.1.1 In winter he breaks the ice."), (1, "1.2 He writes it down."), (0, "2. He closes the gate."))))), order=["1.", "The keeper opens the gate, and the boats of the town may pass it until noon", "1.1", "He reads the level before.", "1.1.1", "In winter he breaks the ice.", "1.2", "He writes it down.", "2.", "He closes the gate."]),
    Case("pdf.js 5463: boxes of the dingbats before answers", "a.pdf", raw("".join(f"BT /F 11 Tf 72 {y} Td ({q}) Tj ET BT /Z 11 Tf 250 {y} Td ({a}) Tj ET BT /F 11 Tf 264 {y} Td (Yes) Tj ET BT /Z 11 Tf 310 {y} Td ({b}) Tj ET BT /F 11 Tf 324 {y} Td (No) Tj ET " for y, q, a, b in ((740, "Is the gate open?", "o", "4"), (720, "Is the lamp lit?", "4", "o"))), _RES), matches=[r"Is the gate open\?\W+[❏☐]\W*Yes\W+[✓✔]\W*No", r"Is the lamp lit\?\W+[✓✔]\W*Yes\W+[❏☐]\W*No"]),
    Case("pdf.js: small signs above a line of Japanese", "a.pdf", raw(f"BT /F 14 Tf 72 700 Td <{_JAPANESE[0].encode('utf-16-be').hex()}> Tj ET BT /F 6 Tf 73 714 Td <{'すいもん'.encode('utf-16-be').hex()}> Tj ET BT /F 14 Tf 72 676 Td <{_JAPANESE[1].encode('utf-16-be').hex()}> Tj ET", "/Font<</F 5 0 R>>", objects=["<</Type/Font/Subtype/Type0/BaseFont/HeiseiMin-W3/Encoding/UniJIS-UCS2-H/DescendantFonts[6 0 R]>>", "<</Type/Font/Subtype/CIDFontType0/BaseFont/HeiseiMin-W3/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 2>>/FontDescriptor 7 0 R/DW 1000>>", "<</Type/FontDescriptor/FontName/HeiseiMin-W3/Flags 6/FontBBox[0 -120 1000 880]/Ascent 880/Descent -120/ItalicAngle 0/CapHeight 880/StemV 93>>"]), has=["水門を毎朝開ける"]),
    Case("MinerU 2798: paragraphs of Chinese that only an indent parts", "a.pdf", chinese(("水轮机每周一检查一次，闸门的编号是四四七一，守门人把水位", 96, 760), ("记在册子里，议会每年看一次。", 72, 742), ("闸门每天早上七点打开，傍晚关闭，夏天的时候也打开下面的", 96, 724), ("闸门，让孩子们在水池里洗澡。", 72, 706)), matches=[r"守门人把水位记在册子里，议会每年看一次。$", r"^闸门每天早上七点打开.*下面的闸门，让孩子们"]),
    Case("pdf.js: columns of Hebrew begin at the right", "a.pdf", hebrew_columns(), order=[_HEBREW[0], _HEBREW[3], _OTHER[0], _OTHER[3]]),
    Case("unstructured: small labels below lines to sign on", "a.pdf", page(text(72, 790, *SENTENCES), text(72, 700, "Lowmoor, 3 May 2024"), text(330, 700, "B. Brook"), rules((72, 696, 250, 696), (330, 696, 510, 696)), text(72, 686, "(place, day)", size=8), text(330, 686, "(signature)", size=8)), has=["Lowmoor, 3 May 2024", "B. Brook", "(place, day)", "(signature)"]),
    Case("tabula: rows that begin with a number and a full stop", "a.pdf", page(cells((72, 110, -330, -420), 800, ("No.", "Item", "Count", "Price"), ("1.", "Seal of gate 3", "2", "120.00"), ("2.", "Rope", "10", "15.50"), ("3.", "Lamp oil", "1", "7.95"))), rows=[["No.", "Item", "Count", "Price"], ["1.", "Seal of gate 3", "2", "120.00"], ["3.", "Lamp oil", "1", "7.95"]]),
    Case("pdfminer.six 869: items with leaders and prices", "a.pdf", page(bold(72, 800, "Prices", size=14), *(mark for n, (what, price) in enumerate((("Mooring for one night", "12.00"), ("Water, each 100 litres", "1.50"), ("Use of the crane", "45.00"))) for mark in (text(72, 770 - 18 * n, f"{n + 1}. {what} {'.' * 30}"), text(420, 770 - 18 * n, price, align="r")))), matches=[r"1\.\W+Mooring for one night\W+12\.00", r"2\.\W+Water, each 100 litres\W+1\.50", r"3\.\W+Use of the crane\W+45\.00"]),
    Case("camelot: rows that are set in below a group", "a.pdf", page(cells((72, -330, -420), 800, ("", "2023", "2024")), text(72, 784, "Income", size=10), cells((90, -330, -420), 768, ("Fees", "1,200", "1,350"), ("Fines", "40", "15")), text(72, 736, "Costs", size=10), cells((90, -330, -420), 720, ("Oak", "900", "410"), ("Iron", "77", "12"))), rows=[["Fees", "1,200", "1,350"], ["Fines", "40", "15"], ["Oak", "900", "410"], ["Iron", "77", "12"]], order=["Income", "Fees", "Fines", "Costs", "Oak"]),
    Case("tabula: units below the heads", "a.pdf", page(cells((72, -220, -320), 800, ("Gate", "Level", "Flow"), ("", "(m)", "(m3/s)"), ("North", "4.3", "1,204"), ("South", "3.9", "877")), rules((72, 780, 320, 780))), rows=[["North", "4.3", "1,204"], ["South", "3.9", "877"]], has=["(m)", "(m3/s)"]),
    Case("pdfplumber: heads of three lines over narrow columns", "a.pdf", page(text(180, 800, "Mean", "level of", "spring", size=9, align="r"), text(260, 800, "Mean", "level of", "autumn", size=9, align="r"), text(340, 811.25, "Most", "rain in", "a day", size=9, align="r", step=11.25), text(72, 777.5, "Gate", size=9), rules((72, 773, 340, 773)), cells((72, -180, -260, -340), 760, ("North", "4.3", "1.1", "41"), ("South", "3.9", "0.8", "37"), ("West", "2.7", "0.4", "39"), size=9, step=14)), rows=[["North", "4.3", "1.1", "41"], ["West", "2.7", "0.4", "39"]], has=["Mean level of spring", "Mean level of autumn"]),
    Case("opendataloader 396: a paragraph that runs around a picture", "a.pdf", page(box(300, 738, 220, 70, 0.6), text(72, 798, *_AROUND, step=14)), has=["ground flour for the whole town until 1911. Its wheel was nine metres high", "the miller and his sons took turns at the stones, which had to be lifted"]),
    Case("unstructured: a paragraph with double space between its lines", "a.pdf", page(text(72, 790, *_LONG, step=26), text(72, 660, *SENTENCES, step=26)), has=["The keeper of the weir opens the upper gate each morning at seven, when the boats of the town wait in the basin, and closes it when the last of them has come home in the evening."], matches=[r"any danger\.(\n\n|$)?"]),
    Case("marker: paragraphs that only an indent parts", "a.pdf", page(paragraphs(72, 790, *_LONG, "The mill is older. It was built in the year 1604 by a man whose name nobody knows,", "and it burned down twice before the monks came to the valley and bought what was", "left of it.", indent=(0, 4))), matches=[r"^The keeper of the weir .* without any danger\.$", r"^The mill is older\. .* left of it\.$"]),
    Case("unstructured: the head of a mail on paper", "a.pdf", page(*(mark for n, (label, value) in enumerate((("From:", "Ann Weir <ann@e.org>"), ("Sent:", "Friday, 3 May 2024 10:15"), ("To:", "Bob Brook"), ("Subject:", "The pump of gate 3"))) for mark in (bold(72, 790 - 15 * n, label), text(140, 790 - 15 * n, value))), text(72, 715, "Dear Bob,"), text(72, 690, *SENTENCES)), matches=[r"From:\W+Ann Weir", r"Sent:\W+Friday, 3 May 2024 10:15", r"To:\W+Bob Brook", r"Subject:\W+The pump of gate 3"], order=["Subject:", "Dear Bob,", "The weir was built"]),
    Case("pypdf 466: figures in a line whose gaps are narrow", "a.pdf", page(cells((72, -150, -185, -220, -255, -290), 800, ("Gate", "Jan", "Feb", "Mar", "Apr", "May"), ("North", "1.2", "1.4", "1.9", "2.2", "2.0"), ("South", "0.8", "0.9", "1.1", "1.7", "1.6"), size=9, step=13)), rows=[["Gate", "Jan", "Feb", "Mar", "Apr", "May"], ["North", "1.2", "1.4", "1.9", "2.2", "2.0"], ["South", "0.8", "0.9", "1.1", "1.7", "1.6"]]),
    Case("docling: a table of words alone with a head in bold", "a.pdf", page(bold(72, 800, "Part"), bold(200, 800, "Made of"), bold(330, 800, "Kept by"), cells((72, 200, 330), 782, ("Sill", "oak", "keeper"), ("Frame", "iron", "smith"), ("Chain", "steel", "keeper"), size=11)), rows=[["Part", "Made of", "Kept by"], ["Sill", "oak", "keeper"], ["Chain", "steel", "keeper"]]),
    Case("pdfbox: a sentence in two sizes of type", "a.pdf", raw(line("(The gate is ) Tj /F 15 Tf (always) Tj /F 11 Tf ( open on Sundays, and ) Tj /F 8 Tf (never) Tj /F 11 Tf ( at night.) Tj"), _RES), has=["The gate is always open on Sundays, and never at night."]),
    Case("pdf.js: Greek and Russian words in one line", "a.pdf", coded(tuple("The word шлюз is Russian, and φράγμα is Greek.")), has=["The word шлюз is Russian, and φράγμα is Greek."]),
]  # fmt: skip
