"""Where paragraphs begin, end and go on: run-in heads, captions, justified lines, cells that hold text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from reportlab.lib.utils import simpleSplit  # type: ignore[import-untyped]

from services.parsing.pdf import parse_pdf
from tests.services.parsing.pdf.conftest import Sheet, prose

BOLD = "Times-Bold"


def blocks_of(sheet: Sheet) -> list[str]:
    return parse_pdf(sheet.data()).markdown.strip().split("\n\n")


def justify(sheet: Sheet, x: float, y: float, text: str, width: float) -> None:
    """A line whose blanks are all as wide as it takes to fill the width."""
    words = text.split()
    widths = [sheet.canvas.stringWidth(word, "Times-Roman", 10) for word in words]
    blank = (width - sum(widths)) / (len(words) - 1)
    for word, wide in zip(words, widths, strict=True):
        sheet.text(x, y, word)
        x += wide + blank


def test_a_paragraph_with_a_short_last_line_does_not_go_on_below_a_caption(sheet: Sheet) -> None:
    sheet.lines(72, 90, [*prose(2), "the shop is closed"])
    sheet.text(72, 140, "Figure 2: Where the shop is.")
    sheet.lines(72, 166, ["extra charges are listed " + prose(1)[0], "and end here"])

    assert [block[:12] for block in blocks_of(sheet)] == ["The quick br", "Figure 2: Wh", "extra charge"]


def test_a_paragraph_with_a_full_last_line_goes_on_below_a_caption(sheet: Sheet) -> None:
    sheet.lines(72, 90, prose(3))
    sheet.text(72, 140, "Figure 2: Where the shop is.")
    sheet.lines(72, 166, [text.lower() for text in prose(2, seed=5)])

    assert [block[:12] for block in blocks_of(sheet)] == ["The quick br", "Figure 2: Wh"]


@pytest.mark.parametrize(("indent", "gap"), [(0, 4), (15, 0)], ids=["spaced", "indented"])
def test_bold_run_in_heads_begin_paragraphs_and_are_no_headings(
    sheet: Sheet, indent: float, gap: float
) -> None:
    y = 90.0
    for head in ("Scope.", "Terms of use.", "Liability."):
        sheet.text(72 + indent, y, head, font=BOLD)
        width = sheet.canvas.stringWidth(head + " ", BOLD, 10)
        sheet.text(72 + indent + width, y, prose(1, 12)[0])
        y = sheet.lines(72, y + 12, [*prose(2), "and that is all."]) + gap

    assert [block[:12] for block in blocks_of(sheet)] == ["Scope. The q", "Terms of use", "Liability. T"]


def test_a_justified_line_with_wide_blanks_is_no_row_of_the_table_above(sheet: Sheet) -> None:
    rows = [["Item", "2022", "2023", "2024"], ["Income", "90.29", "28.69", "37.91"],
            ["Costs", "66.50", "65.15", "10.04"]]  # fmt: skip
    for at, row in enumerate(rows):
        for x, text in zip((72, 200, 300, 400), row, strict=True):
            sheet.text(x, 90 + 14 * at, text)
    justify(sheet, 72, 146, "When the encoding is LC_TYPE and the locale POSIX", 330)
    sheet.text(72, 158, "all names are read with the error handler of the system.")

    table, text = blocks_of(sheet)

    assert [row.count("|") for row in table.splitlines()] == [5] * 4
    assert text.startswith("When the encoding is LC_TYPE and the locale POSIX all names")


def wordy(sheet: Sheet, rows: Sequence[Sequence[str]], xs: Sequence[float], y: float) -> None:
    """Rows of cells with several lines each, a gap between the rows, and no rule."""
    widths = [b - a - 12 for a, b in pairwise([*xs, 560])]
    for row in rows:
        cells = [simpleSplit(text, "Times-Roman", 10, width) for text, width in zip(row, widths, strict=True)]
        y = max(sheet.lines(x, y, cell) for x, cell in zip(xs, cells, strict=True)) + 6


def test_cells_that_hold_paragraphs_make_a_table_without_any_rule(sheet: Sheet) -> None:
    long = prose(1, 40)[0]
    wordy(
        sheet,
        [
            ["Country", "Restrictions on owners", "Duties to report"],
            ["Canada", long, "Y"],
            ["Chile", prose(1, 30, seed=3)[0], prose(1, 34)[0]],
            ["China", prose(1, 36, seed=9)[0], ""],
        ],
        [72, 160, 360],
        90,
    )

    (table,) = blocks_of(sheet)

    assert table.splitlines()[2].startswith(f"| Canada | {long} | Y |")
    assert [row.split(" | ")[0] for row in table.splitlines()] == [
        "| Country", "| ---", "| Canada", "| Chile", "| China"]  # fmt: skip


def test_columns_of_text_with_headings_at_the_same_heights_are_no_table(sheet: Sheet) -> None:
    for x in (72, 320):
        y = 90.0
        for at in range(4):
            sheet.text(x, y, f"Card {at + 1}", font=BOLD)
            y = sheet.lines(x, y + 16, prose(4, 6, seed=at)) + 10

    assert not any("|" in block for block in blocks_of(sheet))


def test_the_rest_of_a_broken_word_belongs_to_the_row_above(sheet: Sheet) -> None:
    rows = [
        ["Model", "Type", "Score"],
        ["Tree", "Align-", "74.2"],
        ["", "ment-", ""],
        ["", "tuned", ""],
        ["Ours", "Pre-", "73.6"],
        ["(big)", "trained", ""],
        ["A long name", "Instruction", "72.6"],
    ]
    for at, row in enumerate(rows):
        for x, text in zip((72, 140, 240), row, strict=True):
            sheet.text(x, 90 + 12 * at, text)

    (table,) = blocks_of(sheet)

    assert [row.split(" | ")[2] for row in table.splitlines()[2:]] == ["74.2 |", "73.6 |", "72.6 |"]


def with_ligature(text: str, size: int) -> bytes:
    """A page with one line of text, in which a `w` stands for the ligature of two f."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /ToUnicode 6 0 R >>"
    to_unicode = (
        b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
        b"2 beginbfrange <20> <76> <0020> <78> <7E> <0078> endbfrange "
        b"1 beginbfchar <77> <00660066> endbfchar endcmap end"
    )
    content = f"BT /F 10 Tf 72 650 Td (A line below) Tj /F {size} Tf 0 50 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F 5 0 R >> >> >>",
        b"<< /Length %d >> stream\n%s\nendstream" % (len(content), content),
        font,
        b"<< /Length %d >> stream\n%s\nendstream" % (len(to_unicode), to_unicode),
    ]
    body = b"".join(b"%d 0 obj %s endobj\n" % (at, held) for at, held in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer << /Root 1 0 R >>"


@pytest.mark.parametrize(("drawn", "read"), [("Ewicient care", "Efficient care"), ("for you", "for you")])
def test_letters_before_a_ligature_are_kept(drawn: str, read: str) -> None:
    assert read in parse_pdf(with_ligature(drawn, 24)).markdown


ADDRESSES = (
    ["Harbour Supplies", "98 Dock Street", "Portland"],
    ["Northwind Mills", "12 Weir Lane", "Sundby SB4 7QR", "Phone 555 0199"],
)


def test_addresses_beside_each_other_are_read_one_after_the_other(sheet: Sheet) -> None:
    sheet.lines(60, 60, ADDRESSES[0], step=13)
    sheet.lines(380, 55, ADDRESSES[1], step=12)
    sheet.lines(60, 160, prose(3))

    paragraphs = parse_pdf(sheet.data()).markdown.split("\n\n")
    assert paragraphs[:2] == [" ".join(lines) for lines in ADDRESSES]


def test_lines_at_the_same_heights_stay_in_rows(sheet: Sheet) -> None:
    sheet.lines(60, 60, ADDRESSES[0], step=13)
    sheet.lines(380, 60, ADDRESSES[1][:3], step=13)

    assert "| 98 Dock Street | 12 Weir Lane |" in parse_pdf(sheet.data()).markdown


def test_labels_that_stand_apart_beside_close_lines_are_no_block(sheet: Sheet) -> None:
    sheet.lines(60, 66, ["Sender", "Recipient", "Remarks"], step=36)
    for y in (60, 96, 132):
        sheet.lines(200, y, ["Harbour Supplies", "98 Dock Street"], step=12)

    text = parse_pdf(sheet.data()).markdown
    assert text.index("Sender") < text.index("Dock Street") < text.index("Recipient")


def test_a_head_before_text_that_is_indented_throughout_is_no_part_of_it(sheet: Sheet) -> None:
    sheet.text(72, 60, "Here strings", font="Times-Bold")
    sheet.lines(90, 72, prose(6))
    sheet.text(72, 150, "Further strings", font="Times-Bold")
    sheet.lines(90, 162, ["Then the boats came in.", *prose(5, seed=4)])
    sheet.lines(72, 300, prose(30, words=13, seed=2))

    found = blocks_of(sheet)

    assert "# Here strings" in found
    assert "# Further strings" in found
