# ruff: noqa: E501 (markup reads best on one line)
"""Inputs of the kinds that other tools read wrong, named with a tool, and with its issue where one is known."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.services.parsing import samples
from tests.services.parsing.formats.test_outlook import msg
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.samples import W, docx, paragraph, relationships, zipped

_P = paragraph
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DRAWN = "http://schemas.openxmlformats.org/drawingml/2006/main"
_SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"
_HEAD = "From: a@e.org\r\nTo: b@e.org\r\nSubject: Pump\r\nDate: Mon, 6 May 2024 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"


def mail(kind: str, body: str | bytes) -> bytes:
    return f"{_HEAD}{kind}\r\n\r\n".encode() + (body.encode() if isinstance(body, str) else body)


def _cell(text: str) -> str:
    return f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"


def row(*texts: str) -> str:
    return f"<w:tr>{''.join(map(_cell, texts))}</w:tr>"


def run(text: str, look: str = "") -> str:
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def _levels(label: str) -> dict[str, str | bytes]:
    level = f'<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="{label}"/></w:lvl>'
    return {
        "word/numbering.xml": f'<w:numbering {W}><w:abstractNum w:abstractNumId="1">{level}</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num></w:numbering>'
    }


def workbook(
    strings: list[str], cells: str, styles: str = "", sheet: str = "/xl/worksheets/sheet1.xml"
) -> bytes:
    """With absolute targets, as some libraries write them."""
    items = "".join(f'<si><t xml:space="preserve">{text}</t></si>' for text in strings)
    links = {
        "r1": ("worksheet", sheet),
        "s": ("sharedStrings", "/xl/sharedStrings.xml"),
        "st": ("styles", "/xl/styles.xml"),
    }
    return samples.package(
        "xl/workbook.xml",
        {
            "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{samples.OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": relationships(links),
            "xl/sharedStrings.xml": f'<sst xmlns="{_SHEET}">{items}</sst>',
            "xl/styles.xml": f'<styleSheet xmlns="{_SHEET}">{styles}</styleSheet>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_SHEET}"><sheetData>{cells}</sheetData></worksheet>',
        },
    )


def _formats(*codes: str) -> str:
    numbers = "".join(f'<numFmt numFmtId="{170 + n}" formatCode="{code}"/>' for n, code in enumerate(codes))
    return (
        f"<numFmts>{numbers}</numFmts><cellXfs>"
        + "".join(f'<xf numFmtId="{170 + n}"/>' for n in range(len(codes)))
        + "</cellXfs>"
    )


def _values(*values: str) -> str:
    return "<row>" + "".join(f'<c s="{n}"><v>{value}</v></c>' for n, value in enumerate(values)) + "</row>"


def bare_deck(shapes: str) -> bytes:
    """Only a slide: no types, no relations, no presentation."""
    return zipped(
        {
            "ppt/slides/slide1.xml": f'<p:sld xmlns:a="{_DRAWN}" xmlns:p="{_SLIDE}"><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>'
        }
    )


def shape(text: str) -> str:
    return f"<p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"


def _book(
    manifest: str, spine: str, parts: dict[str, str | bytes], opf: str = "OEBPS/c.opf", container: bool = True
) -> bytes:
    own: dict[str, str | bytes] = {"mimetype": "application/epub+zip"}
    if container:
        own["META-INF/container.xml"] = (
            f'<container><rootfiles><rootfile full-path="{opf}"/></rootfiles></container>'
        )
    own[opf] = f"<package><metadata/><manifest>{manifest}</manifest><spine>{spine}</spine></package>"
    return zipped(own | parts)


def _item(name: str, href: str) -> str:
    return f'<item id="{name}" href="{href}" media-type="application/xhtml+xml"/>'


def _chapter(body: str, head: str = "<title>t</title>") -> str:
    return f"<?xml version='1.0' encoding='utf-8'?><html xmlns='http://www.w3.org/1999/xhtml'><head>{head}</head><body>{body}</body></html>"


def notebook(cells: list[dict[str, Any]], **more: Any) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | more).encode()


def code(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "source": source,
        "metadata": {},
        "execution_count": 1,
        "outputs": list(outputs),
    }


def _result(**data: Any) -> dict[str, Any]:
    return {
        "output_type": "execute_result",
        "metadata": {},
        "data": {name.replace("_", "/"): value for name, value in data.items()},
    }


_M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
_ARGMAX = (
    "<w:p><m:oMath><m:func><m:fName><m:limLow><m:e><m:r><m:t>argmax</m:t></m:r></m:e><m:lim><m:r><m:t>x</m:t></m:r></m:lim></m:limLow></m:fName>"
    "<m:e><m:r><m:t>f</m:t></m:r></m:e></m:func></m:oMath></w:p>"
)
_STATUS = "<table><tr><td><p>Before</p><table><tr><th>ID</th><th>Status</th></tr><tr><td>123</td><td>Done</td></tr></table></td></tr></table>"
_LONG = "This is one paragraph that a mail program \r\nhas broken into lines that flow.\r\n"
_LISTING = base64.b64encode("The words of the letter, größer.\r\n".encode()).decode()

_WEB = [
    Case("unstructured 3850: blocks that were inserted and deleted", "a.html", b"<ins><p>T241200</p></ins><del><p>T130111</p></del>", has=["T241200", "T130111"]),
    Case("unstructured 1543: text beside paragraphs", "a.html", b"<html><body>body test<p>p test</p><p>second <br>after break</p>tail</body></html>", order=["body test", "p test", "second", "after break", "tail"]),
    Case("unstructured 2520: lines with bold words in pre", "a.html", b"<div><h2>H</h2><pre><b>Param1</b> = Y<br><b>Param2</b> = 1\n<br><b>Param3</b> = 2</pre></div>", has=["Param1 = Y", "Param2 = 1", "Param3 = 2"]),
    Case("turbohtml 764: tables in tables in tables", "a.html", b"<table><tr><td><table><tr><td><table><tr><td>a<br>b</td></tr></table></td></tr></table></td></tr></table>", has=["a", "b"], lacks=["\\\\"]),
    Case("html-to-markdown 469: rows of a table in a cell", "a.html", _STATUS.encode(), order=["Before", "ID", "Status", "123", "Done"], lacks=["IDStatus", "123Done"]),
    Case("confluence2md 6: a list in a cell", "a.html", b"<table><tr><th>title 1</th><th>title 2</th></tr><tr><td>left side:<ul><li>foo</li><li>bar</li></ul></td><td>right side</td></tr></table>", has=["right side"], lacks=["foobar", "side:foo"]),
    Case("markitdown 2439: bars in code, links and entities in cells", "a.html", b"<table><tr><th>x</th><th>y</th></tr><tr><td><code>a|b</code></td><td>end</td></tr><tr><td><a href='/l'>c|d</a></td><td>end</td></tr><tr><td>e&#124;f</td><td>end</td></tr></table>", rows=[["c|d](/l)", "end"], ["e|f", "end"]]),
    Case("node-html-markdown 60: a table in an item", "a.html", b"<ul><li><p>foo</p><table><thead><tr><th>foo</th><th>bar</th></tr></thead><tbody><tr><td>baz</td><td>qux</td></tr></tbody></table></li></ul>", rows=[["foo", "bar"], ["baz", "qux"]]),
    Case("readability: a script of XHTML that closes itself", "a.xhtml", b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><head><title/><script type='text/javascript' src='a.js'/></head><body><p>The words.</p></body></html>", has=["The words."]),
    Case("premailer: what other programs than Word show", "a.html", b"<!--[if mso]><p>for Outlook</p><![endif]--><!--[if !mso]><!--><p>for all others</p><!--<![endif]--><![if !mso]><p>and these</p><![endif]>", has=["for all others", "and these"], lacks=["for Outlook", "endif"]),
    Case("iocaml 59: a result that is cut to a height", "a.html", b"<pre style='color:slategray;max-height:100px;overflow:hidden'>- : int = 0</pre>", has=["- : int = 0"]),
    Case("html2text: a link around an image with a caption", "a.html", b"<a href='/big'><figure><img src='a.png' alt='The weir'><figcaption>At low water</figcaption></figure></a>", has=["The weir", "At low water"]),
    Case("turndown: blanks between inline elements", "a.html", b"<p><b>one</b> <i>two</i>\n<a href='/x'>three</a><span> </span>four</p>", has=["three](/x) four"], lacks=["one**_two", "onetwo"]),
    Case("markdownify: a definition list with several terms", "a.html", b"<dl><dt>weir</dt><dt>dam</dt><dd>holds water</dd><dd>old word</dd></dl>", order=["weir", "dam", "holds water", "old word"]),
    Case("pandoc: a heading in a cell", "a.html", b"<table><tr><td><h3>Valve</h3>open</td><td>shut</td></tr><tr><td>a</td><td>b</td></tr></table>", lacks=["Valveopen", "### Valve"], has=["Valve", "open"]),
]  # fmt: skip

_WORD = [
    Case("markitdown 1539: a blank in bold", "a.docx", docx(f"<w:p>{run('further')}{run(' ', '<w:b/>')}{run('reference')}</w:p>"), has=["further reference"]),
    Case("pandoc 11380: a table without its grid", "a.docx", docx(f"<w:tbl><w:tblPr/>{row('Question', 'Answer')}{row('Name', 'Mill')}</w:tbl>"), rows=[["Question", "Answer"], ["Name", "Mill"]]),
    Case("pandoc 11833: a head of one cell that spans nothing", "a.docx", docx(f"<w:tbl><w:tblGrid><w:gridCol/></w:tblGrid>{row('VENDOR')}{row('Question', 'Response', 'Evidence')}{row('q1', 'r1', 'e1')}</w:tbl>"), has=["VENDOR"], rows=[["Question", "Response", "Evidence"], ["q1", "r1", "e1"]]),
    Case("pandoc 2545: items of a list that is not defined", "a.docx", docx(samples.listed("one", 7) + samples.listed("two", 7, 1) + _P("three")), order=["one", "two", "three"]),
    Case("markitdown 1282: an item without a level", "a.docx", docx('<w:p><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr><w:r><w:t>Item</w:t></w:r></w:p>'), has=["Item"]),
    Case("markitdown 1247: labels that are words", "a.docx", docx(samples.listed("Keep it.", 1) + _P("Why not.") + samples.listed("Drop it.", 1), _levels("Proposal %1:")), order=["Proposal 1:", "Keep it.", "Why not.", "Proposal 2:", "Drop it."]),
    Case("docx2python 6: the choice in a field of a form", "a.docx", docx(
        '<w:p><w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:name w:val="D"/><w:ddList><w:result w:val="1"/><w:listEntry w:val="red"/><w:listEntry w:val="green"/></w:ddList></w:ffData></w:fldChar></w:r>'
        '<w:r><w:instrText> FORMDROPDOWN </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'), has=["green"], lacks=["red"]),
    Case("python-docx 155: rows and cells in content controls", "a.docx", docx(
        f"<w:tbl>{row('a', 'b')}<w:sdt><w:sdtContent>{row('c', 'd')}</w:sdtContent></w:sdt><w:tr>{_cell('e')}<w:sdt><w:sdtContent>{_cell('f')}</w:sdtContent></w:sdt></w:tr></w:tbl>"), rows=[["a", "b"], ["c", "d"], ["e", "f"]]),
    Case("pandoc: paragraphs within custom XML", "a.docx", docx(f"<w:customXml w:element='x'>{_P('inside')}<w:customXml w:element='y'><w:tbl>{row('a', 'b')}</w:tbl></w:customXml></w:customXml>"), has=["inside"], rows=[["a", "b"]]),
    Case("docling 3355: a limit below a function", "a.docx", docx(_ARGMAX), has=["argmax", "f"]),
    Case("python-docx 140: a main part with another name", "a.docx", samples.package("word/document22.xml", {"word/document22.xml": f"<w:document {W}><w:body>{_P('The words')}</w:body></w:document>"}), has=["The words"]),
    Case("mammoth: a row that is a head on each page", "a.docx", docx(f"<w:tbl><w:tr><w:trPr><w:tblHeader/></w:trPr>{_cell('Year')}{_cell('Sum')}</w:tr>{row('2023', '9')}</w:tbl>"), rows=[["Year", "Sum"], ["2023", "9"]]),
    Case("mammoth: cells that the row before and after it skips", "a.docx", docx(f"<w:tbl><w:tblGrid><w:gridCol/><w:gridCol/><w:gridCol/></w:tblGrid>{row('a', 'b', 'c')}<w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr>{_cell('under b')}{_cell('under c')}</w:tr></w:tbl>"), rows=[["", "under b", "under c"]]),
    Case("docx4j: text in capitals stays as it was typed", "a.docx", docx(f"<w:p>{run('Mill Street', '<w:caps/>')}</w:p>"), has=["Mill Street"]),
    Case("pandoc: a cross reference and a page number", "a.docx", docx(
        '<w:p><w:r><w:t xml:space="preserve">See </w:t></w:r><w:fldSimple w:instr=" REF _Ref1 \\h "><w:r><w:t>Table 3</w:t></w:r></w:fldSimple><w:r><w:t xml:space="preserve"> on page </w:t></w:r><w:fldSimple w:instr=" PAGEREF _Ref1 "><w:r><w:t>12</w:t></w:r></w:fldSimple></w:p>'), has=["See Table 3 on page 12"]),
    Case("libreoffice: a caption counts its tables", "a.docx", docx(
        '<w:p><w:r><w:t xml:space="preserve">Table </w:t></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> SEQ Table </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>4</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:t>: Levels</w:t></w:r></w:p>'), has=["Table 4: Levels"]),
    Case("word: a field in a field", "a.docx", docx(
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> IF </w:instrText></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> MERGEFIELD x </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>inner</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:instrText> = "a" "b" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>outcome</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'), has=["outcome"], lacks=["inner", "MERGEFIELD"]),
]  # fmt: skip

_SHEETS = [
    Case("pandas 58128: digits that look like an escape", "a.xlsx", workbook(["0x005F_FFFF", "0_x005F_x005F_FFFF"], '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'), rows=[["0x005F_FFFF", "0_x005F_FFFF"]]),
    Case("pandas 40469: an escaped digit", "a.xlsx", workbook(["_x0033_40.00", "b"], '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'), rows=[["340.00", "b"]]),
    Case("docling 4230: cells below empty ones", "a.xlsx", samples.xlsx({"S": samples.rows(("ID", "Name", "Note"), (1, "alpha"), (2, None, "foo"), (3, None, "bar"))}), rows=[["ID", "Name", "Note"], ["1", "alpha", ""], ["2", "", "foo"], ["3", "", "bar"]]),
    Case("docling 4230: cells beside a table without a head", "a.xlsx", workbook([], '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row><row r="2"><c r="A2"><v>3</v></c><c r="C2"><v>4</v></c></row><row r="3"><c r="A3"><v>5</v></c><c r="C3"><v>6</v></c></row>'), rows=[["1", "2"], ["3", "", "4"], ["5", "", "6"]]),
    Case("openpyxl: units in a format", "a.xlsx", workbook([], _values("5", "1234.5", "-5", "0.5", "0"), _formats("General&quot; pcs&quot;", "#,##0.0\\ [$€-407]", "#,##0.00_);[Red]\\(#,##0.00\\)", "0.0&quot; kg&quot;", "0;-0;&quot;none&quot;")), rows=[["5 pcs", "1,234.5 €", "(5.00)", "0.5 kg", "none"]]),
    Case("sheetjs: formats with colours, conditions and thousands", "a.xlsx", workbook([], _values("1500", "2500000", "0.256", "12345", "45292.75"), _formats("[Blue]0.0,", "[&gt;=1000000]0.0,,&quot;M&quot;;0", "0.0%", "0.00E+00", "[$-F400]h:mm:ss AM/PM")), has=["1.5", "2.5M", "25.6%", "1.23E+04"]),
    Case("calamine: cells of all kinds", "a.xlsx", workbook(["s"], '<row><c t="str"><f>A1</f><v>text of a formula</v></c><c t="e"><v>#DIV/0!</v></c><c t="b"><v>1</v></c><c t="inlineStr"><is><r><t>two </t></r><r><t>runs</t></r></is></c></row>'), rows=[["text of a formula", "#DIV/0!", "TRUE", "two runs"]]),
    Case("pandas: a workbook whose sheet is named from the root", "a.xlsx", workbook(["root"], '<row><c t="s"><v>0</v></c></row>'), has=["root"]),
    Case("node-csv 318: quotes in UTF-16", "a.csv", '\ufeffa,b\r\n"c, d","e"\r\n'.encode("utf-16-le"), rows=[["a", "b"], ["c, d", "e"]]),
    Case("thephpleague 586: a mark before a quoted field", "a.csv", '\ufeff"a,\nb",c\nd,e\n'.encode(), has=["a,"], rows=[["d", "e"]], lacks=['"a']),
    Case("frictionless: a comma in one column alone", "a.csv", b"name\n\"Mill, upper\"\nWeir\n", has=["Mill, upper", "Weir"], lacks=['"Mill']),
    Case("pandas: rows that are longer than the head", "a.csv", b"a,b\n1,2,3\n4,5\n", rows=[["1", "2", "3"]], has=["4"]),
    Case("ods: a truth and a time without their texts", "a.ods", samples.opendocument("spreadsheet", '<table:table table:name="S"><table:table-row><table:table-cell office:value-type="boolean" office:boolean-value="true"/><table:table-cell office:value-type="time" office:time-value="PT26H05M00S"/><table:table-cell><text:p>z</text:p></table:table-cell></table:table-row></table:table>'), has=["TRUE", "26:05"]),
]  # fmt: skip

_SLIDES_AND_TEXTS = [
    Case("officeParser 106: a group in a bare slide", "a.pptx", bare_deck(shape("PLAIN") + f"<p:grpSp><p:grpSp>{shape('IN A GROUP')}</p:grpSp></p:grpSp>"), has=["PLAIN", "IN A GROUP"]),
    Case("pandoc 7730: an item whose number was removed", "a.odt", samples.opendocument("text", '<text:list><text:list-header><text:p>without a number</text:p></text:list-header></text:list><text:list><text:list-item><text:p>with one</text:p></text:list-item></text:list>'), has=["without a number", "with one"]),
    Case("pandoc 8892: a heading in an item in a cell", "a.odt", samples.opendocument("text", '<table:table><table:table-row><table:table-cell><text:list><text:list-item><text:h text:outline-level="1">Engineer <text:span>INSA</text:span></text:h></text:list-item></text:list><text:p>1990</text:p></table:table-cell><table:table-cell><text:p>right</text:p></table:table-cell></table:table-row></table:table>'), has=["Engineer INSA", "1990", "right"]),
    Case("odfdo: choices, conditions and counts", "a.odt", samples.opendocument("text", '<text:p>Colour: <text:drop-down text:name="d"><text:label text:value="red"/><text:label text:value="green" text:current-selected="true"/>green</text:drop-down>; <text:conditional-text>if so</text:conditional-text>; Table <text:sequence text:name="Table">4</text:sequence>, <text:bookmark-ref text:ref-name="b">page 7</text:bookmark-ref></text:p>'), has=["Colour: green; if so; Table 4, page 7"]),
    Case("odt: numbered paragraphs outside of lists", "a.odt", samples.opendocument("text", "<text:numbered-paragraph><text:p>alone</text:p></text:numbered-paragraph><text:p>next</text:p>"), has=["alone", "next"]),
    Case("odt: tables in tables", "a.odt", samples.opendocument("text", "<table:table><table:table-row><table:table-cell><table:table table:is-sub-table='true'><table:table-row><table:table-cell><text:p>in a</text:p></table:table-cell><table:table-cell><text:p>in b</text:p></table:table-cell></table:table-row></table:table></table:table-cell><table:table-cell><text:p>out</text:p></table:table-cell></table:table-row></table:table>"), has=["in a", "in b", "out"], lacks=["in ain b"]),
    Case("striprtf 36: codes and their substitutes", "a.rtf", rb"{\rtf1\ansi\ansicpg1252 not \u8216 \'91quoted\u8217 \'92\par}", has=["not ‘quoted’"], lacks=["‘‘"]),
    Case("rtf-html-php 49: a substitute of two bytes", "a.rtf", rb"{\rtf1\ansi\uc2 a \u26085 \'93\'fa\u26412 \'96\'7b\uc0 \u233 b\par}", has=["a 日本éb"]),
    Case("striprtf 11: an object in hexadecimal", "a.rtf", rb"{\rtf1\ansi before {\object\objemb{\*\objclass Word.Document}{\*\objdata 0105ffff52006f006f00}{\result seen}} after\par}", has=["before", "seen", "after"], lacks=["ffff", "0105"]),
    Case("rtf: bytes of a picture that look like groups", "a.rtf", b"{\\rtf1\\ansi before {\\pict\\wmetafile8\\bin6 }}}{{\\} after\\par}", has=["before", "after"]),
    Case("rtf: a text for old readers and one in Unicode", "a.rtf", rb"{\rtf1\ansi {\upr{Strasse old}{\*\ud{Stra\u223 ?e new}}}\par}", has=["Straße new"], lacks=["old"]),
    Case("rtf: a symbol as a field", "a.rtf", rb'{\rtf1\ansi a {\field{\*\fldinst SYMBOL 177 \\f "Symbol" \\s 10}{\fldrslt\f3\fs20}} b\par}', has=["a ± b"]),
    Case("rtf: a check box of a form", "a.rtf", rb"{\rtf1\ansi {\field{\*\fldinst FORMCHECKBOX {\*\formfield{\fftype1\ffres1}}}{\fldrslt}} paid\par}", has=["paid"]),
]  # fmt: skip

_MAILS = [
    Case("zammad 6144: Japanese without a charset", "a.eml", mail("Content-Type: text/plain;\r\nContent-Transfer-Encoding: 7bit", "これはテストメールです。お問い合わせありがとうございます。".encode("iso-2022-jp")), has=["これはテストメールです。"]),
    Case("mail 1423: UTF-8 that is called Japanese", "a.eml", mail("Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: 7bit", "ほげ、テストです。"), has=["ほげ、テストです。"]),
    Case("mail-parser 74: Hebrew in logical order", "a.eml", mail('Content-Type: text/plain; charset="iso-8859-8-i"\r\nContent-Transfer-Encoding: 8bit', "שלום לכולם".encode("iso-8859-8")), has=["שלום לכולם"]),
    Case("mail-api 63: a name that stands for a charset", "a.eml", mail('Content-Type: text/plain; charset="_iso-2022-jp$ESC"', "日本語の本文です。".encode("iso-2022-jp")), has=["日本語の本文です。"]),
    Case("mail-parser 79: Japanese that only the page names", "a.eml", mail("Content-Type: text/html\r\nContent-Transfer-Encoding: 7bit", "<html><head><meta http-equiv='Content-Type' content='text/html; charset=iso-2022-jp'></head><body><div>メッセージ</div></body></html>".encode("iso-2022-jp")), has=["メッセージ"]),
    Case("mailman: a footer behind base64", "a.eml", mail("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64", f"{_LISTING}\r\n_______________________________________________\r\nlist mailing list\r\n"), has=["The words of the letter, größer."]),
    Case("javamail: many parts without a boundary", "a.eml", mail("Content-Type: multipart/mixed", "The words of the letter.\r\n"), has=["The words of the letter."]),
    Case("nodemailer: words that flow, with deleted blanks", "a.eml", mail("Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes", "A word that is bro \r\nken apart.\r\n"), has=["broken apart."]),
    Case("MimeKit: a quoted soft break with a blank behind it", "a.eml", mail("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", "The sum is 12=\r\n00 and caf=C3=A9s= \r\n too.\r\n"), has=["The sum is 1200 and cafés"]),
    Case("MimeKit: an encoding that is not there", "a.eml", mail("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: utf-8", "Größe 7\r\n"), has=["Größe 7"]),
    Case("extract-msg 111: bytes that the code page lacks", "a.msg", samples.ole({"__substg1.0_0037001F": "Pump".encode("utf-16-le"), "__substg1.0_1000001E": b"Words \xc9\xff of the letter", "__properties_version1.0": b"\0" * 32}), has=["Words", "of the letter"]),
    Case("extract-msg 344: a message that names no code page", "a.msg", samples.ole({"__substg1.0_0037001E": "Größe".encode("cp1252"), "__substg1.0_1000001E": "Die Größe der Pumpe für Köln".encode("cp1252"), "__properties_version1.0": b"\0" * 32}), has=["Die Größe der Pumpe für Köln"]),
    Case("outlook: a text of which only the page has the rest", "a.msg", samples.ole(msg(subject="Pump", body="Short", html="<html><body><p>Short</p><table><tr><td>a</td><td>b</td></tr></table></body></html>")), has=["Short"], rows=[["a", "b"]]),
]  # fmt: skip

_BOOKS = [
    Case("anydoc 54: a spine that names what is not there", "a.epub", _book(_item("a", "a.xhtml"), '<itemref/><itemref idref="gone"/><itemref idref="a"/>', {"OEBPS/a.xhtml": _chapter("<p>The chapter.</p>")}), has=["The chapter."]),
    Case("FicSave 26: more behind the end of a chapter", "a.epub", _book(_item("a", "a.xhtml"), '<itemref idref="a"/>', {"OEBPS/a.xhtml": _chapter("<p>One.</p>") + "<p>Behind the end.</p>"}), has=["One.", "Behind the end."]),
    Case("ebooklib: a title that closes itself", "a.epub", _book(_item("a", "a.xhtml"), '<itemref idref="a"/>', {"OEBPS/a.xhtml": _chapter("<p>Not in the title.</p>", "<title/><script src='a.js'/>")}), has=["Not in the title."]),
    Case("epubx 26: a page outside of the table of contents", "a.epub", _book(_item("a", "a.xhtml") + _item("b", "b.xhtml"), '<itemref idref="a"/><itemref idref="b" linear="no"/>', {"OEBPS/a.xhtml": _chapter("<p>Main.</p>"), "OEBPS/b.xhtml": _chapter("<p>Beside the way.</p>")}), has=["Main.", "Beside the way."]),
    Case("calibre: a book without its container", "a.epub", _book(_item("a", "a.xhtml"), '<itemref idref="a"/>', {"OEBPS/a.xhtml": _chapter("<p>Found anyway.</p>")}, container=False), has=["Found anyway."]),
    Case("calibre: a chapter in Latin-1", "a.epub", _book(_item("a", "a.xhtml"), '<itemref idref="a"/>', {"OEBPS/a.xhtml": "<?xml version='1.0' encoding='iso-8859-1'?><html><body><p>Größe über alles</p></body></html>".encode("latin-1")}), has=["Größe über alles"]),
    Case("epub: a book at the root, with paths from above", "a.epub", _book(_item("a", "./text/../text/a.xhtml"), '<itemref idref="a"/>', {"text/a.xhtml": _chapter("<p>At the root.</p>")}, opf="c.opf"), has=["At the root."]),
    Case("nbconvert: a raw cell and an empty one", "a.ipynb", notebook([{"cell_type": "raw", "source": ["Raw words"], "metadata": {}}, code(""), {"cell_type": "markdown", "source": "# Title"}]), has=["Raw words", "# Title"]),
    Case("nbconvert: what is printed to the other stream", "a.ipynb", notebook([code("f()", {"output_type": "stream", "name": "stderr", "text": ["Warning: low water\n"]}, {"output_type": "stream", "name": "stdout", "text": "42\n"})]), has=["Warning: low water", "42"]),
    Case("glance 80: TeX of a result", "a.ipynb", notebook([code("x", _result(text_latex=["$\\displaystyle x^{2}$"], text_plain="x**2"))]), has=["x^{2}"]),
    Case("iocaml 59: a page and a stream", "a.ipynb", notebook([code("g", {"output_type": "stream", "name": "stdout", "text": ["version 4.02\n"]}, _result(text_html=["<pre style='max-height:100px;overflow:hidden'>- : int = 0\n</pre>"]))]), has=["version 4.02", "- : int = 0"]),
    Case("xeus 132: a stream in pieces", "a.ipynb", notebook([code("w", *({"output_type": "stream", "name": "stdout", "text": text} for text in ("Attr", "  Name", "\n   a", "\n")))]), has=["Attr Name"]),
    Case("nbformat: a notebook without metadata of cells", "a.ipynb", json.dumps({"nbformat": 4, "cells": [{"cell_type": "markdown", "source": ["a\n", "b"]}, {"cell_type": "code", "source": ["x = 1"], "outputs": []}]}).encode(), has=["x = 1"]),
    Case("nbconvert: pictures attached to a cell", "a.ipynb", notebook([{"cell_type": "markdown", "source": "![map](attachment:map.png) below", "metadata": {}, "attachments": {"map.png": {"image/png": "iVBORw0KGgo="}}}]), has=["below"], lacks=["iVBOR"]),
]  # fmt: skip

CASES = [*_WEB, *_WORD, *_SHEETS, *_SLIDES_AND_TEXTS, *_MAILS, *_BOOKS]
