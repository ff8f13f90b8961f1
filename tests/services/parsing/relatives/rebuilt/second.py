# ruff: noqa: E501 (markup reads best on one line)
"""A second set of inputs of all kinds, which was first read when all others were read right."""

from __future__ import annotations

import base64
from typing import Any

from reportlab.lib.colors import HexColor  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from tests.services.parsing import samples
from tests.services.parsing.formats.test_outlook import msg
from tests.services.parsing.formats.test_slides import deck
from tests.services.parsing.relatives.books import book, page
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.grids import changed
from tests.services.parsing.relatives.rebuilt.letters import cell, field, numbering, para, style, styles
from tests.services.parsing.relatives.rebuilt.prints import LINES, pdf, text_at
from tests.services.parsing.relatives.reported import mail, row, run, workbook
from tests.services.parsing.relatives.web import FOOT, HEAD, SENTENCE
from tests.services.parsing.samples import W, docx, listed, paragraph, relationships

_P = paragraph


def _main(
    name: str, content: str, has: list[str], lacks: list[str] | None = None, body: str = "<body>"
) -> Case:
    text = f"<!DOCTYPE html><html><head><meta charset=utf-8><title>Weirs</title></head>{body}{HEAD}{content}{FOOT}</body></html>"
    return Case(name, "a.html", text.encode(), has=has, lacks=["Imprint", *(lacks or [])], main=True)


_ARTICLE = f"<h1>High water</h1><p>{SENTENCE * 3}</p><p>The last words of it.</p>"
_MAIN = [
    *(_main(f"crw 379: an article in .{name}", f"<div class='{name}'>{_ARTICLE}</div>", ["The last words of it.", "# High water"]) for name in ("pds-sidebar-layout__content", "has-sidebar", "content-sidebar", "copyrightrichtext-richtext")),
    _main("crw 379: a head, an aside and a foot within an article", f"<main><article><header><h1>High water</h1><p>By Ann Weir, in Lowmoor</p></header><p>{SENTENCE * 3}</p><aside><p>It rose two metres in a night.</p></aside><p>{SENTENCE * 2}</p></article></main>", ["# High water", "It rose two metres in a night."]),
    _main("readability 564: an id with a word of the margin", f"<div id='contentWithSidebar'>{_ARTICLE}</div>", ["The last words of it."]),
    _main("turbohtml 399: a body with a word of the menu", f"<div class='content__article-body'>{_ARTICLE}</div>", ["The last words of it."], body="<body class='has-localnav comments-open'>"),
    _main("readability 807: ids that begin with a law", f"<main><h2 id='gdpr-ArticleTitle'>How does it improve privacy?</h2><p id='gdpr-Intro'><strong>This is the first paragraph of all.</strong></p><p class='gdpr-Paragraph'>{SENTENCE * 3}</p></main>", ["How does it improve privacy?", "This is the first paragraph of all."]),
    _main("trafilatura 850: comments in a folded box", f"<article>{_ARTICLE}</article><details class='CommentBox' open><summary>Nice</summary><p>First! I saw this river in my youth, says somebody.</p></details>", ["The last words of it."], ["First!"]),
    _main("node-unfluff 70: a margin beside an article", f"<div class='row'><div class='col-8'><article>{_ARTICLE}</article></div><div class='col-4 sidebar'><h3>Most read</h3><ul><li><a href='/1'>Ten ways to cross a river</a></li><li><a href='/2'>The mill of the year</a></li></ul></div></div>", ["The last words of it."], ["Ten ways"]),
]  # fmt: skip


def _html(name: str, body: str, **right: Any) -> Case:
    return Case(
        name, "a.html", f"<html><head><meta charset=utf-8></head><body>{body}</body></html>".encode(), **right
    )


