# ruff: noqa: E501 (markup reads best on one line)
from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.parsing import parse
from services.parsing.formats import xlsx
from services.parsing.formats.delimited import dialect_of
from services.parsing.office.sheets import sheet_blocks
from tests.services.parsing import samples


def test_sheets_stand_under_their_names_in_order_and_hidden_ones_are_left_out() -> None:
    data = samples.xlsx(
        {
            "First": samples.rows(["a", "b"], [1.0, 2.5]),
            "Secret": samples.rows(["x"]),
            "Last": samples.rows(["c", "d"]),
        },
        {"Secret": "hidden"},
    )
    document = parse(data, "book.xlsx")

    assert (
        document.markdown
        == "## First\n\n| a | b |\n| --- | --- |\n| 1 | 2.5 |\n\n## Last\n\n| c | d |\n| --- | --- |\n"
    )
    assert [(p.number, p.name) for p in document.pages] == [(1, "First"), (2, "Last")]


def test_tables_apart_on_a_sheet_are_tables_apart() -> None:
    cells = {(0, 0): "title", (2, 0): "a", (2, 1): "b", (3, 0): "c", (3, 1): "d", (2, 4): "e", (3, 4): "f"}

    assert [b.text for b in sheet_blocks(cells)] == [
        "title",
        "| a | b |\n| --- | --- |\n| c | d |",
        "| e |\n| --- |\n| f |",
    ]


@given(st.integers(1, 12), st.integers(1, 12))
def test_a_filled_block_is_one_table_whatever_its_size(height: int, width: int) -> None:
    cells = {(r, c): f"{r}-{c}" for r in range(height) for c in range(width)}
    blocks = sheet_blocks(cells)

    assert len(blocks) == 1
    assert all(text in blocks[0].text for text in cells.values())


def test_merged_cells_span() -> None:
    merged = samples.rows(["head", None], ["a", "b"]) + '<mergeCells><mergeCell ref="A1:B1"/></mergeCells>'

    assert '<td colspan="2">head</td>' in parse(samples.xlsx({"S": merged}), "a.xlsx").markdown


def test_dates_and_shares_look_as_they_do_in_the_sheet() -> None:
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="10"/></cellXfs>'
    sheet = '<sheetData><row><c s="1"><v>45292</v></c><c s="2"><v>0.255</v></c></row></sheetData>'

    assert "| 2024-01-01 | 25.50% |" in parse(samples.xlsx({"S": sheet}, styles=styles), "a.xlsx").markdown


def test_identifiers_durations_and_money_look_as_they_do_in_the_sheet() -> None:
    codes = ("00000", "[h]:mm", "&quot;$&quot;#,##0.00", "0%")
    formats = "".join(f'<numFmt numFmtId="{170 + n}" formatCode="{code}"/>' for n, code in enumerate(codes))
    uses = "".join(f'<xf numFmtId="{170 + n}"/>' for n in range(len(codes)))
    values = (1234, 1.0868, 1234.5, 0.653)
    cells = "".join(f'<c s="{n}"><v>{value}</v></c>' for n, value in enumerate(values))
    sheet = f'<sheetData><row>{cells}<c s="4"><v>9007199254740993</v></c></row></sheetData>'

    data = samples.xlsx({"S": sheet}, styles=f"<numFmts>{formats}</numFmts><cellXfs>{uses}<xf/></cellXfs>")
    assert "| 01234 | 26:05 | $1,234.50 | 65% |" in parse(data, "a.xlsx").markdown
    assert "9007199254740993" in parse(data, "a.xlsx").markdown


def test_hidden_rows_and_columns_are_left_out_and_told() -> None:
    shown = samples.rows(["a", "secret", "b"], ["hide", "x", "me"], ["c", "y", "d"])
    sheet = '<cols><col min="2" max="2" hidden="1"/></cols>' + shown.replace(
        '<row r="2">', '<row r="2" hidden="1">'
    )

    document = parse(samples.xlsx({"S": sheet}), "a.xlsx")
    assert "| a | b |\n| --- | --- |\n| c | d |" in document.markdown
    assert not any(word in document.markdown for word in ("secret", "hide"))
    assert document.warnings == (
        "left out as hidden: 1 row of sheet S",
        "left out as hidden: 1 column of sheet S",
    )


@pytest.mark.parametrize(
    ("row", "after"),
    [
        ('<row r="2" hidden="1" outlineLevel="1">', ""),
        ('<row r="2" hidden="1">', '<autoFilter ref="A1:A3"><filterColumn colId="0"/></autoFilter>'),
    ],
)
def test_what_a_filter_or_a_collapsed_group_hides_is_kept(row: str, after: str) -> None:
    sheet = samples.rows(["a", "b"], ["kept", "x"], ["c", "d"]).replace('<row r="2">', row) + after

    document = parse(samples.xlsx({"S": sheet}), "a.xlsx")
    assert "| kept | x |" in document.markdown
    assert document.warnings == ()


