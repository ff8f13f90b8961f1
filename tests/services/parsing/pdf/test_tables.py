"""Tables as reports and papers print them: their rows, columns and heads in markdown."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.parsing.markdown_writer import Cell
from services.parsing.page.blocks import Block, Kind
from services.parsing.page.captions import is_caption, is_ended_caption
from services.parsing.page.columns import lines_of
from services.parsing.page.geometry import Style, Word
from services.parsing.page.lines import pieces_of
from services.parsing.page.tables import aligned
from services.parsing.page.text import Vocabulary
from services.parsing.pdf import parse_pdf
from services.parsing.pdf.continued import continued
from tests.services.parsing.pdf.conftest import Sheet, prose

BOLD = "Times-Bold"


def table_of(sheet: Sheet) -> str:
    """The only table of a PDF."""
    blocks = parse_pdf(sheet.data()).markdown.split("\n\n")
    tables = [block.strip() for block in blocks if block.startswith(("|", "<table>"))]
    assert len(tables) == 1, blocks
    return tables[0]


def draw(
    sheet: Sheet,
    rows: Sequence[Sequence[str]],
    xs: Sequence[float],
    y: float,
    step: float = 14,
    font: str = "Times-Roman",
) -> float:
    """Rows of texts, the first column from its left edge, the others up to their right edge."""
    for row in rows:
        for column, text in enumerate(row):
            width = sheet.canvas.stringWidth(text, font, 10) if column else 0
            sheet.text(xs[column] - width, y, text, font=font)
        y += step
    return y


def test_rules_above_below_and_under_the_head_part_no_other_rows(sheet: Sheet) -> None:
    sheet.lines(72, 90, prose(3))
    draw(sheet, [["Model", "Acc", "F1"]], [72, 200, 250], 150, font=BOLD)
    draw(sheet, [["Baseline", "0.77", "0.81"], ["Plan", "0.87", "0.90"], ["Ours", "0.29", "0.40"]],
         [72, 200, 250], 168)  # fmt: skip
    for y in (138, 155, 204):
        sheet.rule(72, y, 250, y)
    sheet.lines(72, 230, prose(3, seed=5))

    assert table_of(sheet) == (
        "| Model | Acc | F1 |\n| --- | --- | --- |\n| Baseline | 0.77 | 0.81 |\n"
        "| Plan | 0.87 | 0.90 |\n| Ours | 0.29 | 0.40 |"
    )


def test_a_label_above_several_columns_spans_them_and_signs_join_their_figures(sheet: Sheet) -> None:
    sheet.text(230, 100, "Year ended", font=BOLD)
    draw(sheet, [["(in thousands)", "2025", "2024"]], [72, 240, 320], 114, font=BOLD)
    sheet.rule(180, 118, 320, 118)
    sheet.text(72, 132, "Assets:")
    draw(sheet, [["Cash", "4,146", "395"], ["Leases", "(524)", "—"], ["Total", "3,622", "395"]],
         [82, 240, 320], 146)  # fmt: skip
    for y in (146, 174):
        for x in (190, 270):
            sheet.text(x, y, "$")
    sheet.rule(190, 164, 240, 164)
    sheet.rule(270, 164, 320, 164)

    rows = table_of(sheet).splitlines()

    assert rows[1:] == [
        '<tr><td></td><td colspan="2">Year ended</td></tr>',
        "<tr><td>(in thousands)</td><td>2025</td><td>2024</td></tr>",
        "<tr><td>Assets:</td><td></td><td></td></tr>",
        "<tr><td>Cash</td><td>$ 4,146</td><td>$ 395</td></tr>",
        "<tr><td>Leases</td><td>(524)</td><td>—</td></tr>",
        "<tr><td>Total</td><td>$ 3,622</td><td>$ 395</td></tr>",
        "</table>",
    ]


def test_repeated_labels_belong_to_the_labels_above_them(sheet: Sheet) -> None:
    xs = [72, 200, 240, 300, 340]
    sheet.text(205, 100, "Easy", font=BOLD)
    sheet.text(305, 100, "Hard", font=BOLD)
    draw(sheet, [["Method", "P", "R", "P", "R"]], xs, 116, font=BOLD)
    sheet.rule(72, 120, 340, 120)
    draw(sheet, [["Ours", "0.1", "0.2", "0.3", "0.4"], ["Plan", "0.5", "0.6", "0.7", "0.8"],
                 ["Tree", "0.9", "0.8", "0.7", "0.6"]], xs, 134)  # fmt: skip

    assert table_of(sheet).splitlines()[1:3] == [
        '<tr><td></td><td colspan="2">Easy</td><td colspan="2">Hard</td></tr>',
        "<tr><td>Method</td><td>P</td><td>R</td><td>P</td><td>R</td></tr>",
    ]


def test_a_wrapped_cell_stays_in_its_row_without_rules_between_rows(sheet: Sheet) -> None:
    rows = [
        ("Part", "Description", "Price"),
        ("B-2415", "Valve of bronze with a long", "37.47"),
        ("", "handle and a spring", ""),
        ("D-2218", "Seal", "8.90"),
        ("E-9655", "Pump for cold and for hot", "877.83"),
        ("", "water", ""),
    ]
    for at, (part, text, price) in enumerate(rows):
        for x, word in ((72, part), (140, text), (320, price)):
            if word:
                sheet.text(x, 100 + 12 * at, word, font="Times-Roman" if at else BOLD)
    sheet.rule(72, 104, 350, 104)

    assert table_of(sheet).splitlines()[2:] == [
        "| B-2415 | Valve of bronze with a long handle and a spring | 37.47 |",
        "| D-2218 | Seal | 8.90 |",
        "| E-9655 | Pump for cold and for hot water | 877.83 |",
    ]


def test_a_table_over_two_pages_is_one_and_its_repeated_head_stays_once(sheet: Sheet) -> None:
    head, xs = [["No", "Place", "Built"]], [72, 160, 240]
    for first in (1, 31):
        y = draw(sheet, head, xs, 80, font=BOLD)
        sheet.rule(72, 84, 240, 84)
        draw(sheet, [[str(n), f"Town{n}", str(1800 + n)] for n in range(first, first + 30)], xs, y)
        if first == 1:
            sheet.next_page()

    rows = table_of(sheet).splitlines()

    assert rows[0] == "| No | Place | Built |"
    assert len(rows) == 2 + 60
    assert rows[-1] == "| 60 | Town60 | 1860 |"


def test_below_a_repeated_head_a_row_stays_that_equals_the_first_of_the_table() -> None:
    head = [["Boats", "Per day", ""], ["Place", "2025", "2024"], ["Quay", "12", "9"]]
    pages = [
        Block(Kind.TABLE, "", page, rows=[[Cell(text) for text in row] for row in [*head, last]])
        for page, last in ((1, ["Mill", "3", "5"]), (2, ["Gate", "7", "8"]))
    ]

    table = continued(pages)[0]

    assert [row[0].text for row in table.rows] == ["Boats", "Place", "Quay", "Mill", "Quay", "Gate"]


def test_a_paragraph_below_a_table_of_its_width_is_no_row(sheet: Sheet) -> None:
    for y in (100, 220):
        draw(sheet, [["Stop", "Zone", "Fare"]], [72, 300, 520], y, font=BOLD)
        sheet.rule(72, y + 4, 520, y + 4)
        draw(
            sheet,
            [["Quay", "A", "2.40"], ["Mill", "B", "3.10"], ["Gate", "C", "4.00"]],
            [72, 300, 520],
            y + 16,
        )
    sheet.lines(72, 172, [*prose(2, words=17), "It ends here."])

    text = parse_pdf(sheet.data()).markdown

    assert text.count("| Quay | A | 2.40 |") == 2
    assert text.count("| --- | --- | --- |") == 2
    assert "It ends here." in text.split("\n\n")[1]


def test_rows_of_figures_at_the_edge_of_pages_are_no_running_heads(sheet: Sheet) -> None:
    for page in range(5):
        sheet.lines(72, 60, [f"Item {page * 3} of 7 kg", f"Item {page * 3 + 1} of 9 kg"])
        sheet.lines(72, 200, prose(6, seed=page))
        sheet.next_page()

    text = parse_pdf(sheet.data()).markdown

    assert [n for n in (0, 1, 3, 4, 6, 7, 9, 10, 12, 13) if f"Item {n} of" not in text] == []


def test_labels_centred_beside_several_rows_span_them(sheet: Sheet) -> None:
    draw(sheet, [["Line", "Stop", "Fare"]], [72, 200, 280], 100, font=BOLD)
    for y in (90, 104, 178):
        sheet.rule(72, y, 280, y)
    stops = [("Quay", "2.40"), ("Mill", "3.10"), ("Gate", "4.00"), ("Park", "1.10"), ("Hill", "9.20")]
    draw(sheet, [["", *stop] for stop in stops], [72, 200, 280], 116)
    sheet.text(72, 130, "Red")  # beside three rows
    sheet.text(72, 165, "Blue")  # between two

    rows = table_of(sheet).splitlines()

    assert rows[2] == '<tr><td rowspan="3">Red</td><td>Quay</td><td>2.40</td></tr>'
    assert rows[5] == '<tr><td rowspan="2">Blue</td><td>Park</td><td>1.10</td></tr>'


def test_a_long_page_without_a_table_is_not_searched_for_one_from_each_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = [
        Word(f"some text in column {column}", x, 11.0 * row, x + 100, 11.0 * row + 9, Style(9.0))
        for row in range(600)
        for column, x in enumerate((40.0, 160.0, 280.0))
    ]
    searched = []
    monkeypatch.setattr(aligned, "build", lambda lines, *_: searched.append(len(lines)))

    assert aligned.aligned_tables(lines_of(pieces_of(words)), [], Vocabulary()) == []
    assert searched[0] == 600
    assert len(searched) < 220


@pytest.mark.parametrize(
    ("text", "caption", "ended"),
    [
        ("Table 3: Fares", True, True),
        ("TABLE IV. FARES", True, False),  # in capitals it is a line of its own anyway
        ("Table IV. Fares", True, True),
        ("Figure A.2: Fares", True, True),
        ("Abb. S-1. Preise", True, True),
        ("表1：运价", True, True),
        ("Table 3 shows the", True, False),
        ("Table of fares", False, False),
        ("Figures are rounded", False, False),
        ("Tabular 3.", False, False),
    ],
)
def test_captions_are_known_by_their_label_and_number(text: str, caption: bool, ended: bool) -> None:
    line = [Word(word, 40.0 * at, 0, 40.0 * at + 35, 10, Style(9.0)) for at, word in enumerate(text.split())]

    assert is_caption(line) is caption
    assert is_ended_caption(line) is ended