_PAGES = [
    _html("turbohtml 395: a break in code", "<p>First <code>blah blah<br />more more</code> second</p>", has=["blah blah more more"]),
    _html("html-to-markdown 505: a line feed in two spans", "<p><i>Alpha</i><span><span>\n</span></span>Beta</p>", has=["*Alpha* Beta"]),
    _html("html-to-markdown 504: a break within two emphases", "<p>one<strong><em><br></em></strong>two</p>", has=["one", "two"], lacks=["onetwo"]),
    _html("paste-markdown 53: links with blocks and breaks", "<p><a href='http://e.org/'><span>foo</span></a> <a href='http://e.org/'>bar</a> foo <a href='http://e.org/'>foo\nbar</a></p>", has=["[foo](http://e.org/) [bar](http://e.org/) foo [foo bar](http://e.org/)"]),
    _html("unstructured 3426: ends without beginnings", "words before </td></tr>\n</tbody>\n</table> words after", has=["words before", "words after"]),
    _html("html: a table whose head cells stand in its body", "<table><tbody><tr><th scope='row'>North</th><td>17</td></tr><tr><th scope='row'>South</th><td>9</td></tr></tbody></table>", rows=[["North", "17"], ["South", "9"]]),
    _html("html: a page of directory lists", "<ul><li><a href='a/'>a/</a></li></ul><dl><dt>k<dd>v</dl><pre>drwx  7 a</pre>", has=["a/", "v", "drwx  7 a".replace("  ", " ")]),
    _html("html: text of buttons, outputs and legends", "<fieldset><legend>Gate</legend><output>open</output><button>Close it</button></fieldset>", has=["Gate", "open"]),
    Case("html: utf-8 that its transport calls latin-1", "a.html", "<html><head><meta charset='utf-8'></head><body><p>Größe żółw</p></body></html>".encode(), has=["Größe żółw"], content_type="text/html; charset=iso-8859-1"),
    Case("webtoepub 2620: unknown elements around paragraphs", "b.epub", book({"a.xhtml": page("<live><p>first</p><comments><p>second</p></comments></live><p>third</p>")}), order=["first", "second", "third"]),
    Case("astrbot 7594: a list of links in a chapter", "b.epub", book({"a.xhtml": page("<h1>One</h1><nav><p>In this chapter: gates</p></nav><p>text</p>")}), has=["In this chapter: gates"]),
    Case("epub: an index of a book that is no part of its spine", "b.epub", book({"a.xhtml": page("<p>text</p>")}, more={"OEBPS/nav.xhtml": page("<nav epub:type='toc'><ol><li>One</li></ol></nav>")}), exact="text"),
]  # fmt: skip

_RICH = '<si><r><rPr/><t xml:space="preserve">North </t></r><r><rPr><b/></rPr><t>gate</t></r></si><si><t/></si><si><t>next</t></si>'
_STRINGS = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{_RICH}</sst>'
_GRIDS = [
    Case("EPPlus 1530, abap2xlsx 201: texts in two styles, one of them empty", "a.xlsx", changed(workbook(["x"], '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>2</v></c></row>'), {"xl/sharedStrings.xml": _STRINGS}), has=["North gate", "next"], lacks=["| 1 |"]),
    Case("simplexlsx 36: a text in a cell of dates", "a.xlsx", workbook(["19/19/2000", "b"], '<row><c s="0" t="s"><v>0</v></c><c s="0"><v>45000</v></c></row>', '<cellXfs><xf numFmtId="14"/></cellXfs>'), rows=[["19/19/2000", "2023-03-15"]]),
    Case("excelstream 2: cells out of order in a row", "a.xlsx", samples.xlsx({"S": '<sheetData><row r="1"><c r="B1"><v>2</v></c><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>3</v></c><c r="B2"><v>4</v></c></row></sheetData>'}), rows=[["1", "2"], ["3", "4"]]),
    Case("exceljs 1456: blank rows between tables", "a.xlsx", samples.xlsx({"S": samples.rows(("a", 1.0), (None, None), ("b", 2.0), ("c", 3.0))}), rows=[["b", "2"], ["c", "3"]], has=["a"]),
    Case("hucre 3: a sheet that is empty but for a comment", "a.xlsx", changed(samples.xlsx({"S": "<sheetData/>"}), {"xl/_rels/s1.xml.rels": relationships({"c": ("comments", "c.xml")}), "xl/c.xml": "<comments><commentList><comment ref='A1'><text><t>Only this</t></text></comment></commentList></comments>"}), has=["Only this"]),
    Case("xlsx: a table's name, its sums and a slicer's caption", "a.xlsx", samples.xlsx({"S": samples.rows(("Gate", "Turns"), ("North", 17.0), ("Total", 17.0))}), rows=[["Gate", "Turns"], ["Total", "17"]]),
    Case("ods: rows of content that are repeated", "a.ods", samples.opendocument("spreadsheet", "<table:table table:name='S'><table:table-row table:number-rows-repeated='3'><table:table-cell table:number-columns-repeated='2'><text:p>x</text:p></table:table-cell></table:table-row></table:table>"), rows=[["x", "x"]]),
    Case("duckdb: a file with its own escape and an empty quote", "a.csv", b'id,name\n1,""\n2,"a ""b"" c"\n3,\n', rows=[["2", 'a "b" c']]),
    Case("duckdb: semicolons in a file of decimal commas without quotes", "a.csv", b"ort;wert;datum\nKoeln;3,5;01.02.2024\nBonn;2,0;02.02.2024\n", rows=[["Koeln", "3,5", "01.02.2024"]]),
    Case("polars: a header that is longer than the rows", "a.csv", b"a,b,c,d\n1,2\n3,4,5\n", rows=[["a", "b", "c", "d"], ["3", "4", "5"]]),
]  # fmt: skip