def test_links_of_cells_are_kept() -> None:
    cell = '<c t="str"><f>HYPERLINK("https://e.org/b","B")</f><v>B</v></c>'
    sheet = f"<sheetData><row><c t='inlineStr'><is><t>A</t></is></c>{cell}</row></sheetData>"
    links = f'<hyperlinks xmlns:r="{samples.OFFICE}"><hyperlink ref="A1" r:id="l"/></hyperlinks>'
    parts = samples.xlsx({"S": sheet + links})
    data = io.BytesIO(parts)
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr(
            "xl/_rels/s1.xml.rels",
            samples.relationships({"l": ("hyperlink", "https://e.org/a")}).replace(
                "Target=", 'TargetMode="External" Target='
            ),
        )

    assert "| [A](https://e.org/a) | [B](https://e.org/b) |" in parse(data.getvalue(), "a.xlsx").markdown


def test_names_of_parts_may_have_backslashes_and_other_case() -> None:
    held = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(samples.xlsx({"S": samples.rows(["x", "y"])}))) as source,
        zipfile.ZipFile(held, "w") as target,
    ):
        for name in source.namelist():
            target.writestr(name.replace("/", "\\").replace("workbook", "Workbook"), source.read(name))

    assert "| x | y |" in parse(held.getvalue(), "a.xlsx").markdown


def test_a_large_sheet_is_written_row_by_row_to_the_same_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    data = samples.xlsx({"S": samples.rows(*((f"r{n}", float(n)) for n in range(50)))})
    whole = parse(data, "a.xlsx").markdown

    monkeypatch.setattr(xlsx, "STREAMED_BYTES", 100)

    assert parse(data, "a.xlsx").markdown == whole


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_csv_is_found(delimiter: str) -> None:
    text = "\n".join(delimiter.join(["name", '"a, b; c"', "3.5"]) for _ in range(4))

    assert dialect_of(text).delimiter == delimiter


def test_csv_rows_are_padded_and_quotes_honoured() -> None:
    data = b'a,b\n"x ""y""\nz",2,3\n\n'

    assert parse(data, "a.csv").markdown == '| a | b |  |\n| --- | --- | --- |\n| x "y"<br>z | 2 | 3 |\n'


def test_ods_repeats_spans_and_hidden_sheets() -> None:
    body = (
        '<table:table table:name="A"><table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>x</text:p>'
        '</table:table-cell><table:table-cell table:number-columns-repeated="16000"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="2"><table:table-cell><text:p>y</text:p></table:table-cell></table:table-row>'
        '</table:table><table:table table:name="B" table:style-name="off"><table:table-row><table:table-cell><text:p>no</text:p>'
        "</table:table-cell></table:table-row></table:table>"
    )
    styles = '<style:style style:name="off"><style:table-properties table:display="false"/></style:style>'

    assert parse(samples.opendocument("spreadsheet", body, styles), "a.ods").markdown == (
        "## A\n\n| x | x |\n| --- | --- |\n| y |  |\n| y |  |\n"
    )


def test_xls_is_read_like_xlsx() -> None:
    xlwt = pytest.importorskip("xlwt", reason="xlwt writes the sample; it is not installed")
    book = xlwt.Workbook()
    sheet = book.add_sheet("One")
    for row, line in enumerate([("a", "b"), (1, 2.5)]):
        for column, value in enumerate(line):
            sheet.write(row, column, value)
    held = io.BytesIO()
    book.save(held)

    assert parse(held.getvalue(), "a.xls").markdown == "## One\n\n| a | b |\n| --- | --- |\n| 1 | 2.5 |\n"


def test_xls_shows_formats_and_leaves_out_what_is_hidden() -> None:
    xlwt = pytest.importorskip("xlwt", reason="xlwt writes the sample; it is not installed")
    book = xlwt.Workbook()
    sheet = book.add_sheet("One")
    formats = ["0.0%", "[h]:mm", "00000"]
    for column, (value, code) in enumerate(zip((0.075, 1.0868, 1234), formats, strict=True)):
        sheet.write(0, column, value, xlwt.easyxf(num_format_str=code))
        sheet.write(1, column, "hide")
    sheet.write(0, 3, xlwt.Formula('HYPERLINK("https://e.org";"x")'))
    sheet.row(1).hidden = True
    held = io.BytesIO()
    book.save(held)
    document = parse(held.getvalue(), "a.xls")

    assert "| 7.5% | 26:05 | 01234 |" in document.markdown
    assert "hide" not in document.markdown
    assert document.warnings == ("left out as hidden: 1 row of sheet One",)


def test_comments_values_without_text_and_hidden_rows_of_ods() -> None:
    note = "<office:annotation><dc:creator>Ann</dc:creator><text:p>Broken</text:p></office:annotation>"
    cell = f"<table:table-cell>{note}<text:p>7</text:p></table:table-cell>"
    bare = '<table:table-cell office:value-type="float" office:value="8"/>'
    hidden = '<table:table-row table:visibility="collapse"><table:table-cell><text:p>no</text:p></table:table-cell></table:table-row>'
    body = (
        f'<table:table table:name="A"><table:table-row>{cell}{bare}</table:table-row>{hidden}</table:table>'
    )
    document = parse(samples.opendocument("spreadsheet", body), "a.ods")

    assert document.markdown == "## A\n\n| 7 | 8 |\n| --- | --- |\n\nComment on A1 by Ann: Broken\n"
    assert document.warnings == ("left out as hidden: 1 row of sheet A",)


def test_the_line_that_names_the_separator_is_no_row() -> None:
    assert parse(b"sep=;\na;b,c\n1;2\n", "a.csv").markdown == "| a | b,c |\n| --- | --- |\n| 1 | 2 |\n"
