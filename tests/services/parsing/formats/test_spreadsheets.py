# ruff: noqa: E501 (markup reads best on one line)
from __future__ import annotations

import datetime
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.parsing import parse
from services.parsing.formats import xlsx
from services.parsing.formats.delimited import delimiter_of
from services.parsing.office.sheets import kind_of_format, sheet_blocks, shown_number
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

    assert "| 2024-01-01 | 25.5% |" in parse(samples.xlsx({"S": sheet}, styles=styles), "a.xlsx").markdown


@given(
    st.datetimes(datetime.datetime(1901, 1, 1), datetime.datetime(9000, 1, 1)).map(
        lambda d: d.replace(microsecond=0)
    )
)
def test_serial_numbers_are_the_moments_that_they_count(moment: datetime.datetime) -> None:
    serial = (moment - datetime.datetime(1899, 12, 30)) / datetime.timedelta(days=1)
    expected = moment.isoformat(sep=" ") if moment.time() != datetime.time() else moment.date().isoformat()

    assert shown_number(serial, "datetime") == expected


@pytest.mark.parametrize(
    ("code", "kind"),
    [("yyyy-mm-dd", "date"), ("[h]:mm:ss", "time"), ("d/m/yy h:mm", "datetime"), ("0.0%", "percent"), ("#,##0.00", "number"),
     ('0 "days"', "number"), ("[Red]0.0", "number"), ("General", "number")],
)  # fmt: skip
def test_number_formats_tell_what_they_show(code: str, kind: str) -> None:
    assert kind_of_format(164, code) == kind


def test_a_large_sheet_is_written_row_by_row_to_the_same_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    data = samples.xlsx({"S": samples.rows(*((f"r{n}", float(n)) for n in range(50)))})
    whole = parse(data, "a.xlsx").markdown

    monkeypatch.setattr(xlsx, "STREAMED_BYTES", 100)

    assert parse(data, "a.xlsx").markdown == whole


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_csv_is_found(delimiter: str) -> None:
    text = "\n".join(delimiter.join(["name", '"a, b; c"', "3.5"]) for _ in range(4))

    assert delimiter_of(text) == delimiter


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
