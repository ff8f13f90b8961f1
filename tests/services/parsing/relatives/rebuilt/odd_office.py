# ruff: noqa: E501 (markup reads best on one line)
"""Office files as other programs than Microsoft's write them."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import Any

from tests.services.parsing import samples
from tests.services.parsing.formats.test_slides import deck, shape
from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.grids import changed
from tests.services.parsing.relatives.rebuilt.letters import cell, field, numbering, para, style, styles
from tests.services.parsing.relatives.reported import row, run
from tests.services.parsing.samples import OFFICE, W, docx, paragraph, relationships, rows, zipped

_P = paragraph
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WPS = "xmlns:wps='http://schemas.microsoft.com/office/word/2010/wordprocessingShape'"
_W14 = "xmlns:w14='http://schemas.microsoft.com/office/word/2010/wordml'"


def _box(inner: str) -> str:
    return f"<w:r><w:drawing><wp:anchor><a:graphic><a:graphicData uri='x'><wps:wsp {_WPS}><wps:txbx><w:txbxContent>{inner}</w:txbxContent></wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing></w:r>"


def _word(
    name: str, body: str, parts: dict[str, str | bytes] | None = None, links: Any = None, **right: Any
) -> Case:
    return Case(name, "a.docx", docx(body, parts, links), **right)


def _item(text: str, number: int, depth: int = 0) -> str:
    return samples.listed(text, number, depth)


def _level(kind: str, label: str, at: int = 0, more: str = "") -> str:
    return f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>{more}<w:lvlText w:val="{label}"/></w:lvl>'


def _numbers(*inner: str) -> dict[str, str | bytes]:
    return {"word/numbering.xml": f"<w:numbering {W}>{''.join(inner)}</w:numbering>"}


def _abstract(number: int, inner: str) -> str:
    return f'<w:abstractNum w:abstractNumId="{number}">{inner}</w:abstractNum>'


def _num(number: int, abstract: int, more: str = "") -> str:
    return f'<w:num w:numId="{number}"><w:abstractNumId w:val="{abstract}"/>{more}</w:num>'


def _book(
    sheet: str,
    strings: str = "",
    styles: str = "",
    prefix: str = "",
    more: dict[str, str | bytes] | None = None,
) -> bytes:
    space = f"xmlns{':' + prefix if prefix else ''}='{_SHEET}'"
    p = f"{prefix}:" if prefix else ""
    links = (
        {"r1": ("worksheet", "worksheets/sheet.xml")}
        | ({"s": ("sharedStrings", "sharedStrings.xml")} if strings else {})
        | ({"y": ("styles", "styles.xml")} if styles else {})
    )
    parts: dict[str, str | bytes] = {
        "xl/workbook.xml": f"<{p}workbook {space} xmlns:r='{OFFICE}'><{p}sheets><{p}sheet name='S' sheetId='1' r:id='r1'/></{p}sheets></{p}workbook>",
        "xl/_rels/workbook.xml.rels": relationships(links),
        "xl/worksheets/sheet.xml": f"<{p}worksheet {space}>{sheet}</{p}worksheet>",
    }
    if strings:
        parts["xl/sharedStrings.xml"] = f"<{p}sst {space}>{strings}</{p}sst>"
    if styles:
        parts["xl/styles.xml"] = f"<{p}styleSheet {space}>{styles}</{p}styleSheet>"
    return samples.package("xl/workbook.xml", parts | (more or {}))


def _row(*cells: str, at: int = 1) -> str:
    return f"<row r='{at}'>{''.join(cells)}</row>"


def _formatted(value: str, code: str, kind: str = "") -> bytes:
    from xml.sax.saxutils import quoteattr

    return _looking(
        value, f"<numFmts><numFmt numFmtId='200' formatCode={quoteattr(code)}/></numFmts>", 200, kind
    )


def _looking(value: str, formats: str, number: int, kind: str = "") -> bytes:
    cells = _STR.format("A1", "it is") + f"<c r='B1' s='1'{kind}><v>{value}</v></c>"
    styles = f"{formats}<cellXfs><xf numFmtId='0'/><xf numFmtId='{number}'/></cellXfs>"
    return _book(f"<sheetData>{_row(cells)}</sheetData>", styles=styles)


def _order() -> bytes:
    parts: dict[str, str | bytes] = {
        "xl/workbook.xml": f"<workbook xmlns='{_SHEET}' xmlns:r='{OFFICE}'><sheets><sheet name='Zebra' sheetId='7' r:id='r2'/><sheet name='Ape &amp; Co' sheetId='3' r:id='r1'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relationships(
            {"r1": ("worksheet", "worksheets/sheet1.xml"), "r2": ("worksheet", "worksheets/sheet2.xml")}
        ),
        "xl/worksheets/sheet1.xml": f"<worksheet xmlns='{_SHEET}'>{rows(('ape', 1))}</worksheet>",
        "xl/worksheets/sheet2.xml": f"<worksheet xmlns='{_SHEET}'>{rows(('zebra', 2))}</worksheet>",
    }
    return samples.package("xl/workbook.xml", parts)


def _mhtml(page: str) -> bytes:
    body = base64.encodebytes(page.encode()).decode()
    return f'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"; type="text/html"\r\n\r\n--b\r\nContent-Location: file:///C:/a.htm\r\nContent-Transfer-Encoding: base64\r\nContent-Type: text/html; charset="utf-8"\r\n\r\n{body}\r\n--b--\r\n'.encode()


def _stored(data: bytes) -> bytes:
    """As some servers pack: nothing compressed, folders as entries of their own."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(held, "w") as new:
        new.writestr("word/", b"")
        for name in reversed(old.namelist()):
            new.writestr(name, old.read(name))
    return held.getvalue()


