# ruff: noqa: E501 (a page reads best on one line)
"""Pages whose columns, tables, lists and headings other tools take for something else."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.lib.colors import white  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from tests.services.parsing.relatives.case import Case
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


def words(x: float, y: float, *parts: str, size: float = 10) -> Mark:
    """Pieces of one line, drawn from the last to the first."""

    def draw(c: Canvas) -> None:
        c.setFont("Helvetica", size)
        ends = [x + c.stringWidth("".join(parts[:n]), "Helvetica", size) for n in range(len(parts))]
        for at, part in reversed(list(zip(ends, parts, strict=True))):
            c.drawString(at, y, part)

    return draw


def clipped(x: float, y: float, wide: float, line: str, size: float = 10) -> Mark:
    def draw(c: Canvas) -> None:
        c.saveState()
        path = c.beginPath()
        path.rect(x, y - 3, wide, size + 5)
        c.clipPath(path, stroke=0)
        c.setFont("Helvetica", size)
        c.drawString(x, y, line)
        c.restoreState()

    return draw


def dot(x: float, y: float, hollow: bool = False) -> Mark:
    return lambda c: c.circle(x, y + 3, 1.8, fill=not hollow)


def pale(x: float, y: float, line: str) -> Mark:
    def draw(c: Canvas) -> None:
        c.saveState()
        c.setFillColor(white)
        c.setFont("Helvetica-Bold", 11)
        c.drawString(x, y, line)
        c.restoreState()

    return draw


def underlined(x: float, y: float, *lines: str) -> Mark:
    def draw(c: Canvas) -> None:
        c.setFont("Helvetica", 11)
        for n, line in enumerate(lines):
            c.drawString(x, y - 14 * n, line)
            c.line(x, y - 14 * n - 1.5, x + c.stringWidth(line, "Helvetica", 11), y - 14 * n - 1.5)

    return draw


def column(x: float, y: float, lines: Sequence[str], size: float = 10) -> Mark:
    return text(x, y, *lines, size=size)


_CARDS = (
    (
        "CRUSHED PEPPER",
        "Blend of seed and skin",
        "with visible particles.",
        "Scoville: 61000",
        "Moisture: 50%",
    ),
    ("PEPPER PULP", "A coarse mash with less", "sweet, fermented notes.", "Scoville: 55000", "Moisture: 45%"),
    ("PEPPER MASH", "Aged red peppers that are", "fermented with salt.", "Scoville: 25000", "Moisture: 70%"),
)
_LISTINGS = (
    (
        "6.00 Classic Coronation",
        "Street (S). 6.25 Classic",
        "Emmerdale. 7.00 Heartbeat",
        "with Nick Berry (R).",
        "8.00 Judge Rinder deals",
        "with a broken fence.",
    ),
    (
        "6.00 Hollyoaks (S). 7.00",
        "Couples Come Dine With",
        "Me (S). 8.00 Melissa and",
        "Joey run a bar by the sea.",
        "9.00 The Goldbergs move",
        "house in one day (R).",
    ),
)
_LEFT = (
    "The mill by the weir ground flour for",
    "the whole town until 1911. Its wheel",
    "was nine metres high and turned day",
    "and night when the river was full.",
    "In dry summers it stood still, and",
    "the miller went to sea for a while.",
)
_RIGHT = (
    "When the council bought the mill, the",
    "wheel was taken down and sold. Only",
    "the axle is left; it lies in the yard",
    "behind the museum. Children climb on",
    "it, and nobody minds as long as they",
    "are careful with the old wood.",
)
_TRANSCRIPT = (
    "Q. Where were you on the night of the flood?",
    "A. I was at the upper gate with the keeper,",
    "who had asked me to hold the lamp for him.",
    "Q. Did you see the water rise above the sill?",
    "A. Yes. It rose by a metre within the hour.",
)
_LABELS = (
    ("Ann Weir", "Mill Lane 12", "4711 Lowmoor"),
    ("Bob Brook", "Quay 7", "4722 Westquay"),
    ("Carla Lake", "Dam Street 3", "4733 Easton"),
)
_FR = (
    "Article 1. Le gardien ouvre la",
    "porte chaque matin a sept heures",
    "et la ferme au coucher du soleil.",
)
_EN = ("Article 1. The keeper opens the", "gate each morning at seven and", "closes it when the sun sets.")
_REFS = (
    (
        "Abbott, J. (1911). The weirs of the upper river and how they were",
        "built. Journal of Mills 4, 17-29.",
    ),
    ("Brook, B. and Lake, C. (1924). On gates. Lowmoor: Harbour Press."),
    (
        "Weir, A. (1936). A keeper's year, with notes on floods and on the",
        "price of oak. Lowmoor: Harbour Press.",
    ),
)
_SCALE = ("Strongly agree", "Agree", "Disagree")
_LOOPS = (
    ("Program", "Loops", "Trees", "Traces", "Aborts", "Speedup"),
    ("3d-cube", "25", "27", "29", "3", "2.20x"),
    ("3d-morph", "5", "8", "8", "2", "2.86x"),
    ("access", "10", "24", "49", "12", "1.31x"),
)

CASES = [
    Case("pdf_oxide 1064: a heading close above its paragraph", "a.pdf", page(text(72, 780, "Revenue", size=20), text(72, 762, "2024 was a record year.", size=12), bold(72, 730, "A gitHub repo", size=12), text(72, 715, *SENTENCES, size=12)), matches=[r"^#+ Revenue$"], has=["2024 was a record year.", "A gitHub repo", "The weir was built"]),
    Case("docling 3881: a word that is broken within an item", "a.pdf", page(bold(72, 790, "Five steps", size=15), text(72, 760, "1."), text(90, 760, "Deep learning: students read data, check results and understand the algo-", "rithms embedded in devices that show pictures;"), text(72, 730, "2."), text(90, 730, "Evidence with good digital sources, read by two people."), text(72, 714, "3."), text(90, 714, "Rooms with the right technology.")), matches=[r"^1\. .*understand the algorithms embedded in devices", r"^2\. Evidence", r"^3\. Rooms"]),
    Case("pymupdf4llm 420: an underlined sentence at the top of a page", "a.pdf", pages([text(72, 790, *SENTENCES * 4)], [underlined(72, 800, "The council could not agree, and the people said that it held"), text(72, 786, "on to its post.", *SENTENCES * 3)]), has=["The council could not agree, and the people said that it held"], no_match=[r"^#"]),
    Case("pymupdf4llm 261: three headings, each with one line below", "a.pdf", page(*(mark for n in (1, 2, 3) for mark in (text(72, 840 - 70 * n, f"Heading {n}", size=20), text(72, 812 - 70 * n, f"This is some content under heading {n}.", size=12)))), matches=[r"^# Heading 1$", r"^# Heading 2$", r"^# Heading 3$"], no_match=[r"^#+ This is"]),
    Case("pymupdf4llm 54: a sentence around the raised mark of a source", "a.pdf", page(text(72, 780, "repigmentation was observed in most of the patients, and the area continued to"), text(72, 766, "grow. Radakovic et al."), text(183, 770, "77", size=7), text(192, 766, "used small doses of 10 mg daily on two days of each week, up"), text(72, 752, "to 24 weeks, and found that the disease came to rest after 18 weeks.")), order=["the area continued to grow. Radakovic et al.", "77", "used small doses of 10 mg daily on two days of each week, up to 24 weeks"]),
    Case("camelot 439: a word that reaches into the next cell", "a.pdf", page(grid((72, 150, 260, 400), (790, 770, 750, 730)), cells((76, 163, 264), 776, ("Region", "Province", "Town"), ("Emilia Romagna", "Parma", "Fornovo"), ("Lazio", "Roma", "Tivoli"), size=11, step=20)), rows=[["Emilia Romagna", "Parma", "Fornovo"], ["Lazio", "Roma", "Tivoli"]]),
    Case("camelot 276: long places beside figures without rules", "a.pdf", page(text(72, 800, "Roads of the state", size=14), cells((72, 120, 190, 260, -430, -500), 770, ("Road", "From", "To", "Section", "Length", "Cost"), ("A-1", "12+690", "336+130", "ENL. M-40 - BURGOS", "247.49", "1,204"), ("A-2", "0+000", "139+500", "MADRID - SORIA", "139.50", "877"), ("A-3", "5+100", "70+700", "R-4 - L.P. TOLEDO", "65.60", "402"))), rows=[["A-1", "12+690", "336+130", "ENL. M-40 - BURGOS", "247.49", "1,204"], ["A-3", "5+100", "70+700", "R-4 - L.P. TOLEDO", "65.60", "402"]]),
    Case("camelot 240: rows that nothing parts between rules of columns", "a.pdf", page(rules((72, 790, 523, 790), (72, 770, 523, 770), (72, 650, 523, 650), *((x, 790, x, 650) for x in (72, 200, 330, 523))), cells((76, 204, 334), 776, ("District", "Beds", "Free"), *((f"District {n}", str(120 + n), str(17 * n)) for n in range(1, 7)), step=19.5)), rows=[["District 1", "121", "17"], ["District 4", "124", "68"], ["District 6", "126", "102"]]),
    Case("camelot 262: an empty cell in the midst of wrapped rows", "a.pdf", page(grid((72, 150, 330, 523), (800, 780, 750, 720, 690)), cells((76, 154, 334), 786, ("Clause", "Title", "Change")), text(76, 767, "4.1", size=10), text(154, 767, "Scope of the rules and", "what they are for", size=10), text(76, 737, "4.2", size=10), text(334, 737, "New words on gates", "and on locks", size=10), text(76, 707, "4.3", size=10), text(154, 707, "Fees", size=10), text(334, 707, "None", size=10)), rows=[["4.1", "Scope of the rules and what they are for", ""], ["4.2", "", "New words on gates and on locks"], ["4.3", "Fees", "None"]]),
    Case("marker 512: a first column whose head is two rows high", "a.pdf", page(rules((72, 800, 523, 800), (260, 780, 523, 780), (72, 760, 523, 760), (72, 740, 523, 740), (72, 720, 523, 720), (72, 800, 72, 720), (260, 800, 260, 720), (390, 780, 390, 720), (523, 800, 523, 720)), text(76, 776, "Outpatient services", size=10), text(391, 786, "Patriot plan", size=10, align="c"), cells((264, 394), 766, ("In-Network", "Out-of-Network")), cells((76, 264, 394), 746, ("Therapy visit", "$30", "$50"), ("X-ray", "$0", "$15"), step=20)), rows=[["Therapy visit", "$30", "$50"], ["X-ray", "$0", "$15"]], order=["Outpatient services", "Patriot plan", "In-Network", "Out-of-Network", "Therapy visit"]),
    Case("marker 407: words that a cell breaks, between two rules", "a.pdf", page(rules((72, 800, 330, 800), (72, 784, 330, 784), (72, 676, 330, 676)), cells((72, -325), 788, ("Method", "MAE")), text(72, 770, "AMDCN (without perspective infor-", "mation)", size=10), text(325, 770, "16.6", size=10, align="r"), text(72, 740, "AMDCN (with perspective informa-", "tion)", size=10), text(325, 740, "14.9", size=10, align="r"), text(72, 710, "MCNN [28] (with perspective infor-", "mation)", size=10), text(325, 710, "11.6", size=10, align="r")), rows=[["AMDCN (without perspective information)", "16.6"], ["AMDCN (with perspective information)", "14.9"], ["MCNN [28] (with perspective information)", "11.6"]]),
    Case("marker 77: a sign of number at the start of lines", "a.pdf", page(text(72, 790, "# of gates: 12", "# of locks: 3"), text(72, 740, *SENTENCES), rules((72, 690, 400, 690), (72, 674, 400, 674), (72, 626, 400, 626)), cells((72, 200, 300), 678, ("Model", "# parameters", "# layers"), ("Small", "12 M", "6"), ("Large", "340 M", "24"))), has=["# of gates: 12", "# of locks: 3"], rows=[["Model", "# parameters", "# layers"], ["Large", "340 M", "24"]], no_match=[r"^# ?(of|param)"]),
    Case("PdfPig 1043: pieces of a word that are drawn backwards", "a.pdf", page(text(72, 790, *SENTENCES), words(72, 730, "175/", "65", " R14", " 82T"), words(72, 712, "Order ", "2", "11.75", "-6g")), has=["175/65 R14 82T", "Order 211.75-6g"]),
    Case("xberg 1345: one sentence in two short columns", "a.pdf", page(text(60, 712, "The committee reviewed the annual", "report and", step=14), text(330, 712, "approved the budget for the", "coming fiscal year.", step=14)), order=["The committee reviewed the annual", "report and", "approved the budget for the", "coming fiscal year."]),
    Case("pdf_oxide 1404: a table of figures whose heads are close", "a.pdf", page(text(72, 800, *SENTENCES), cells((72, -180, -230, -284, -340, -410), 740, *_LOOPS, step=14), text(72, 670, *SENTENCES)), rows=[list(line) for line in _LOOPS]),
    Case("docling 357: text on a picture that fills the page", "a.pdf", page(box(0, 0, 595, 842, 0.93), bold(72, 780, "Harbour rules", size=22), text(72, 740, *SENTENCES)), matches=[r"^# Harbour rules$"], has=["kept as a monument"]),
    Case("pdfplumber 468: lines that are set closer than their letters are high", "a.pdf", page(text(72, 780, "(i) all facts about the change, with the", "nature of the change; and", "(ii) facts about what the employer", "believes will be the effects of it; and", "(c) ask the employees for their views.", size=12, step=9.6)), order=["(i) all facts about the change, with the", "nature of the change; and", "(ii) facts about what the employer", "believes will be the effects of it; and", "(c) ask the employees for their views."]),
    Case("pdfplumber 250: hyphens for what there is not", "a.pdf", page(bold(72, 800, "Debt service", size=13), cells((72, -250, -340, -430), 775, ("Year", "Principal", "Interest", "Total"), ("2024", "-", "12,000", "12,000"), ("2025", "50,000", "-", "50,000"), ("2026", "-", "-", "-"))), rows=[["2024", "-", "12,000", "12,000"], ["2025", "50,000", "-", "50,000"], ["2026", "-", "-", "-"]]),
    Case("tabula 1009: a cell that runs under the next one", "a.pdf", page(grid((72, 180, 300, 420), (800, 780, 760, 740)), cells((76, 184, 304), 786, ("Payee", "Purpose", "Amount")), *(mark for n, line in enumerate((("Harbour office of Lowmoor", "mooring fees for the year", "471.10"), ("Mill", "flour", "12.00"))) for mark in (clipped(76, 766 - 20 * n, 100, line[0]), clipped(184, 766 - 20 * n, 112, line[1]), text(304, 766 - 20 * n, line[2], size=10)))), matches=[r"\| *471\.10 *\|", r"\| Mill \| flour \| 12\.00 \|"], no_match=[r"471\.10\S", r"moormooring|Lowmooring"]),
    Case("opendataloader 150: ranges of measures with signs", "a.pdf", page(grid((72, 220, 290, 370, 450, 523), (800, 780, 760, 740, 720)), cells((76, 224, 294, 374, 454), 786, ("Test", "Unit", "1", "2", "3"), ("Serum bilirubin", "mg/dL", "< 2.0", "2.0~3.0", "> 3.0"), ("Serum albumin", "g/dL", "> 3.5", "2.8~3.5", "< 2.8"), ("Prothrombin time", "s", "0~4", "4~6", "> 6"), step=20)), rows=[["Serum bilirubin", "mg/dL", "< 2.0", "2.0~3.0", "> 3.0"], ["Prothrombin time", "s", "0~4", "4~6", "> 6"]]),
    Case("opendataloader 396: columns below and above drawings", "a.pdf", page(bold(72, 800, "The mill by the weir", size=18), box(72, 690, 210, 90, 0.7), text(177, 677, "Figure 1. The wheel", size=9, align="c"), column(72, 655, _LEFT), column(310, 775, _RIGHT), box(310, 590, 210, 90, 0.7), text(415, 577, "Figure 2. The yard", size=9, align="c")), order=["The mill by the weir ground flour", "went to sea for a while.", "When the council bought the mill", "careful with the old wood."]),
    Case("opendataloader 566: letters beside a picture at the top of a page", "a.pdf", page(text(72, 800, "Ws", "W2", "MPC", "Gen5"), box(200, 700, 300, 110, 0.6), text(72, 670, "See 222222 NCD for the range of each.")), order=["Ws", "W2", "MPC", "Gen5", "See 222222 NCD for the range of each."]),
    Case("docling 1352: a slide with boxes of text around a picture", "a.pdf", pages([bold(60, 480, "Our plan for the gate", size=30), box(300, 150, 250, 200, 0.8), text(60, 400, "First we close it", size=18), text(60, 120, "Then we paint it", size=18), text(600, 300, "Last we open it", size=18), text(900, 20, "7", size=12)], size=(960, 540)), has=["First we close it", "Then we paint it", "Last we open it"], matches=[r"^# Our plan for the gate$"]),
    Case("pdfmake: bullets that are only drawn, in two levels", "a.pdf", page(text(72, 790, "Bring to the weir:"), *(mark for n, (depth, line) in enumerate(((0, "boots of leather"), (1, "with oil"), (1, "with laces"), (0, "bread for the day"), (0, "a rope"))) for mark in (dot(84 + 20 * depth, 770 - 16 * n, bool(depth)), text(96 + 20 * depth, 770 - 16 * n, line)))), matches=[r"^[-*] boots of leather", r"^ +[-*] with oil", r"^ +[-*] with laces", r"^[-*] bread for the day", r"^[-*] a rope"]),
    Case("docling 1448: a list in a list of a bank's terms", "a.pdf", page(bold(72, 800, "Overdraft fees", size=14), text(72, 775, "•"), text(86, 775, "When we decide that your account is overdrawn we may charge a fee", "of $10.00 for each item."), text(72, 743, "•"), text(86, 743, "We do not charge this fee"), text(100, 727, "o"), text(114, 727, "for items of $1 or less, or"), text(100, 711, "o"), text(114, 711, "on the day on which you open the account, if it is a day on which", "we do business."), text(72, 679, "•"), text(86, 679, "Ask us for other settings.")), matches=[r"^[-*] When we decide .* a fee of \$10\.00", r"^ +[-*] for items of \$1", r"^ +[-*] on the day .* we do business\.", r"^[-*] Ask us"]),
    Case("pdf2docx 351: a court record with numbered lines", "a.pdf", page(*(mark for n, line in enumerate(_TRANSCRIPT, 1) for mark in (text(60, 800 - 22 * n, str(n), size=9), text(90, 800 - 22 * n, line)))), order=["Q. Where were you on the night of the flood?", "A. I was at the upper gate with the keeper, who had asked me to hold the lamp for him.", "Q. Did you see the water rise above the sill?", "A. Yes."], no_match=[r"keeper, 3 who"]),
    Case("marker: a law in two languages side by side", "a.pdf", page(column(72, 790, _FR), column(310, 790, _EN), column(72, 735, ("Article 2. Il tient un registre", "du niveau de l'eau.")), column(310, 735, ("Article 2. He keeps a record of", "the level of the water."))), has=["Le gardien ouvre la porte chaque matin a sept heures et la ferme", "The keeper opens the gate each morning at seven and closes it", "Il tient un registre du niveau de l'eau.", "He keeps a record of the level of the water."]),
    Case("unstructured: a questionnaire with a scale", "a.pdf", page(bold(72, 800, "Your stay", size=14), cells((300, 390, 450), 775, _SCALE), *(mark for n, line in enumerate(("The harbour was clean.", "The keeper was friendly.", "I will come again.")) for mark in (text(72, 750 - 22 * n, f"{n + 1}. {line}"), *(box(x, 748 - 22 * n, 9, 9) for x in (325, 398, 465)))), rules((465, 748, 474, 757), (465, 757, 474, 748))), has=["The harbour was clean.", "The keeper was friendly.", "I will come again.", "Strongly agree"], matches=[r"☒|\[x\]|✗"]),
    Case("tabula 632: heads in three rows over figures", "a.pdf", page(cells((-260, -400), 800, ("2023", "2024")), cells((-215, -270, -355, -410), 786, ("Spring", "Autumn", "Spring", "Autumn")), cells((72, -215, -270, -355, -410), 772, ("Gate", "m", "m", "m", "m"), ("North", "4.3", "1.1", "4.1", "0.9"), ("South", "3.9", "0.8", "3.7", "0.7"), step=15), rules((72, 783, 420, 783))), rows=[["North", "4.3", "1.1", "4.1", "0.9"], ["South", "3.9", "0.8", "3.7", "0.7"]]),
    Case("docling: labels and dotted lines that are filled in", "a.pdf", page(bold(72, 800, "Permit", size=15), *(text(72, 770 - 20 * n, line) for n, line in enumerate(("Name: Ann Weir ........................................", "Boat: ......Marigold..................................", "Length: ___7.5 m___   Draught: ___1.2 m___")))), has=["Ann Weir", "Marigold", "7.5 m", "1.2 m"]),
    Case("camelot: a stack of white labels on dark bands", "a.pdf", page(*(mark for n, (head, rowed) in enumerate((("Morning", ("Open the gate", "7:00")), ("Evening", ("Close the gate", "19:30")))) for mark in (box(72, 760 - 60 * n, 451, 20, 0.2), pale(78, 766 - 60 * n, head), cells((78, 400), 744 - 60 * n, rowed)))), order=["Morning", "Open the gate", "7:00", "Evening", "Close the gate", "19:30"]),
    Case("tabula 930: a district whose outbreaks fill several rows", "a.pdf", page(grid((72, 170, 290, 370, 523), (800, 780)), rules((72, 780, 72, 700), (170, 780, 170, 700), (290, 780, 290, 700), (370, 780, 370, 700), (523, 780, 523, 700), (170, 760, 523, 760), (72, 740, 523, 740), (170, 720, 523, 720), (72, 700, 523, 700)), cells((76, 174, 294, 374), 786, ("State", "District", "Cases", "Disease")), text(76, 756, "Assam", size=10), text(76, 716, "Bihar", size=10), cells((174, 294, 374), 766, ("Kamrup", "17", "Cholera"), ("Sonitpur", "9", "Measles"), ("Patna", "44", "Measles"), ("Gaya", "3", "Food poisoning"), step=20)), matches=[r"Assam[^\n]*Kamrup[^\n]*17[^\n]*Cholera", r"Sonitpur[^\n]*9[^\n]*Measles", r"Bihar[^\n]*Patna[^\n]*44"]),
    Case("docling 521: two figures in cells whose rule is short", "a.pdf", page(rules((72, 800, 400, 800), (72, 780, 400, 780), (72, 760, 400, 760), (72, 740, 400, 740), (72, 800, 72, 740), (180, 800, 180, 740), (290, 800, 290, 741), (400, 800, 400, 740)), cells((76, 184, 294), 786, ("Item", "Ordered", "Sent"), ("Bolts", "1,200", "1,150"), ("Seals", "40", "38"), step=20)), rows=[["Item", "Ordered", "Sent"], ["Bolts", "1,200", "1,150"], ["Seals", "40", "38"]]),
]  # fmt: skip
