"""Lines at the edges of pages: which run, and which are text."""

from __future__ import annotations

import pytest

from services.parsing.pdf import parse_pdf
from tests.services.parsing.pdf.conftest import Sheet, prose


def markdown(sheet: Sheet) -> str:
    return parse_pdf(sheet.data()).markdown


def test_heads_that_differ_run_if_a_number_set_apart_counts_the_pages(sheet: Sheet) -> None:
    heads = ["Of weirs", "Of sluices", "Of keepers", "Of tides"]
    for page, head in enumerate(heads):
        sheet.text(72, 50, head)
        sheet.text(530, 50, str(page + 12))
        sheet.lines(72, 80, prose(50, seed=page * 7))
        sheet.next_page()

    text = markdown(sheet)

    assert not [head for head in heads if head in text]


def test_entries_with_figures_at_the_same_height_are_no_heads(sheet: Sheet) -> None:
    entries = [("Weir", "31"), ("Sluice", "17"), ("Keeper", "52"), ("Tide", "8")]
    for page, (name, figure) in enumerate(entries):
        sheet.text(72, 50, name)
        sheet.text(530, 50, figure)
        sheet.lines(72, 62, prose(50, seed=page * 7))
        sheet.next_page()

    text = markdown(sheet)

    assert all(name in text and figure in text for name, figure in entries)


def test_a_first_line_that_some_pages_share_is_text(sheet: Sheet) -> None:
    for page in range(8):
        sheet.text(72, 40, "The harbour book")
        first = ["See also"] if page in (2, 5) else []
        sheet.lines(72, 80, [*first, *prose(40, seed=page * 7)])
        sheet.next_page()

    text = markdown(sheet)

    assert "The harbour book" not in text
    assert text.count("See also") == 2


@pytest.mark.parametrize("beside", [(290, "Smith and others"), (72, "Of weirs and keepers")])
def test_a_line_with_the_page_number_of_an_excerpt_runs(sheet: Sheet, beside: tuple[float, str]) -> None:
    sheet.text(*beside[:1], 66, beside[1])
    sheet.text(530, 66, "14")
    sheet.lines(72, 90, prose(50))

    assert beside[1] not in markdown(sheet)


def test_a_table_of_contents_at_the_foot_of_a_page_is_text(sheet: Sheet) -> None:
    sheet.lines(72, 90, prose(44))
    for at, entry in enumerate(["Of weirs", "Of sluices", "Of keepers"]):
        sheet.text(72, 680 + 14 * at, entry)
        sheet.text(530, 680 + 14 * at, str(31 + at))

    text = markdown(sheet)

    assert all(entry in text for entry in ("Of weirs", "Of sluices", "Of keepers"))


def test_footnotes_and_captions_of_an_excerpt_are_text(sheet: Sheet) -> None:
    sheet.text(530, 40, "14")
    sheet.text(72, 62, "Table 3: Boats by harbour", size=8)
    sheet.lines(72, 90, prose(44))
    sheet.rule(72, 690, 200, 690)
    sheet.text(76, 700, "7", size=6)
    sheet.text(80, 703, "So the keeper wrote in his book of that year.", size=8)

    text = markdown(sheet)

    assert "Boats by harbour" in text
    assert "So the keeper wrote" in text
    assert not text.startswith("14")


def test_code_at_the_edge_of_an_excerpt_is_text(sheet: Sheet) -> None:
    sheet.text(530, 40, "14")
    sheet.text(72, 62, "open(weir)", size=8, font="Courier")
    sheet.lines(72, 100, prose(44))

    assert "open(weir)" in markdown(sheet)