_TOC = (
    "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj></w:sdtPr><w:sdtContent>"
    + para(run("Contents"))
    + para(field('TOC \\o "1-3"', run("Gates") + "<w:r><w:tab/></w:r>" + run("3", "<w:webHidden/>")))
    + "</w:sdtContent></w:sdt>"
)
_LEVELS = numbering(
    ("decimal", "%1"), ("decimal", "%1.%2"), ("decimal", "%1.%2.%3"), ("decimal", "%1.%2.%3.%4")
)
_START: dict[str, str | bytes] = {
    "word/numbering.xml": f'<w:numbering {W}><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="7"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num></w:numbering>'
}
_WORD = [
    Case("office_oxide 135: the outline level of text", "a.docx", docx(para(run("Only text"), '<w:outlineLvl w:val="9"/>')), exact="Only text"),
    Case("xberg 1212: emphasis, lists and signs in cells", "a.docx", docx(f"<w:tbl><w:tr>{cell(para(run('Name', '<w:b/>')))}{cell(_P('Terms &amp; Conditions'))}</w:tr><w:tr>{cell(listed('Connect') + listed('Wait'))}{cell(para(run('See appendix', '<w:i/>')))}</w:tr></w:tbl>"), has=["Terms & Conditions", "Connect", "Wait", "See appendix"], lacks=["ConnectWait", "\\*\\*Name"]),
    Case("pandoc 9222: a list by its style", "a.docx", docx(_P("one", "LP") + _P("two", "LP"), styles(style("List Paragraph", "LP", '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>'))), order=["- one", "- two"]),
    Case("markitdown 1415: numbers that go on behind a table", "a.docx", docx(listed("Price", 2) + f"<w:tbl>{row('a', 'b')}{row('c', 'd')}</w:tbl>" + listed("Quality", 2)), order=["3. Price", "a", "4. Quality"]),
    Case("markitdown 1381: four levels of numbers", "a.docx", docx("".join(listed(text, 1, depth) for text, depth in (("one", 0), ("two", 1), ("three", 2), ("four", 3))), _LEVELS), order=["1", "one", "1.1", "two", "1.1.1", "three", "1.1.1.1", "four"]),
    Case("docling 3520: a list that begins with seven", "a.docx", docx(listed("seven") + listed("eight"), _START), order=["7. seven", "8. eight"]),
    Case("docling 1212: numbers of sections in a document with a contents", "a.docx", docx(_TOC + _P("Scope", "H1") + _P("Terms", "H2"), _LEVELS | styles(*(style(f"heading {n}", f"H{n}", f'<w:pPr><w:numPr><w:ilvl w:val="{n - 1}"/><w:numId w:val="1"/></w:numPr></w:pPr>') for n in (1, 2)))), has=["Contents", "Gates", "# 1 Scope", "## 1.1 Terms"]),
    Case("pandoc 4415: controls within controls", "a.docx", docx(_P("first") + "<w:sdt><w:sdtContent><w:sdt><w:sdtContent>" + _P("second") + "</w:sdtContent></w:sdt></w:sdtContent></w:sdt>" + _P("third")), order=["first", "second", "third"]),
    Case("tikaondotnet 82: a word in two runs with marks between", "a.docx", docx("<w:p><w:r><w:t>doc</w:t></w:r><w:proofErr w:type='spellStart'/><w:bookmarkStart w:id='0' w:name='b'/><w:r><w:t>2</w:t></w:r><w:bookmarkEnd w:id='0'/></w:p>"), exact="doc2"),
    Case("docx: text before and behind a deleted paragraph mark in a list", "a.docx", docx('<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr><w:r><w:t>first </w:t></w:r></w:p>' + listed("second")), has=["first second"]),
    Case("docx: a caption above its table and a note below", "a.docx", docx(_P("Table 1: Gates", "Caption") + f"<w:tbl>{row('a', 'b')}{row('c', 'd')}</w:tbl>" + _P("Source: the book")), order=["Table 1: Gates", "a", "Source: the book"]),
    Case("docx: a comment's answer and one within a table", "a.docx", docx(f"<w:tbl><w:tr>{cell('<w:p>' + run('Old pump') + '<w:r><w:commentReference w:id=' + chr(39) + '1' + chr(39) + '/></w:r></w:p>')}{cell(_P('b'))}</w:tr>{row('c', 'd')}</w:tbl>", {"word/comments.xml": f'<w:comments {W}><w:comment w:id="1" w:author="Ann">{_P("How old?")}</w:comment></w:comments>'}, {"c": ("comments", "comments.xml")}), has=["Old pump", "How old?"]),
    Case("MSGReader 247: properties of shapes are no text", "a.rtf", rb"{\rtf1\ansi Foo {\shp{\*\shpinst\shpleft0{\sp{\sn fillOpacity}{\sv 16384}}{\sp{\sn wzDescription}{\sv A lamp}}{\shptxt In the shape\par}}{\shprslt\par {\*\do}}}bar baz\par}", has=["Foo", "bar baz", "In the shape"], lacks=["16384", "fillOpacity"]),
    Case("odt: a heading that a style names and numbers", "a.odt", samples.opendocument("text", "<text:h text:outline-level='1'><text:number>2.</text:number>Gates</text:h><text:p>x</text:p>"), has=["# 2. Gates"]),
    Case("odt: a table of contents and a formula in a table", "a.odt", samples.opendocument("text", "<text:table-of-content><text:index-body><text:index-title><text:p>Contents</text:p></text:index-title><text:p><text:a xlink:href='#1'>Gates<text:tab/>3</text:a></text:p></text:index-body></text:table-of-content><table:table><table:table-row><table:table-cell table:formula='ooow:1+1' office:value-type='float' office:value='2'><text:p>2</text:p></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>"), has=["Contents", "Gates"], rows=[["2", "b"]]),
    Case("pptx: a table in which a cell has a list", "a.pptx", deck("<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id='4' name='t'/><p:nvPr/></p:nvGraphicFramePr><a:graphic><a:graphicData uri='t'><a:tbl><a:tr><a:tc><a:txBody><a:p><a:pPr><a:buChar char='•'/></a:pPr><a:r><a:t>boots</a:t></a:r></a:p><a:p><a:pPr><a:buChar char='•'/></a:pPr><a:r><a:t>bread</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p/></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>"), has=["boots", "bread"], lacks=["bootsbread"]),
]  # fmt: skip

