"""Rows of cells whose middles are at one height, columns that blanks part, and rows over two pages."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from services.parsing.pdf import parse_pdf
from tests.services.parsing.pdf.conftest import Sheet, prose
from tests.services.parsing.pdf.test_table_layouts import tables_of

LEADING, BETWEEN_ROWS = 12, 6


def centred(sheet: Sheet, rows: Sequence[Sequence[str]], xs: Sequence[float], y: float) -> float:
    """Rows of cells (lines parted by `/`) with their middles at one height, as browsers set them."""
    for row in rows:
        cells = [text.split("/") for text in row]
        high = max(map(len, cells))
        for x, lines in zip(xs, cells, strict=True):
            sheet.lines(x, y + LEADING * (high - len(lines)) / 2, lines, LEADING)
        y += LEADING * high + BETWEEN_ROWS
    return y


def read(sheet: Sheet) -> list[str]:
    """The rows of the only table."""
    tables = tables_of(sheet)
    assert len(tables) == 1, tables
    return [row for row in tables[0].splitlines() if "---" not in row]


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def test_cells_of_one_two_and_three_lines_around_one_height_are_a_row(sheet: Sheet) -> None:
    rows = [
        ("Model", "Kind", "Score", "Rate"),
        ("Marsden/large/second", "Tuned by/hand", "74.20", "71.08"),
        ("Norbury", "Raw", "73.60", "65.19"),
        ("Oakham/Lower", "Tuned by/hand", "72.62", "70.22"),
        ("Penrith/Upper/Mill", "Raw", "70.81", "65.36"),
    ]
    centred(sheet, rows, [72, 160, 240, 300], 100)

    assert read(sheet) == [row(*(text.replace("/", " ") for text in cells)) for cells in rows]


def test_lines_of_a_cell_are_closer_than_rows_whatever_they_begin_with(sheet: Sheet) -> None:
    rows = [("Place", "Size"), ("North/40", "~/11"), ("South/72", "~/72"), ("Harbr/East", "~/47"),
            ("West", "10")]  # fmt: skip
    centred(sheet, rows, [72, 140], 100)

    assert read(sheet) == [row(*(text.replace("/", " ") for text in cells)) for cells in rows]


def test_a_blank_parts_columns_of_values(sheet: Sheet) -> None:
    rows = [("Alder", "4.27", "18.09", "92.96"), ("Birch", "53.21", "96.09", "76.11"),
            ("Cedar", "10.03", "89.82", "–"), ("Elm Hill", "39.35", "94.60", "31.44")]  # fmt: skip
    for at, cells in enumerate(rows):
        for x, text in zip((72, 140, 166, 192), cells, strict=True):
            left = x if x == 72 else x - sheet.canvas.stringWidth(text, "Times-Roman", 10)
            sheet.text(left, 100 + 14 * at, text)

    assert read(sheet) == [row(*cells) for cells in rows]


def test_thousands_that_a_blank_parts_stay_one_value(sheet: Sheet) -> None:
    rows = [("Rent", "1 250,00"), ("Wages", "23 400,50"), ("Power", "9 310,20"), ("Water", "4 125,75")]
    for at, (label, text) in enumerate(rows):
        sheet.text(72, 100 + 14 * at, label)
        sheet.text(200 - sheet.canvas.stringWidth(text, "Times-Roman", 10), 100 + 14 * at, text)

    assert read(sheet) == [row(*cells) for cells in rows]


def test_a_line_with_white_above_and_below_ends_a_table(sheet: Sheet) -> None:
    first = [("Less than a month", "25", "82"), ("A month to a year", "18", "69"), ("More", "7", "11")]
    second = [("North", "4", "2"), ("South", "2", "2"), ("Harbour", "1", "3")]
    for y, rows in ((100, first), (176, second)):
        for at, cells in enumerate(rows):
            for x, text in zip((72, 220, 280), cells, strict=True):
                sheet.text(x, y + 14 * at, text)
    sheet.text(72, 152, "Of all places")

    assert [table.splitlines()[-1] for table in tables_of(sheet)] == [row(*first[-1]), row(*second[-1])]


def test_a_cell_goes_on_at_the_top_of_the_next_page(sheet: Sheet) -> None:
    xs = [72, 150, 200, 300]
    sheet.lines(72, 72, prose(3))
    centred(sheet, [("Land", "Free", "Rule", "Report"), ("Norway", "Y", "None", "Yearly"),
                    ("Finland", "N", "Prior leave/of the council", "None")], xs, 700)  # fmt: skip
    sheet.next_page()
    centred(sheet, [("", "", "may be asked/for some land.", ""), ("France", "Y", "None", ""),
                    ("Greece", "N", "Leave needed", ""), ("Spain", "Y", "None", "")], xs, 72)  # fmt: skip

    assert read(sheet)[2:] == [
        row("Finland", "N", "Prior leave of the council may be asked for some land.", "None"),
        "| France | Y | None |  |",
        "| Greece | N | Leave needed |  |",
        "| Spain | Y | None |  |",
    ]


def test_a_rule_that_leaves_the_page_is_the_rule_of_a_table(sheet: Sheet) -> None:
    xs = [72.0, *(150.0 + 56 * at for at in range(8))]
    rows = [("Model", *(f"Set{at}" for at in range(8))), ("Alder", *("O",) * 8)]
    for y in (88, 122):
        sheet.rule(72, y, 900, y)
    for at, cells in enumerate(rows):
        for x, text in zip(xs, cells, strict=True):
            sheet.text(x, 100 + 14 * at, text)

    assert [len(list(pairwise(line.split("|")))) for line in read(sheet)] == [10, 10]


def test_the_text_after_a_table_is_no_part_of_it(sheet: Sheet) -> None:
    rows = [("North", "4.10", "2.05"), ("South", "2.30", "2.15"), ("East", "1.20", "3.25")]
    for at, cells in enumerate(rows):
        for x, text in zip((72, 150, 200), cells, strict=True):
            sheet.text(x, 700 + 14 * at, text)
    sheet.next_page()
    sheet.lines(72, 72, prose(3))

    text = parse_pdf(sheet.data()).markdown

    assert "| East | 1.20 | 3.25 |\n\nThe quick" in text
