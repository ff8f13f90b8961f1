"""Tables with filled rows, with cells of text, beside text and beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from services.parsing.pdf import parse_pdf
from tests.services.parsing.pdf.conftest import Sheet, prose


def tables_of(sheet: Sheet) -> list[str]:
    blocks = parse_pdf(sheet.data()).markdown.split("\n\n")
    return [block.strip() for block in blocks if block.startswith(("|", "<table>"))]


def fill(sheet: Sheet, xs: Sequence[float], y0: float, y1: float) -> None:
    """Fill a row cell by cell, as browsers do."""
    sheet.canvas.setFillGray(0.9)
    for left, right in pairwise(xs):
        sheet.canvas.rect(left, 792 - y1, right - left, y1 - y0, stroke=0, fill=1)
    sheet.canvas.setFillGray(0)


def draw(
    sheet: Sheet, rows: Sequence[Sequence[str]], xs: Sequence[float], y: float, step: float = 14
) -> None:
    for row in rows:
        for x, text in zip(xs, row, strict=True):
            sheet.text(x + 3, y, text)
        y += step


def test_a_filled_head_and_every_other_filled_row_are_one_table(sheet: Sheet) -> None:
    xs = [72, 160, 220, 280]
    rows = [("Site", "Sold", "Left"), *((f"Quay {n}", f"{n}31", f"{n}2") for n in range(1, 7))]
    for at in (0, 1, 3, 5):
        fill(sheet, xs, 90 + 14 * at, 104 + 14 * at)
    draw(sheet, rows, xs[:-1], 100)

    assert tables_of(sheet) == [
        "\n".join(
            ["| Site | Sold | Left |", "| --- | --- | --- |", *(f"| {' | '.join(r)} |" for r in rows[1:])]
        )
    ]


def test_vertical_rules_part_columns_and_lines_of_texts_are_rows(sheet: Sheet) -> None:
    xs = [72, 160, 220, 280]
    rows = [("Feature", "Lite", "Plus"), ("Export", "no", "yes"), ("Search", "yes", "extra"),
            ("Backup", "extra", "yes"), ("Support", "no", "up to 5")]  # fmt: skip
    draw(sheet, rows, xs[:-1], 100)
    for x in xs[1:-1]:
        sheet.rule(x, 90, x, 164)
    sheet.rule(72, 104, 280, 104)

    assert [table.count("\n") for table in tables_of(sheet)] == [5]


def test_rules_around_terms_and_their_definitions_show_a_table(sheet: Sheet) -> None:
    long = [line for at in range(4) for line in prose(2, words=14, seed=3 * at)]
    for y in (88, 103, 208):
        sheet.rule(72, y, 500, y)
    draw(sheet, [("Term", "Definition")], [72, 160], 100)
    for at, text in enumerate(long):
        sheet.text(163, 114 + 12 * at, text)
        if at % 2 == 0:
            sheet.text(75, 114 + 12 * at, f"Term{at}")

    table = tables_of(sheet)[0].splitlines()

    assert table[2] == f"| Term0 | {long[0]} {long[1]} |"
    assert len(table) == 6


def test_labels_above_labels_span_all_columns_below_them(sheet: Sheet) -> None:
    xs = [72.0, *(170 + 40.0 * at for at in range(8))]
    for x, text in ((202, "News"), (362, "Law")):
        sheet.text(x + 30, 100, text)
    for at in range(4):
        sheet.text(188 + 80 * at, 114, ("En-De", "De-En")[at % 2])
    draw(sheet, [("System", *(["Bleu", "Ter"] * 4))], xs, 128)
    draw(sheet, [(f"Model{n}", *(f"{n}{at}.5" for at in range(8))) for n in range(1, 5)], xs, 146)
    for y in (88, 132, 192):
        sheet.rule(72, y, 490, y)

    assert tables_of(sheet)[0].splitlines()[1:3] == [
        '<tr><td></td><td colspan="4">News</td><td colspan="4">Law</td></tr>',
        '<tr><td></td><td colspan="2">En-De</td><td colspan="2">De-En</td>'
        '<td colspan="2">En-De</td><td colspan="2">De-En</td></tr>',
    ]


def test_a_table_beside_a_paragraph_keeps_its_columns(sheet: Sheet) -> None:
    sheet.lines(72, 80, prose(2, words=18))
    draw(sheet, [("Class", "Mean"), *((f"19{n}0", f"0.{n}1") for n in range(1, 6))], [72, 130], 120, step=12)
    after = sheet.lines(250, 120, prose(7, words=9, seed=4))
    sheet.lines(72, after + 12, prose(2, words=18, seed=9))

    assert tables_of(sheet) == [
        "| Class | Mean |\n| --- | --- |\n| 1910 | 0.11 |\n| 1920 | 0.21 |\n| 1930 | 0.31 |\n"
        "| 1940 | 0.41 |\n| 1950 | 0.51 |"
    ]


def test_tables_beside_each_other_are_two_if_both_have_captions(sheet: Sheet) -> None:
    sheet.lines(72, 80, prose(2, words=18))
    for x, number in ((72, 1), (320, 2)):
        sheet.text(x + 3, 120, f"Table {number}: Rates of pier {number}")
        draw(sheet, [("Year", "Rate"), *((f"199{n}", f"{number}.{n}") for n in range(5))], [x, x + 60], 136)
    sheet.lines(72, 230, prose(2, words=18, seed=9))

    assert [table.splitlines()[2] for table in tables_of(sheet)] == ["| 1990 | 1.0 |", "| 1990 | 2.0 |"]


def test_a_head_and_a_label_of_rows_above_the_first_filled_row_belong_to_the_table(sheet: Sheet) -> None:
    xs = [72, 160, 220, 280]
    rows = [("Method", "Error", "Score"), ("Supervised", "", ""), ("Ridge", "8.5", "50.2"),
            ("Tree", "91.8", "81.3"), ("Ours", "15.4", "50.7"), ("Boost", "17.2", "88.2")]  # fmt: skip
    for at in (3, 5):
        fill(sheet, xs, 90 + 14 * at, 104 + 14 * at)
    draw(sheet, rows, xs[:-1], 100)

    table = tables_of(sheet)[0].splitlines()

    assert table[0].endswith("| Error | Score |")
    assert table[2:4] == ["| Ridge | 8.5 | 50.2 |", "| Tree | 91.8 | 81.3 |"]


def test_a_citation_below_a_label_and_a_note_below_a_table_are_no_rows(sheet: Sheet) -> None:
    xs = [72.0, 160.0, 220.0]
    rows = [("Model", "Error", "Score"), ("Dumas et al.", "8.5", "50.2"), ("[50]", "", ""),
            ("Greco", "15.4", "50.7"), ("Bello", "17.2", "88.2")]  # fmt: skip
    draw(sheet, rows, xs, 100, step=12)
    sheet.text(75, 160, "Source: own survey")

    assert tables_of(sheet)[0].splitlines()[2:] == [
        "| Dumas et al. [50] | 8.5 | 50.2 |",
        "| Greco | 15.4 | 50.7 |",
        "| Bello | 17.2 | 88.2 |",
    ]


def test_rules_drawn_cell_by_cell_show_all_columns_of_justified_cells(sheet: Sheet) -> None:
    for y in (92, 108, 124, 140, 156):
        for left, right in ((72, 200), (200, 328), (328, 400)):
            sheet.rule(left, y, right, y)
    for y, (label, more, chief, figure) in enumerate(
        (
            ("Name", "", "Chief", "Boats"),
            ("North", "gate", "Ann", "17"),
            ("South", "weir", "Bob", "4"),
            ("East", "lock", "Cy", "9"),
        )
    ):
        for x, text in ((76, label), (160, more), (204, chief), (332, figure)):
            sheet.text(x, 104 + 16 * y, text)

    assert "| South weir | Bob | 4 |" in parse_pdf(sheet.data()).markdown
