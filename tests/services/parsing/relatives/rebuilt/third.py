# ruff: noqa: E501 (markup reads best on one line)
"""A third set: printed pages as programs lay them out, and pages of the web as their systems write them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from reportlab.lib import colors  # type: ignore[import-untyped]
from reportlab.lib.enums import TA_JUSTIFY  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    Flowable,
    HRFlowable,
    Indenter,
    ListFlowable,
    PageBreak,
    Paragraph,
    Preformatted,
    SimpleDocTemplate,
    Spacer,
    Table,
    XPreformatted,
)

from tests.services.parsing import samples
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.letters import cell, para
from tests.services.parsing.relatives.reported import mail, row, run, workbook
from tests.services.parsing.relatives.web import FOOT, HEAD, SENTENCE
from tests.services.parsing.samples import docx, listed, paragraph

_STYLES = getSampleStyleSheet()
_BODY, _H1, _H2 = _STYLES["BodyText"], _STYLES["Heading1"], _STYLES["Heading2"]
_LONG = "The weir was built in the year 1711 by the monks of the abbey, who needed its water for the mill below. It was rebuilt twice after great floods, and is kept as a monument by the council of the town today. "


def _p(text: str, style: Any = _BODY) -> Flowable:
    return Paragraph(text, style)


def _laid_out(*story: Flowable, page: Callable[[Canvas, Any], None] | None = None, **more: Any) -> bytes:
    held = io.BytesIO()
    draw = page or (lambda canvas, document: None)
    SimpleDocTemplate(held, **more).build(list(story), onFirstPage=draw, onLaterPages=draw)
    return held.getvalue()


def _running(canvas: Canvas, document: Any) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawString(72, 800, "Weir Office – annual report 2024 – confidential")
    canvas.drawCentredString(300, 40, f"Page {canvas.getPageNumber()} of 4")


def _watermark(canvas: Canvas, document: Any) -> None:
    canvas.saveState()
    canvas.setFillGray(0.85)
    canvas.setFont("Helvetica-Bold", 70)
    canvas.translate(300, 400)
    canvas.rotate(45)
    canvas.drawCentredString(0, 0, "DRAFT")
    canvas.restoreState()


def _grid(rows: list[list[Any]], *styles: tuple[Any, ...], lines: bool = True, **more: Any) -> Flowable:
    return Table(
        rows, style=[*([("GRID", (0, 0), (-1, -1), 0.5, colors.black)] if lines else []), *styles], **more
    )


_JUSTIFIED = ParagraphStyle("j", parent=_BODY, alignment=TA_JUSTIFY)
_SMALL = ParagraphStyle("s", parent=_BODY, fontSize=7)
_BILL = [
    ["Item", "Count", "Price"],
    ["Seal", "2", "120.00"],
    ["Pump, upper", "1", "900.00"],
    ["", "Total", "1,020.00"],
]
_PRINTS = [
    Case("reports: headings, text and a list", "a.pdf", _laid_out(_p("Rules", _H1), _p(_LONG), _p("Gates", _H2), ListFlowable([_p("open at seven"), _p("close at night")], bulletType="bullet"), _p("So it is.")), has=["# Rules", "## Gates", "- open at seven", "- close at night", "So it is."]),
    Case("reports: a bill with a line for the sum", "a.pdf", _laid_out(_p("Bill", _H1), _grid(_BILL)), rows=[["Item", "Count", "Price"], ["Pump, upper", "1", "900.00"], ["", "Total", "1,020.00"]]),
    Case("reports: a bill without lines but under its head", "a.pdf", _laid_out(_p("Bill", _H1), _p(_LONG), _grid(_BILL, ("LINEBELOW", (0, 0), (-1, 0), 1, colors.black), lines=False), _p(_LONG)), rows=[["Item", "Count", "Price"], ["Pump, upper", "1", "900.00"]]),
    Case("reports: rows in turn on grey", "a.pdf", _laid_out(_grid([["Gate", "Turns", "State"], *[[f"gate {n}", str(n * 7), "open"] for n in range(12)]], ("ROWBACKGROUNDS", (0, 0), (-1, -1), [colors.lightgrey, colors.white]), lines=False)), rows=[["Gate", "Turns", "State"], ["gate 0", "0", "open"], ["gate 11", "77", "open"]]),
    Case("reports: a table over two pages with its head again", "a.pdf", _laid_out(_grid([["Gate", "Turns"], *[[f"gate {n}", str(n * 7)] for n in range(70)]], repeatRows=1)), rows=[["Gate", "Turns"], ["gate 0", "0"], ["gate 69", "483"]]),
    Case("reports: cells with several paragraphs", "a.pdf", _laid_out(_grid([["Word", "Meaning"], ["Weir", _p("A low dam across a river, which holds its water back for a mill.")], ["Race", _p("The stream that drives a wheel. It leaves the river above the weir.")]], colWidths=[80, 220])), rows=[["Weir", "A low dam across a river, which holds its water back for a mill."]]),
    Case("reports: merged cells in a head", "a.pdf", _laid_out(_grid([["Gate", "2024", ""], ["", "Q1", "Q2"], ["North", "1", "2"], ["South", "3", "4"]], ("SPAN", (1, 0), (2, 0)), ("SPAN", (0, 0), (0, 1)))), rows=[["North", "1", "2"], ["South", "3", "4"]], has=["2024", "Q1", "Gate"]),
    Case("reports: running heads and numbers of pages", "a.pdf", _laid_out(*[flow for n in range(4) for flow in (_p(f"Part {n}", _H1), _p(_LONG * 3), _p(f"End of part {n}."), PageBreak())], page=_running), has=["# Part 0", "# Part 3", "End of part 3."], lacks=["Page 2 of 4", "confidential"]),
    Case("reports: a word across the pages", "a.pdf", _laid_out(_p("Lease", _H1), *[_p(_LONG * 2) for _ in range(6)], page=_watermark), has=["# Lease", "rebuilt twice after great floods, and is kept"], lacks=["DRAFT the", "the DRAFT"]),
    Case("reports: code in a box", "a.pdf", _laid_out(_p("Use", _H1), _p("Run this:"), Preformatted("def gate(level):\n    if level > 2:\n        return open\n    return shut", _STYLES["Code"]), _p(_LONG)), has=["def gate(level):", "    if level > 2:".strip(), "return shut"], order=["Run this:", "def gate(level):", "The weir was built"]),
    Case("reports: emphasis, marks above and below, and links", "a.pdf", _laid_out(_p('It is <b>closed</b> at night, 10<super>6</super> litres of H<sub>2</sub>O, see <a href="https://e.org/log">the log</a> &amp; more.'), _p(_LONG)), has=["at night", "https://e.org/log", "& more."], lacks=["106 litres"]),
    Case("reports: justified text beside small notes", "a.pdf", _laid_out(*[_p(_LONG * 2, _JUSTIFIED) for _ in range(3)], HRFlowable(width="30%"), _p("1 See the survey of 1911, page 17.", _SMALL)), has=["It was rebuilt twice after great floods, and is kept as a monument", "1 See the survey of 1911, page 17."]),
    Case("reports: an indented quotation", "a.pdf", _laid_out(_p(_LONG), Indenter(left=60), _p("Nobody shall draw water at night, says the old rule."), Indenter(left=-60), _p("So it was written.")), order=["The weir was built", "Nobody shall draw water at night, says the old rule.", "So it was written."]),
    Case("reports: an address, a date and a subject", "a.pdf", _laid_out(XPreformatted("Ann Weir\nMill Lane 12\n12345 Lowmoor", _BODY), Spacer(1, 20), _p("Lowmoor, 12 March 2024"), _p("<b>Your letter of 3 March</b>"), _p("Dear Ms Weir,"), _p(_LONG), _p("Yours sincerely,"), _p("The council")), order=["Ann Weir", "Mill Lane 12", "12 March 2024", "Your letter of 3 March", "Dear Ms Weir,", "The weir was built", "The council"]),
    Case("reports: two tables beside each other in a frame", "a.pdf", _laid_out(Table([[_grid([["A", "1"], ["B", "2"]]), _grid([["C", "3"], ["D", "4"]])]])), rows=[["A", "1"], ["D", "4"]]),
    Case("reports: negative figures, per cents and units", "a.pdf", _laid_out(_grid([["", "2023", "2024"], ["Income", "1,234", "(567)"], ["Share", "12.5 %", "- 3.0 %"], ["Water", "12 m³", "n/a"]])), rows=[["Income", "1,234", "(567)"], ["Share", "12.5 %", "- 3.0 %"], ["Water", "12 m³", "n/a"]]),
]  # fmt: skip


def _web(
    name: str, content: str, has: list[str], lacks: list[str] | None = None, main: bool = True, **more: Any
) -> Case:
    page = f"<!DOCTYPE html><html><head><meta charset=utf-8><title>Weirs</title></head><body>{HEAD}{content}{FOOT}</body></html>"
    return Case(
        name,
        "a.html",
        page.encode(),
        has=has,
        lacks=[*(["Imprint"] if main else []), *(lacks or [])],
        main=main,
        **more,
    )


_WEB = [
    _web("a manual: steps with code and notes", f"<main><h1>Install</h1><p>{SENTENCE}</p><h2>Linux</h2><ol><li>Get it: <pre><code>apt install weir</code></pre></li><li>Run <code>weir</code>.</li></ol><div class='admonition note'><p class='admonition-title'>Note</p><p>It needs water.</p></div></main>", ["# Install", "## Linux", "apt install weir", "It needs water."]),
    _web("a shop: a product with its facts", f"<main><h1>Seal, 40 mm</h1><p class='price'>12.50 €</p><p>{SENTENCE}</p><table><tr><th>Width</th><td>40 mm</td></tr><tr><th>Stuff</th><td>rubber</td></tr></table></main>", ["# Seal, 40 mm", "40 mm", "rubber"]),
    _web("an office: hours, places and people", "<main><h1>Weir Office</h1><dl><dt>Open</dt><dd>Mon to Fri, 8 to 12</dd><dt>Phone</dt><dd>0123 4567</dd></dl><h2>People</h2><ul><li>Ann Weir, keeper</li><li>Bob Mill, clerk</li></ul></main>", ["Mon to Fri, 8 to 12", "0123 4567", "Ann Weir, keeper"]),
    _web("a forum: a question and its answers", "<div id='content'><h1>How deep is the sump?</h1>" + "".join(f"<div class='post'><div class='author'>user{n}</div><div class='post-body'><p>{SENTENCE}</p><p>{SENTENCE}</p></div></div>" for n in range(3)) + "</div>", ["How deep is the sump?", "who notes the level"]),
    _web("a wiki: infobox, sections and sources", f"<div id='content'><h1>Lowmoor</h1><table class='infobox'><tr><th>River</th><td>Ouse</td></tr></table><p>{SENTENCE * 3}</p><h2>History</h2><p>{SENTENCE * 2}</p><ul><li>1711: first weir</li><li>1846: second weir</li></ul></div>", ["# Lowmoor", "## History", "1846: second weir"]),
    _web("a list of events", "<main><h1>Events</h1>" + "".join(f"<section><h2>{n} May</h2><p>Tour of gate {n}, at noon, by the keeper of the gate.</p></section>" for n in range(1, 6)) + "</main>", ["## 1 May", "Tour of gate 5, at noon"]),
    _web("a law in numbered paragraphs", "<article><h1>Water Act</h1>" + "".join(f"<p>({n}) The keeper shall open gate {n} at seven.</p>" for n in range(1, 9)) + "</article>", ["# Water Act", "(1) The keeper", "(8) The keeper"]),
    _web("a page in Russian", "<main><h1>Шлюз</h1>" + "<p>Шлюз открывают каждое утро в семь часов и закрывают вечером. Сторож записывает уровень воды в книгу.</p>" * 3 + "</main>", ["# Шлюз", "Сторож записывает"]),
    _web("tabs and panels", "<div class='tabs'><ul role='tablist'><li role='tab'>One</li></ul><div role='tabpanel'><p>First panel</p></div><div role='tabpanel' hidden><p>Second panel</p></div></div>", ["First panel"], main=False),
    _web("a table of days whose cells hold lists and links", "<table><thead><tr><th>Day</th><th>What</th></tr></thead><tbody><tr><td>Mon</td><td><ul><li><a href='/a'>Tour</a></li><li>Talk</li></ul></td></tr><tr><td>Tue</td><td>–</td></tr></tbody></table>", ["[Tour](/a)", "Talk", "Tue"], ["TourTalk"], main=False),
    _web("code of a blog in spans and lines", "<div class='highlight'><table><tr><td class='gutter'><pre><span>1</span>\n<span>2</span></pre></td><td class='code'><pre><span>def f():</span>\n<span>    return 1</span></pre></td></tr></table></div>", ["def f():"], main=False),
    _web("figures that are shown twice", "<p>Cost: <span class='old'><s>12 €</s></span> <ins>10 €</ins></p><p><abbr title='Weir Office'>WO</abbr> <dfn>race</dfn> <var>x</var> <samp>ok</samp> <mark>new</mark></p>", ["~~12 €~~", "10 €", "race", "new"], main=False),
]  # fmt: skip

_MORE = [
    Case("word: a form of check boxes in a table", "a.docx", docx(f"<w:tbl><w:tr>{cell(para('<w:sdt><w:sdtPr><w14:checkbox xmlns:w14=' + chr(39) + 'http://schemas.microsoft.com/office/word/2010/wordml' + chr(39) + '/></w:sdtPr><w:sdtContent>' + run('☐') + '</w:sdtContent></w:sdt>' + run(' yes')))}{cell(para(run('Sent?')))}</w:tr>{row('c', 'd')}</w:tbl>"), has=["☐ yes", "Sent?"]),
    Case("word: a table of one column", "a.docx", docx(f"<w:tbl>{row('one')}{row('two')}{row('three')}</w:tbl>"), order=["one", "two", "three"], lacks=["onetwo"]),
    Case("word: a heading within a cell and a list behind it", "a.docx", docx(f"<w:tbl><w:tr>{cell(paragraph('Gates', 'H2') + listed('north'))}{cell(paragraph('b'))}</w:tr>{row('c', 'd')}</w:tbl>"), has=["Gates", "north"], lacks=["Gatesnorth"]),
    Case("word: text in small capitals, spaced and coloured", "a.docx", docx(para(run("Weir", "<w:smallCaps/>") + run(" of", "<w:spacing w:val='40'/>") + run(" Lowmoor", "<w:color w:val='C00000'/>"))), exact="Weir of Lowmoor"),
    Case("word: quotes, a title and a subtitle", "a.docx", docx(paragraph("Weirs", "T") + paragraph("Scope", "H1") + paragraph("text")), has=["# Weirs", "## Scope"]),
    Case("excel: years, telephone numbers and codes", "a.xlsx", workbook(["x"], '<row><c><v>2024</v></c><c s="0"><v>491234567890</v></c><c><v>1.0</v></c></row>', '<cellXfs><xf numFmtId="0"/></cellXfs>'), rows=[["2024", "491234567890", "1"]]),
    Case("excel: a pivot with blanks for what repeats", "a.xlsx", samples.xlsx({"P": samples.rows(("Region", "Gate", "Sum"), ("North", "a", 1.0), (None, "b", 2.0), ("North total", None, 3.0))}), rows=[["North", "a", "1"], ["", "b", "2"]], has=["North total"]),
    Case("excel: notes above, a table and a source below", "a.xlsx", samples.xlsx({"S": samples.rows(("Levels of the year",), (None,), ("Gate", "Level"), ("North", 2.1), (None,), ("Source: the book",))}), order=["Levels of the year", "Gate", "North", "Source: the book"], rows=[["North", "2.1"]]),
    Case("mail: a page in quoted letters that is cut within a letter", "a.eml", mail("Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", "<p>Gr=C3=\r\n=B6=C3=9Fe</p>\r\n"), has=["Größe"]),
    Case("mail: a text in Latin-1 that says it is UTF-8", "a.eml", mail("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit", "Die Größe der Mühle ist über dem Fluß.\r\n".encode("latin-1")), has=["Die Größe der Mühle"]),
]  # fmt: skip

CASES = [*_PRINTS, *_WEB, *_MORE]