_HTML_IN_RTF = rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}{\*\htmltag1 <html><body><p>Two services are degraded.</p><table><tr><th>Service</th><th>State</th></tr><tr><td>Login</td><td>Degraded</td></tr></table></body></html>}}"


def _uncompressed(rtf: bytes) -> bytes:
    return (len(rtf) + 12).to_bytes(4, "little") + len(rtf).to_bytes(4, "little") + b"MELA" + bytes(4) + rtf


_MAILS = [
    Case("oxmsg 9: a page in one tag of RTF", "a.msg", samples.ole({**msg(subject="Status", body=""), "__substg1.0_10090102": _uncompressed(_HTML_IN_RTF)}), has=["Two services are degraded."], rows=[["Login", "Degraded"]]),
    Case("msg_parser 466: a body in RTF alone", "a.msg", samples.ole({"__substg1.0_0037001F": "Pump".encode("utf-16-le"), "__properties_version1.0": bytes(32), "__substg1.0_10090102": _uncompressed(rb"{\rtf1\ansi The {\b words} of it.\par}")}), has=["Pump", "The **words** of it."]),
    Case("php-mime-mail-parser 296: a boundary of dashes", "a.eml", mail('Content-Type: multipart/mixed; boundary="--022d"', "----022d\r\nContent-Type: text/plain; charset=windows-1251\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode("Договор в работе".encode("cp1251")).decode() + "\r\n\r\n----022d\r\nContent-Type: application/octet-stream; name=\"=?windows-1251?b?xO7q8+zl7fIudHh0?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"Attached words.").decode() + "\r\n----022d--\r\n"), has=["Договор в работе", "Attached words."]),
    Case("apple mail: text, a file and text again", "a.eml", mail('Content-Type: multipart/mixed; boundary="b"', "--b\r\nContent-Type: text/plain\r\n\r\nBefore it.\r\n--b\r\nContent-Type: text/csv; name=l.csv\r\nContent-Disposition: inline; filename=l.csv\r\n\r\ngate,turns\r\nnorth,17\r\n--b\r\nContent-Type: text/plain\r\n\r\nBehind it.\r\n--b--\r\n"), has=["Before it.", "Behind it."], rows=[["north", "17"]]),
    Case("gmail: a calendar with a page as description", "a.ics", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Visit\r\nDESCRIPTION:<p>Bring <b>boots</b>.</p><br><a href=\"https://e.org/log\">The log</a>\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", has=["boots", "The log"], lacks=["<p>", "<br>"]),
    Case("vcf: a number as an address and a place in parts", "a.vcf", b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann Weir\r\nTEL;VALUE=uri;TYPE=work:tel:+49-30-1234\r\nADR;TYPE=home:;;Mill Lane 12;Lowmoor;;12345;Germany\r\nBDAY:19700506\r\nEND:VCARD\r\n", has=["Ann Weir", "+49-30-1234", "Mill Lane 12", "Lowmoor"]),
]  # fmt: skip

_ENCODED = {
    "macintosh": (
        "mac_roman",
        "Der Wärter schließt das Tor früh am Abend. Größe und Höhe stehen im Buch. Überlauf bei Nacht.",
        None,
    ),
    "latin-9 with a euro": (
        "iso-8859-15",
        "La cœur de l’œuvre coûte 25 € à l'entrée, et l'été est beau près de la rivière.".replace("’", "'"),
        None,
    ),
    "thai tis-620": ("tis-620", "ระดับน้ำในแม่น้ำสูงขึ้นในเวลากลางคืน และผู้ดูแลปิดประตู", None),
    "hebrew cp862": ("cp862", "הסכר נפתח בכל בוקר בשעה שבע ונסגר בערב. השומר רושם את גובה המים בספר.", None),
    "greek cp737": (
        "cp737",
        "Η πύλη ανοίγει το πρωί και κλείνει το βράδυ, όταν ο φύλακας σημειώνει τη στάθμη του νερού.",
        None,
    ),
    "korean iso-2022-kr": ("iso2022_kr", "수차는 매주 월요일에 점검한다.", None),
    "polish cp852": (
        "cp852",
        "Śluzę otwiera się każdego ranka o siódmej, a zamyka wieczorem. Dozorca zapisuje poziom wody w księdze.",
        None,
    ),
    "danish cp865": (
        "cp865",
        "Vandet steg om natten, og vagten lukkede slusen ved åen. Bogen er på bordet, og døren er låst.",
        None,
    ),
}
_ENCODINGS = [
    Case(f"encoding: {name}", "a.txt", text.encode(code), has=[text])
    for name, (code, text, _) in _ENCODED.items()
]


def _two_plans(c: Canvas) -> None:
    for x in (60, 320):
        for k, head in enumerate(("Age", "Plan A", "Plan F")):
            c.drawString(x + 70 * k, 740, head)
        for r in range(5):
            for k, text in enumerate((str(65 + r), f"1,{599 + r * 25}", f"2,{190 + r * 36}")):
                c.drawString(x + 70 * k, 724 - 15 * r, text)


def _register(c: Canvas) -> None:
    c.setFont("Helvetica-Bold", 9)
    for x, lines in (
        (60, ("NAME",)),
        (200, ("ADDRESS",)),
        (330, ("PERCENTAGE", "INTEREST")),
        (430, ("TOTAL", "COMMITMENTS")),
    ):
        for n, line in enumerate(reversed(lines)):
            c.drawString(x, 700 + 11 * n, line)
    c.setFont("Helvetica", 9)
    y = 680.0
    for name, street, city, share, total in (
        ("Northern Pension", "1 Lake Road,", "Lowmoor", "15.20%", "45,040,000.00"),
        ("Mill Fund", "7 Weir Lane,", "Highmoor", "9.80%", "29,000,000.00"),
        ("Hill Trust", "12 Gate Street,", "Westquay", "75.00%", "222,000,000.00"),
    ):
        for x, text in ((60, name), (200, street), (330, share), (430, total)):
            c.drawString(x, y, text)
        c.drawString(200, y - 11, city)
        y -= 30


def _numbered_lines(c: Canvas) -> None:
    for n, line in enumerate((*LINES, *LINES, *LINES, *LINES), 1):
        c.drawRightString(60, 780 - 24 * n, str(n))
        c.drawString(80, 780 - 24 * n, line)


def _invoice(c: Canvas) -> None:
    for n, (left, right) in enumerate(
        (
            ("Miller & Sons", "Invoice no. 4471"),
            ("Weir Lane 12", "Date: 12 March 2024"),
            ("12345 Lowmoor", "Customer: 99-12"),
        )
    ):
        c.drawString(60, 780 - 14 * n, left)
        c.drawString(380, 780 - 14 * n, right)
    c.grid([60, 300, 400, 520], [600, 620, 640])
    for r, line in enumerate((("Item", "Count", "Price"), ("Seal", "2", "120.00"))):
        for x, text in zip((66, 306, 406), line, strict=True):
            c.drawString(x, 626 - 20 * r, text)
    c.drawString(306, 580, "Total due:")
    c.drawString(406, 580, "240.00")


def _dropped(c: Canvas) -> None:
    c.setFont("Helvetica", 40)
    c.drawString(72, 733, "T")
    c.setFont("Helvetica", 11)
    text_at(
        c,
        100,
        752,
        [
            "he weir was built in the year 1711 by the monks of the",
            "abbey, who needed its water for the mill that stood below",
        ],
    )
    text_at(c, 72, 724, ["the bridge. It was rebuilt twice after great floods, and is kept."])


def _underlined(c: Canvas) -> None:
    c.setFont("Helvetica", 11)
    c.drawString(72, 780, "1. Duties of the keeper")
    c.line(72, 778, 190, 778)
    text_at(c, 72, 760, LINES)


def _colours(c: Canvas) -> None:
    for n, (colour, text) in enumerate(
        (
            ("#999999", "Grey words of small import."),
            ("#cc0000", "Red words of great import."),
            ("#ffff00", "Yellow words on white paper."),
        )
    ):
        c.setFillColor(HexColor(colour))
        c.drawString(72, 760 - 16 * n, text)


def _spread(c: Canvas) -> None:
    c.drawString(72, 760, "First name: ____________   Last name: ____________")
    c.drawString(72, 740, "[x] paid   [ ] sent   [ ] lost")
    c.drawString(72, 720, "Signature ..............................  Date ..............")


_PRINTS = [
    Case("pdfminer 664: two tables side by side", "a.pdf", pdf(_two_plans), rows=[["65", "1,599", "2,190"], ["69", "1,699", "2,334"]]),
    Case("xberg 1290: a register with wrapped addresses", "a.pdf", pdf(_register), rows=[["Northern Pension", "1 Lake Road, Lowmoor", "15.20%", "45,040,000.00"]], has=["TOTAL COMMITMENTS"]),
    Case("pypdf: lines that are numbered at the margin", "a.pdf", pdf(_numbered_lines), has=["who needed its water for the mill below"]),
    Case("docling: an invoice with two blocks and a sum", "a.pdf", pdf(_invoice), rows=[["Seal", "2", "120.00"]], has=["Miller & Sons", "Invoice no. 4471", "Date: 12 March 2024"], order=["Total due:", "240.00"]),
    Case("marker: a large first letter", "a.pdf", pdf(_dropped), has=["The weir was built in the year 1711"]),
    Case("marker: an underlined heading", "a.pdf", pdf(_underlined), order=["1. Duties of the keeper", "The weir was built"]),
    Case("pymupdf: words in grey, red and yellow", "a.pdf", pdf(_colours), has=["Grey words of small import.", "Red words of great import.", "Yellow words on white paper."]),
    Case("unstructured: lines to fill in", "a.pdf", pdf(_spread), has=["First name:", "Last name:", "[x] paid", "Signature", "Date"]),
]  # fmt: skip

CASES = [*_MAIN, *_PAGES, *_GRIDS, *_WORD, *_MAILS, *_ENCODINGS, *_PRINTS]
