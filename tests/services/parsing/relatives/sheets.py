# ruff: noqa: E501 (markup reads best on one line)
"""Spreadsheets: numbers as their cells show them, and what stands beside the cells."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import datetime, time

import xlwt  # type: ignore[import-untyped]

from tests.services.parsing import samples
from tests.services.parsing.relatives.case import Case

_SHOWN = (  # value, format, as shown
    ("0.5", "# ?/?", "1/2"),
    ("2.25", "# ?/?", "2 1/4"),
    ("-1234.5", '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "$(1,234.50)"),
    ("0", '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "$-"),
    ("1234.5", '#,##0.00\\ "€"', "1,234.50 €"),
    ("12345.678", "0.00E+00", "1.23E+04"),
    ("0.0625", "[mm]:ss", "90:00"),
    ("1.5", "[h]:mm", "36:00"),
    ("123456789", "000\\-00\\-0000", "123-45-6789"),
    ("5551234567", "\\(###\\)\\ ###\\-####", "(555) 123-4567"),
    ("2500000", '[>=1000000]0.0,,"M";[>=1000]0.0,"K";0', "2.5M"),
    ("2500", '[>=1000000]0.0,,"M";[>=1000]0.0,"K";0', "2.5K"),
    ("12", '[>=1000000]0.0,,"M";[>=1000]0.0,"K";0', "12"),
    ("1234567", "#,##0,", "1,235"),
    ("-3.5", "[Red]-0.0;[Blue]0.0", "3.5"),
    ("0.375", "h:mm AM/PM", "09:00:00"),
    ("7", '0" pcs"', "7 pcs"),
    ("0.1234", "0.0%", "12.3%"),
    ("42", "General", "42"),
    ("1E-7", "General", "1E-07"),
    ("5", ";;;", ""),
    ("3", '"+"0;"-"0;"even"', "+3"),
    ("0", '"+"0;"-"0;"even"', "even"),
    ("1234.5", "[$£-809]#,##0.00", "£1,234.50"),
    ("1234.5", "[$CHF]\\ #,##0.00", "CHF 1,234.50"),
    ("45000", "[$-407]dd\\.mm\\.yyyy", "2023-03-15"),
    ("8", "00", "08"),
    ("1234567.891", "#,##0.0##", "1,234,567.891"),
)


def _formats() -> bytes:
    from xml.sax.saxutils import quoteattr

    formats = "".join(
        f"<numFmt numFmtId='{200 + i}' formatCode={quoteattr(code)}/>"
        for i, (_, code, _) in enumerate(_SHOWN)
    )
    xfs = "".join(f"<xf numFmtId='{200 + i}'/>" for i in range(len(_SHOWN)))
    cells = "".join(
        f"<row r='{i + 1}'><c r='A{i + 1}' t='inlineStr'><is><t>case {i} is</t></is></c><c r='B{i + 1}' s='{i}'><v>{value}</v></c>"
        f"<c r='C{i + 1}' t='inlineStr'><is><t>end {i}</t></is></c></row>"
        for i, (value, _, _) in enumerate(_SHOWN)
    )
    return samples.xlsx(
        {"S": f"<sheetData>{cells}</sheetData>"},
        styles=f"<numFmts>{formats}</numFmts><cellXfs>{xfs}</cellXfs>",
    )


def _old() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Alt")
    for i, (value, code) in enumerate(
        (
            (0.65, "0%"),
            (1234.5, '"$"#,##0.00'),
            (1.5, "[h]:mm"),
            (42, "00000"),
            (0.0625, "[mm]:ss"),
            (1234567.0, "#,##0"),
            (0.5, "# ?/?"),
        )
    ):
        sheet.write(i, 0, f"row {i}")
        sheet.write(i, 1, value, xlwt.easyxf(num_format_str=code))
    sheet.write(7, 0, "row 7")
    sheet.write(7, 1, datetime(2023, 3, 15), xlwt.easyxf(num_format_str="DD.MM.YYYY"))
    sheet.write(8, 0, "row 8")
    sheet.write(8, 1, time(14, 30), xlwt.easyxf(num_format_str="hh:mm"))
    sheet.write(9, 0, "row 9")
    sheet.write(9, 1, xlwt.Formula("1=1"))
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _sheet(cells: str, more: str = "") -> bytes:
    return samples.xlsx({"S": f"<sheetData>{cells}</sheetData>{more}"})


def _of_1904() -> bytes:
    data = samples.xlsx({"S": '<sheetData><row r="1"><c r="A1" s="1"><v>42076</v></c><c r="B1"><v>7</v></c></row></sheetData>'},
                        styles="<cellXfs><xf numFmtId='0'/><xf numFmtId='14'/></cellXfs>")  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    book = parts["xl/workbook.xml"]
    assert isinstance(book, bytes)
    parts["xl/workbook.xml"] = book.replace(b"<sheets>", b"<workbookPr date1904='1'/><sheets>")
    return samples.zipped(parts)


def _binary() -> bytes:
    """A binary workbook ([MS-XLSB]): records of a type and a size, both in groups of seven bits."""

    def rec(kind: int, content: bytes = b"") -> bytes:
        head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return head + bytes([len(content)]) + content

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    def cell(column: int, value: str | float) -> bytes:
        place = struct.pack("<II", column, 0)
        return (
            rec(6, place + wide(value))
            if isinstance(value, str)
            else rec(5, place + struct.pack("<d", value))
        )

    lines: tuple[tuple[str | float, ...], ...] = (("Gate", "Turns"), ("North", 17.0))
    data = b"".join(
        rec(0, struct.pack("<I", at) + b"\0" * 13) + b"".join(cell(c, v) for c, v in enumerate(line))
        for at, line in enumerate(lines)
    )
    sheet = rec(129) + rec(148, struct.pack("<4I", 0, 1, 0, 1)) + rec(145) + data + rec(146) + rec(130)
    book = (
        rec(131)
        + rec(143)
        + rec(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Locks"))
        + rec(144)
        + rec(132)
    )
    parts: dict[str, str | bytes] = {
        "xl/workbook.bin": book, "xl/worksheets/sheet1.bin": sheet,
        "xl/_rels/workbook.bin.rels": samples.relationships({"rId1": ("worksheet", "worksheets/sheet1.bin")}),
    }  # fmt: skip
    return samples.package("xl/workbook.bin", parts)


def _bare() -> bytes:
    """A worksheet of Excel 3, without a container."""

    def rec(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    label = struct.pack("<HHH", 0, 0, 0) + struct.pack("<H", 4) + b"Gate"
    number = struct.pack("<HHHd", 0, 1, 0, 17.0)
    return (
        rec(0x0209, struct.pack("<HHH", 3, 0x10, 0))
        + rec(0x0204, label)
        + rec(0x0203, number)
        + rec(0x000A, b"")
    )


def _threaded() -> bytes:
    with zipfile.ZipFile(io.BytesIO(_sheet('<row r="1"><c r="A1"><v>9</v></c></row>'))) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    book = parts["xl/_rels/workbook.xml.rels"]
    assert isinstance(book, bytes)
    parts["xl/_rels/workbook.xml.rels"] = book.replace(
        b"</Relationships>",
        b'<Relationship Id="p" Type="http://schemas.microsoft.com/office/2017/10/relationships/person" Target="person.xml"/></Relationships>',
    )
    parts["xl/_rels/s1.xml.rels"] = samples.relationships(
        {"t": ("threadedComment", "t.xml"), "c": ("comments", "c.xml")}
    )
    parts["xl/person.xml"] = '<personList><person displayName="Ann" id="{1}"/></personList>'
    parts["xl/t.xml"] = (
        '<ThreadedComments><threadedComment ref="A1" personId="{1}"><text>Why so high?</text></threadedComment>'
        '<threadedComment ref="A1" personId="{1}"><text>Rain.</text></threadedComment></ThreadedComments>'
    )
    parts["xl/c.xml"] = (
        '<comments><commentList><comment ref="A1"><text><t>[Threaded comment] Your version … Comment: Why so high?</t></text></comment></commentList></comments>'
    )
    return samples.zipped(parts)


def _ods(rows: str) -> bytes:
    return samples.opendocument("spreadsheet", f'<table:table table:name="Sheet">{rows}</table:table>')


def _cell(kind: str, value: str, shown: str, more: str = "") -> str:
    name = {"date": "date-value", "time": "time-value", "boolean": "boolean-value"}.get(kind, "value")
    return f'<table:table-cell office:value-type="{kind}" office:{name}="{value}"{more}><text:p>{shown}</text:p></table:table-cell>'


CASES = [
    *(
        Case(f"{value} as {code}", "formats.xlsx", _formats(), rows=[[f"case {i} is", shown, f"end {i}"]])
        for i, (value, code, shown) in enumerate(_SHOWN)
    ),
    Case("numbers of an old workbook", "alt.xls", _old(),
         rows=[["row 0", "65%"], ["row 1", "$1,234.50"], ["row 2", "36:00"], ["row 3", "00042"], ["row 4", "90:00"], ["row 5", "1,234,567"],
               ["row 6", "1/2"], ["row 7", "2023-03-15"], ["row 8", "14:30"]]),
    Case("an error and a truth", "e.xlsx", _sheet('<row r="1"><c r="A1" t="e"><v>#N/A</v></c><c r="B1" t="b"><v>1</v></c><c r="C1" t="b"><v>0</v></c></row>'),
         rows=[["#N/A", "TRUE", "FALSE"]]),
    Case("a date in ISO form", "d.xlsx", _sheet('<row r="1"><c r="A1" t="d"><v>2024-05-06T00:00:00</v></c><c r="B1" t="str"><v>made</v></c></row>'),
         rows=[["2024-05-06", "made"]]),
    Case("phonetic guides are no text", "ruby.xlsx",
         _sheet('<row r="1"><c r="A1" t="inlineStr"><is><r><t>東京</t></r><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></is></c><c r="B1"><v>1</v></c></row>'),
         rows=[["東京", "1"]], lacks=["トウキョウ"]),
    Case("a link by formula", "f.xlsx",
         _sheet('<row r="1"><c r="A1" t="str"><f>HYPERLINK("https://e.org/w","Weir")</f><v>Weir</v></c><c r="B1"><v>1</v></c></row>'),
         has=["[Weir](https://e.org/w)"]),
    Case("a very hidden sheet is told", "v.xlsx", samples.xlsx({"A": samples.rows(["x", 1.0]), "B": samples.rows(["secret", 2.0])}, states={"B": "veryHidden"}),
         has=["x"], lacks=["secret"], told="B"),
    Case("sep= with a semicolon", "s.csv", b"sep=;\r\nName;Level\r\nNorth;4,2\r\n", rows=[["Name", "Level"], ["North", "4,2"]], lacks=["sep="]),
    Case("sep= with a tabulator", "s.csv", b"sep=\t\r\nName\tLevel\r\nNorth\t4,2\r\n", rows=[["Name", "Level"], ["North", "4,2"]], lacks=["sep="]),
    Case("sep= in quotes", "s.csv", b'"sep=;"\r\nName;Level\r\nNorth;4,2\r\n', rows=[["Name", "Level"]], lacks=["sep="]),
    Case("line ends in quotes", "q.csv", b'a,b\n"one\ntwo","say ""hi"""\n', rows=[["one<br>two", 'say "hi"']]),
    Case("percent, money and duration of ODS", "o.ods",
         _ods(f"<table:table-row>{_cell('percentage', '0.65', '65 %')}{_cell('currency', '1234.5', '1.234,50 €')}{_cell('time', 'PT26H05M00S', '26:05')}</table:table-row>"),
         rows=[["65 %", "1.234,50 €", "26:05"]]),
    Case("a comment of ODS", "c.ods",
         _ods('<table:table-row><table:table-cell office:value-type="string"><office:annotation><dc:creator>Ann</dc:creator><dc:date>2024-01-01T00:00:00</dc:date>'
              '<text:p>Ask the keeper.</text:p></office:annotation><text:p>North</text:p></table:table-cell><table:table-cell office:value-type="float" office:value="4"><text:p>4</text:p>'
              '</table:table-cell></table:table-row>'),
         rows=[["North", "4"]], has=["Ask the keeper."]),
    Case("hidden rows of ODS are told", "h.ods",
         _ods('<table:table-row><table:table-cell><text:p>seen</text:p></table:table-cell></table:table-row>'
              '<table:table-row table:visibility="collapse"><table:table-cell><text:p>unseen</text:p></table:table-cell></table:table-row>'),
         has=["seen"], lacks=["unseen"], told="hidden"),
    Case("the 1904 dates of a Macintosh", "mac.xlsx",
         _of_1904(), rows=[["2019-03-14", "7"]]),
    Case("a thread of comments", "t.xlsx", _threaded(), order=["Comment on A1 by Ann: Why so high?", "Comment on A1 by Ann: Rain."]),
    Case("heads and feet of a sheet", "h.xlsx",
         _sheet('<row r="1"><c r="A1"><v>1</v></c></row>', '<headerFooter><oddHeader>&amp;L&amp;"Arial,Bold"&amp;12Report no. 4471&amp;R&amp;D</oddHeader><oddFooter>&amp;CPage &amp;P of &amp;N</oddFooter></headerFooter>'),
         has=["Report no. 4471"], lacks=["Page", "Arial"]),
    Case("a row without height", "z.xlsx", _sheet('<row r="1" ht="0" customHeight="1"><c r="A1" t="inlineStr"><is><t>unseen</t></is></c></row><row r="2"><c r="A2"><v>5</v></c></row>'),
         has=["5"], lacks=["unseen"], told="1 row of sheet S"),
    Case("a note that is never closed", "q.csv", b'Item,Note\nPipe 5" wide,ok\nValve,"open\nHose,long\nSeal,old\n', rows=[["Hose", "long"], ["Seal", "old"]], told="never closed"),
    Case("single quotes", "q.csv", b"Name;Text\n'North;1';'a'\n'South';'b'\n", rows=[["Name", "Text"], ["North;1", "a"]]),
    Case("quotes behind backslashes", "q.csv", b'a,b\n"he said \\"hi\\", then",2\n', rows=[['he said "hi", then', "2"]]),
    Case("notes before the table", "n.csv", b"# made by the gauge\nall figures in metres\nName,Level\nNorth,4.2\nSouth,3.1\n", order=["made by the gauge", "all figures in metres"], rows=[["Name", "Level"], ["North", "4.2"]]),
    Case("carets", "c.csv", b"a^b^c\n1^2^3\n4^5^6\n", rows=[["1", "2", "3"]]),
    Case("control characters as delimiters", "c.csv", b"a\x01b\n1\x012\n", rows=[["1", "2"]]),
    Case("two bars", "b.csv", b"a||b||c\n1||2||3\n", rows=[["a", "b", "c"], ["1", "2", "3"]]),
    Case("zeros that are kept by a formula", "f.csv", b'id,b\n="00123",x\n', rows=[["00123", "x"]]),
    Case("lines that end with a return alone", "r.csv", b"a,b\r1,2\r3,4\r", rows=[["1", "2"], ["3", "4"]]),
    Case("a binary workbook", "b.xlsb", _binary(), has=["## Locks"], rows=[["Gate", "Turns"], ["North", "17"]], told="binary workbook"),
    Case("a worksheet of Excel 3", "old.xls", _bare(), rows=[["Gate", "17"]]),
    Case("links, comments and what is hidden in the XML of 2003", "x.xml",
         b"<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet' xmlns:ss='urn:schemas-microsoft-com:office:spreadsheet'><Worksheet ss:Name='S'><Table>"
         b"<Row><Cell ss:HRef='https://e.org/w'><Data ss:Type='String'>Weir</Data><Comment ss:Author='Ann'><Data>Why so high?</Data></Comment></Cell><Cell><Data ss:Type='Number'>4</Data></Cell></Row>"
         b"<Row ss:Hidden='1'><Cell><Data ss:Type='String'>unseen</Data></Cell></Row></Table></Worksheet></Workbook>",
         rows=[["[Weir](https://e.org/w)", "4"]], has=["Comment on A1 by Ann: Why so high?"], lacks=["unseen"], told="1 row of sheet S"),
]  # fmt: skip