def _odt(body: str, styles: str = "") -> bytes:
    return samples.opendocument("text", body, styles)


def _ods(body: str) -> bytes:
    return samples.opendocument("spreadsheet", body)


def _locked_odt() -> bytes:
    manifest = f'<manifest:manifest xmlns:manifest="{samples.ODF}manifest:1.0"><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml" manifest:size="100"><manifest:encryption-data manifest:checksum="x"/></manifest:file-entry></manifest:manifest>'
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": bytes(range(200)),
            "META-INF/manifest.xml": manifest,
        }
    )


_PIC = "<p:pic><p:nvPicPr><p:cNvPr id='4' name='p' descr='Photo of the staff gauge'/><p:nvPr/></p:nvPicPr><p:blipFill/><p:spPr/></p:pic>"
_STR = "<c r='{}' t='str'><v>{}</v></c>"

CASES = [
    _word("docx4j: words of a glossary", _P("The letter."), {"word/glossary/document.xml": f"<w:glossaryDocument {W}><w:docParts><w:docPart><w:docPartBody>{_P('Click here to type.')}</w:docPartBody></w:docPart></w:docParts></w:glossaryDocument>"}, {"g": ("glossaryDocument", "glossary/document.xml")}, has=["The letter."], lacks=["Click here"]),
    _word("docling: a box within a box", para(run("Before") + _box(_P("Outer box") + para(_box(_P("Inner box"))))), has=["Before", "Outer box", "Inner box"]),
    _word("docling: a head of years alone", f"<w:tbl>{row('', '2022', '2023')}{row('Levels', '4.2', '4.4')}</w:tbl>", rows=[["Levels", "4.2", "4.4"]], has=["2022"]),
    _word("pandoc 3490: numbers by a style of lists", _item("one", 1) + _item("two", 1), _numbers(_abstract(1, '<w:numStyleLink w:val="Legal"/>'), _abstract(2, '<w:styleLink w:val="Legal"/>' + _level("upperLetter", "%1)")), _num(1, 1), _num(2, 2)) | styles('<w:style w:type="numbering" w:styleId="Legal"><w:name w:val="Legal"/><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>'), order=["A)", "one", "B)", "two"]),
    _word("mammoth: numbers that begin again", _item("one", 1) + _item("two", 1) + _P("Then") + _item("again", 2), _numbers(_abstract(1, _level("decimal", "%1.")), _num(1, 1), _num(2, 1, '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>')), order=["1. one", "2. two", "Then", "1. again"]),
    _word("docx4j: numbers that do not begin again below", _item("one", 1) + _item("a", 1, 1) + _item("two", 1) + _item("b", 1, 1), _numbers(_abstract(1, _level("decimal", "%1.") + _level("decimal", "Art. %2", 1, '<w:lvlRestart w:val="0"/>')), _num(1, 1)), order=["1.", "one", "Art. 1", "two", "Art. 2"]),
    _word("onlyoffice: rows from right to left", f"<w:tbl><w:tblPr><w:bidiVisual/></w:tblPr>{row('שער', 'סיבובים')}{row('צפון', '17')}</w:tbl>", rows=[["צפון", "17"]]),
    _word("onlyoffice: a box to check and a list to choose from", para(f"<w:sdt><w:sdtPr><w14:checkbox {_W14}><w14:checked w14:val='1'/></w14:checkbox></w:sdtPr><w:sdtContent><w:r><w:t>☒</w:t></w:r></w:sdtContent></w:sdt>" + run(" Paid ") + "<w:sdt><w:sdtPr><w:dropDownList><w:listItem w:displayText='North' w:value='n'/></w:dropDownList></w:sdtPr><w:sdtContent><w:r><w:t>North</w:t></w:r></w:sdtContent></w:sdt>"), has=["☒ Paid North"]),
    _word("docx: a field whose instruction is cut in runs", para('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> DOCPROP</w:instrText></w:r><w:r><w:instrText>ERTY Client \\* MERGEFORMAT </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>' + run("Miller and Sons") + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'), exact="Miller and Sons"),
    _word("docx: a question within a field that has no result", para(run("Dear ") + '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> IF </w:instrText></w:r>' + field("MERGEFIELD Sex", run("m")) + '<w:r><w:instrText> = "m" "Sir" "Madam" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>' + run("Sir") + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'), exact="Dear Sir"),
    _word("docx: words that were inserted, then deleted", para(run("kept ") + "<w:ins w:id='1'><w:del w:id='2'><w:r><w:delText>gone</w:delText></w:r></w:del></w:ins>" + run("here")), exact="kept here"),
    _word("docx: what a paragraph was before a change", para(run("No item now"), "<w:pPrChange w:id='1'><w:pPr><w:pStyle w:val='H1'/><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr></w:pPr></w:pPrChange>"), exact="No item now"),
    _word("docx: what a run was before a change", para("<w:r><w:rPr><w:rPrChange w:id='1'><w:rPr><w:vanish/><w:b/></w:rPr></w:rPrChange></w:rPr><w:t>Plain now</w:t></w:r>"), exact="Plain now"),
    _word("docling 3842: a table in a head", _P("The body.") + "<w:sectPr><w:headerReference w:type='default' r:id='h'/></w:sectPr>", {"word/header1.xml": f"<w:hdr {W}><w:tbl>{row('Document no.', 'QM-4471')}</w:tbl></w:hdr>"}, {"h": ("header", "header1.xml")}, has=["The body.", "QM-4471"]),
    Case("npoi: a letter without styles, numbers and types", "a.docx", zipped({"word/document.xml": f"<w:document {W}><w:body>{_P('Bare words')}{_item('an item', 5)}</w:body></w:document>"}), has=["Bare words", "an item"]),
    Case("aspose: entries that are stored, in turn, with folders", "a.docx", _stored(docx(_P("Stored words"))), has=["Stored words"]),
    Case("word: a letter saved as a web archive", "a.doc", _mhtml("<html><body><h1>Weirs</h1><p>Größe</p></body></html>"), has=["# Weirs", "Größe"]),
    Case("sap: a workbook saved as a web archive", "a.xls", _mhtml("<html><body><table><tr><td>Gate</td><td>Turns</td></tr><tr><td>Nörd</td><td>17</td></tr></table></body></html>"), rows=[["Nörd", "17"]]),
    Case("sap: columns in UTF-16 that are named as a workbook", "a.xls", b"\xff\xfe" + "Gate\tTurns\r\nNörd\t17\r\nSouth\t9\r\n".encode("utf-16-le"), rows=[["Nörd", "17"]]),
    Case("ArrayToExcel 6: every name with a prefix", "a.xlsx", _book("<x:sheetData><x:row><x:c t='s'><x:v>0</x:v></x:c><x:c t='inlineStr'><x:is><x:t>turns</x:t></x:is></x:c></x:row><x:row><x:c t='str'><x:v>North</x:v></x:c><x:c><x:v>17</x:v></x:c></x:row></x:sheetData>", "<x:si><x:t>Gate</x:t></x:si>", prefix="x"), rows=[["Gate", "turns"], ["North", "17"]]),
    Case("read-excel-file 92: a string without its number", "a.xlsx", _book("<sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'/><c r='C1' t='s'><v>9</v></c><c r='D1'><v>4</v></c></row></sheetData>", "<si><t>Gate</t></si>"), has=["Gate", "4"]),
    Case("openpyxl: a shared formula with results of all kinds", "a.xlsx", _book("<sheetData><row r='1'><c r='A1' t='str'><f t='shared' ref='A1:C1' si='0'>B9&amp;\"x\"</f><v>north</v></c><c r='B1'><f t='shared' si='0'/><v>17</v></c><c r='C1' t='b'><f t='shared' si='0'/><v>1</v></c></row></sheetData>"), rows=[["north", "17", "TRUE"]]),
    Case("poi: a guide to reading in a string of its cell", "a.xlsx", _book("<sheetData><row r='1'><c r='A1' t='inlineStr'><is><r><t>東</t></r><r><rPr><b/></rPr><t>京</t></r><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></is></c><c r='B1'><v>7</v></c></row></sheetData>"), has=["東京", "7"], lacks=["トウ"]),
    Case("closedxml: styles that are not there", "a.xlsx", _book("<sheetData><row r='1'><c r='A1' s='77' t='str'><v>Gate</v></c><c r='B1' s='78'><v>17.5</v></c></row></sheetData>"), rows=[["Gate", "17.5"]]),
    Case("exceljs: choices and rules of colours are no text", "a.xlsx", _book("<sheetData><row r='1'><c r='A1' t='str'><v>Gate</v></c><c r='B1'><v>1</v></c></row></sheetData><conditionalFormatting sqref='A1'><cfRule type='containsText' priority='1' text='ghost'><formula>\"ghost\"</formula></cfRule></conditionalFormatting><dataValidations><dataValidation type='list' sqref='A1' promptTitle='Choose'><formula1>\"ghost,spirit\"</formula1></dataValidation></dataValidations>"), has=["Gate"], lacks=["ghost"]),
    Case("sheetjs: sheets in the order of the book", "a.xlsx", _order(), order=["Zebra", "zebra", "Ape & Co", "ape"]),
    Case("phpspreadsheet: a mark before the strings, and a sheet in UTF-16", "a.xlsx", changed(_book("<sheetData/>", "<si><t>x</t></si>"), {"xl/sharedStrings.xml": b"\xef\xbb\xbf<sst xmlns='" + _SHEET.encode() + "'><si><t>Größe</t></si></sst>".encode(), "xl/worksheets/sheet.xml": ("<?xml version='1.0' encoding='UTF-16'?><worksheet xmlns='" + _SHEET + "'><sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1'><v>7</v></c></row></sheetData></worksheet>").encode("utf-16")}), rows=[["Größe", "7"]]),
    Case("google: text with a unit by its format", "a.xlsx", _formatted("dry", '0;-0;0;"very "@', " t='str'"), has=["very dry"]),
    Case("excel: a long date of the system", "a.xlsx", _formatted("45000", "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy"), has=["2023-03-15"]),
    Case("excel: a date of Japan by number", "a.xlsx", _looking("45000", "", 57), has=["2023-03-15"]),
    Case("excel: minutes and tenths by number", "a.xlsx", _looking("0.5", "", 46), has=["12:00:00"]),
    Case("google: notes of a slide with its number", "a.pptx", deck(shape("title", (0, "Pump")), notes="Mention the dry summer."), has=["# Pump", "Mention the dry summer."]),
    Case("google: words for a picture", "a.pptx", deck(shape("title", (0, "Pump")) + _PIC), has=["Photo of the staff gauge"]),
    Case("keynote: a title in the middle", "a.pptx", deck(shape("ctrTitle", (0, "On weirs")) + shape("subTitle", (0, "By A. Miller"))), has=["# On weirs", "By A. Miller"]),
    Case("odfpy: the head of a list", "a.odt", _odt("<text:list><text:list-header><text:p>To bring:</text:p></text:list-header><text:list-item><text:p>boots</text:p></text:list-item></text:list>"), order=["To bring:", "boots"]),
    Case("libreoffice: a box within a box", "a.odt", _odt("<text:p>Before<draw:frame><draw:text-box><text:p>Outer box<draw:frame><draw:text-box><text:p>Inner box</text:p></draw:text-box></draw:frame></text:p></draw:text-box></draw:frame></text:p>"), has=["Before", "Outer box", "Inner box"]),
    Case("odfpy: a table within a cell of sheets", "a.ods", _ods("<table:table table:name='S'><table:table-row><table:table-cell office:value-type='string'><text:p>Gate</text:p></table:table-cell><table:table-cell><table:table table:is-sub-table='true'><table:table-row><table:table-cell office:value-type='string'><text:p>inner</text:p></table:table-cell></table:table-row></table:table></table:table-cell></table:table-row></table:table>"), has=["Gate", "inner"]),
    Case("libreoffice: a text with a password", "a.odt", _locked_odt(), refused="password"),
    Case("textedit: a list of TextEdit", "a.rtf", rb"{\rtf1\ansi\ansicpg1252\cocoartf2639{\fonttbl\f0\fswiss\fcharset0 Helvetica;}{\*\listtable{\list\listtemplateid1\listhybrid{\listlevel\levelnfc23\levelnfcn23{\leveltext\leveltemplateid1\'01\uc0\u8226 ;}{\levelnumbers;}}{\listname ;}\listid1}}{\*\listoverridetable{\listoverride\listid1\listoverridecount0\ls1}}\pard\f0 To bring:\par\pard\ls1\ilvl0{\listtext\tab\uc0\u8226 \tab}boots\par{\listtext\tab\uc0\u8226 \tab}a lamp\par}", order=["To bring:", "- boots", "- a lamp"]),
    Case("wordpad: a list of WordPad", "a.rtf", rb"{\rtf1\ansi\deff0{\fonttbl{\f0 Calibri;}{\f1\fcharset2 Symbol;}}\pard To bring:\par\pard{\pntext\f1\'B7\tab}{\*\pn\pnlvlblt\pnf1\pnindent0{\pntxtb\'B7}}boots\par{\pntext\f1\'B7\tab}a lamp\par}", order=["To bring:", "boots", "a lamp"], lacks=["·boots"]),
    _word("google: a list whose bullet is a ring, and one below", _item("one", 1) + _item("below", 1, 1), numbering(("bullet", "●"), ("bullet", "○")), order=["- one", "- below"]),
    _word("crystal: frames of one line each", para(run("Total"), "<w:framePr w:w='1000' w:hSpace='10' w:x='500' w:y='900'/>") + para(run("1,234.50"), "<w:framePr w:w='1000' w:x='4000' w:y='900'/>"), order=["Total", "1,234.50"]),
    _word("jasper: each text in a table in a cell", f"<w:tbl><w:tr>{cell('<w:tbl>' + row('Boat', 'Marigold') + '</w:tbl>' + _P(''))}{cell('<w:tbl>' + row('Port', 'Westquay') + '</w:tbl>' + _P(''))}</w:tr></w:tbl>", order=["Boat", "Marigold", "Port", "Westquay"]),
    _word("docx: a style that is based on a heading", _P("Gates", "My"), styles(style("heading 2", "H2", '<w:pPr><w:outlineLvl w:val="1"/></w:pPr>'), style("Chapter of ours", "My", '<w:basedOn w:val="H2"/>')), has=["## Gates"]),
]  # fmt: skip
