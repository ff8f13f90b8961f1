"""What a PDF becomes: drawn page in, markdown out."""

from __future__ import annotations

import io
import re

import pypdfium2  # type: ignore[import-untyped]
import pytest
from PIL import Image, ImageDraw, ImageFont

from schemas.errors import CorruptDocument, DocumentTooLarge
from services.parsing.pdf import parse_pdf, source
from services.parsing.pdf.sheets import Sheets
from tests.services.parsing.pdf.conftest import Sheet, prose


def test_lines_of_a_paragraph_are_joined_and_a_wider_gap_begins_a_new_one(sheet: Sheet) -> None:
    sheet.lines(72, 100, ["Alpha begins here and goes on", "to the second line of its text."])
    sheet.lines(72, 148, ["Beta is a paragraph of its own", "that ends here."])

    paragraphs = parse_pdf(sheet.data()).markdown.strip().split("\n\n")

    assert paragraphs == [
        "Alpha begins here and goes on to the second line of its text.",
        "Beta is a paragraph of its own that ends here.",
    ]


def test_a_word_broken_at_a_line_end_is_whole_again_and_a_compound_keeps_its_hyphen(sheet: Sheet) -> None:
    lines = [
        "Some long-",
        "winded talk about hyphen-",
        "ation in print, where print-",
        "ers set type by hand.",
    ]
    sheet.lines(72, 100, [*prose(4), *lines, "It was long-winded."])

    text = parse_pdf(sheet.data()).markdown

    assert "hyphenation in print, where printers" in text
    assert "Some long-winded talk" in text


def test_headings_are_told_by_size_and_get_levels(sheet: Sheet) -> None:
    sheet.text(72, 80, "The Title", size=20)
    sheet.text(72, 120, "A chapter", size=14)
    sheet.lines(72, 145, prose(6))
    sheet.text(72, 240, "Another chapter", size=14)
    sheet.lines(72, 265, prose(6, seed=7))

    document = parse_pdf(sheet.data())

    assert re.findall(r"^#+ .*", document.markdown, re.M) == [
        "# The Title",
        "## A chapter",
        "## Another chapter",
    ]
    assert document.title == "The Title"


def test_a_bold_line_of_the_size_of_the_text_is_a_heading_and_a_bold_sentence_is_not(sheet: Sheet) -> None:
    sheet.text(72, 100, "Materials", font="Times-Bold")
    sheet.lines(72, 125, prose(5))
    sheet.text(72, 210, "Never touch the moving parts of it.", font="Times-Bold")
    sheet.lines(72, 235, prose(5, seed=3))

    text = parse_pdf(sheet.data()).markdown

    assert "# Materials\n" in text
    assert "# Never" not in text


def test_columns_are_read_one_after_the_other(sheet: Sheet) -> None:
    sheet.lines(72, 100, ["LEFT " + line for line in prose(12, words=6)])
    sheet.lines(330, 100, ["RIGHT " + line for line in prose(12, words=6, seed=9)])

    text = parse_pdf(sheet.data()).markdown

    assert text.count("LEFT") == text.count("RIGHT") == 12
    assert text.rindex("LEFT") < text.index("RIGHT")


def test_a_line_over_both_columns_stays_between_what_stands_above_and_below_it(sheet: Sheet) -> None:
    for x, name in ((72, "ONE"), (330, "TWO")):
        sheet.lines(x, 100, [f"{name} {line}" for line in prose(6, words=6)])
    sheet.text(72, 200, " ".join(["ACROSS", *prose(1, words=18)]))
    for x, name in ((72, "THREE"), (330, "FOUR")):
        sheet.lines(x, 240, [f"{name} {line}" for line in prose(6, words=6, seed=5)])

    text = parse_pdf(sheet.data()).markdown

    order = [text.index(name) for name in ("ONE", "TWO", "ACROSS", "THREE", "FOUR")]
    assert order == sorted(order)


def test_lists_keep_their_markers_and_nest_by_indentation(sheet: Sheet) -> None:
    sheet.lines(72, 100, ["Bring these things with you to the lab:"])
    for y, x, sign, text in (
        (124, 90, "•", "a coat that reaches below the knee and"),
        (148, 90, "•", "gloves"),
        (160, 108, "•", "of rubber"),
        (172, 90, "•", "glasses"),
    ):
        sheet.text(x, y, sign)
        sheet.text(x + 12, y, text)
    sheet.text(102, 136, "has no holes")

    items = [line for line in parse_pdf(sheet.data()).markdown.split("\n") if line.lstrip().startswith("-")]

    assert items == [
        "- a coat that reaches below the knee and has no holes",
        "- gloves",
        "  - of rubber",
        "- glasses",
    ]


def test_numbered_items_keep_their_numbers(sheet: Sheet) -> None:
    sheet.lines(72, 100, ["5. Fill the tube with water.", "6. Shake it well.", "7. Wait."])

    assert (
        parse_pdf(sheet.data()).markdown.strip()
        == "5. Fill the tube with water.\n6. Shake it well.\n7. Wait."
    )


def test_a_ruled_table_is_a_pipe_table_and_its_cells_join_their_lines(sheet: Sheet) -> None:
    for y in (100, 130, 160):
        sheet.rule(72, y, 372, y)
    for x in (72, 222, 372):
        sheet.rule(x, 100, x, 160)
    sheet.text(80, 115, "Name")
    sheet.text(230, 115, "Size")
    sheet.text(80, 141, "Alpaca")
    sheet.lines(230, 141, ["nine", "metres"])

    assert (
        parse_pdf(sheet.data()).markdown.strip() == "| Name | Size |\n| --- | --- |\n| Alpaca | nine metres |"
    )


def test_a_cell_over_two_columns_makes_an_html_table_with_its_span(sheet: Sheet) -> None:
    for y in (100, 120, 140):
        sheet.rule(72, y, 372, y)
    for x, top in ((72, 100), (222, 120), (372, 100)):
        sheet.rule(x, top, x, 140)
    sheet.text(80, 114, "Both")
    sheet.text(80, 134, "Left")
    sheet.text(230, 134, "Right")

    text = parse_pdf(sheet.data()).markdown

    assert '<td colspan="2">Both</td>' in text
    assert "<td>Left</td><td>Right</td>" in text


def test_rows_of_short_texts_in_the_same_columns_are_a_table_without_any_line(sheet: Sheet) -> None:
    rows = [("Product", "Count", "Price"), ("Bolt", "12", "0.40"), ("Nut", "7", "0.10"), ("Saw", "1", "9.00")]
    for at, row in enumerate(rows):
        for x, cell in zip((72, 200, 300), row, strict=True):
            sheet.text(x, 100 + 14 * at, cell)

    lines = parse_pdf(sheet.data()).markdown.strip().split("\n")

    assert lines == [
        "| Product | Count | Price |",
        "| --- | --- | --- |",
        "| Bolt | 12 | 0.40 |",
        "| Nut | 7 | 0.10 |",
        "| Saw | 1 | 9.00 |",
    ]


def test_a_frame_around_text_is_no_table(sheet: Sheet) -> None:
    for y in (90, 180):
        sheet.rule(60, y, 560, y)
    for x in (60, 560):
        sheet.rule(x, 90, x, 180)
    sheet.lines(72, 110, prose(5))

    assert "|" not in parse_pdf(sheet.data()).markdown


def test_running_lines_and_page_numbers_are_left_out_and_the_text_goes_on_over_the_page(sheet: Sheet) -> None:
    for number in range(1, 5):
        sheet.text(72, 40, "Annual report of the harbour office", size=8)
        sheet.text(300, 770, f"- {number} -", size=8)
        sheet.lines(72, 100, [f"page{number} starts", *prose(8, seed=number)])
        sheet.next_page()

    document = parse_pdf(sheet.data())

    assert "Annual report" not in document.markdown
    assert not re.search(r"- \d -", document.markdown)
    assert [page.number for page in document.pages] == [1, 2, 3, 4]


def test_page_spans_cover_what_stands_on_the_page(sheet: Sheet) -> None:
    for number in range(1, 4):
        sheet.text(72, 200, f"This is sheet {number}.")
        sheet.next_page()

    document = parse_pdf(sheet.data())

    texts = [document.markdown[page.start : page.end].strip() for page in document.pages]
    assert texts == ["This is sheet 1.", "This is sheet 2.", "This is sheet 3."]


def test_code_keeps_its_lines_and_indentation(sheet: Sheet) -> None:
    sheet.lines(72, 100, prose(4))
    sheet.lines(72, 160, ["def add(a, b):", "    return a + b"], font="Courier")

    assert "```\ndef add(a, b):\n    return a + b\n```" in parse_pdf(sheet.data()).markdown


def test_a_link_keeps_its_target(sheet: Sheet) -> None:
    sheet.text(72, 100, "See the manual for more.")
    sheet.canvas.linkURL("https://example.org/manual", (72, 792 - 104, 300, 792 - 90))

    assert "](https://example.org/manual)" in parse_pdf(sheet.data()).markdown


def test_text_that_looks_like_markdown_stays_text(sheet: Sheet) -> None:
    sheet.text(72, 100, "# not a heading, *not* bold and a_b_c")

    assert parse_pdf(sheet.data()).markdown.startswith("\\# not a heading, \\*not\\* bold")


def test_a_page_turned_by_a_quarter_is_read_upright(sheet: Sheet) -> None:
    sheet.canvas.translate(0, 792)
    sheet.canvas.rotate(-90)
    sheet.canvas.setFont("Times-Roman", 10)
    for at, line in enumerate(["First line of the turned page", "and its second line."]):
        sheet.canvas.drawString(80, 300 - 12 * at, line)

    assert parse_pdf(sheet.data()).markdown.strip() == "First line of the turned page and its second line."


def test_a_scanned_page_is_read_from_its_picture(sheet: Sheet) -> None:
    scan = Image.new("RGB", (612, 792), "white")
    font = ImageFont.load_default(24)
    ImageDraw.Draw(scan).text((75, 150), "Harbour office ledger", fill="black", font=font)
    sheet.picture(scan, 0, 0, 612, 792)

    assert "harbour office ledger" in parse_pdf(sheet.data()).markdown.lower()


def test_a_scan_beyond_the_time_for_scans_is_left_out_and_said(sheet: Sheet) -> None:
    for _ in range(2):
        sheet.picture(Image.new("RGB", (60, 80), "white"), 0, 0, 612, 792)
        sheet.next_page()

    document = parse_pdf(sheet.data(), scan_seconds=0.0)

    assert "2 scanned pages from page 1 on were not read" in document.warnings[0]


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"%PDF-1.4\n%%EOF", b"no pdf at all" * 50])
def test_what_cannot_be_opened_is_a_corrupt_document(data: bytes) -> None:
    with pytest.raises(CorruptDocument, match="PDF"):
        parse_pdf(data)


@pytest.mark.parametrize("lead", [b"\n\n", b"From a mail:\0\n", b"{\\rtf1 \0"])
def test_what_stands_before_the_header_is_passed_over(sheet: Sheet, lead: bytes) -> None:
    sheet.lines(72, 100, prose(6))
    data = sheet.data()

    assert parse_pdf(lead + data).markdown == parse_pdf(data).markdown != ""


def test_an_encrypted_document_says_that_it_needs_a_password() -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption  # type: ignore[import-untyped]
    from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

    held = io.BytesIO()
    canvas = Canvas(held, encrypt=StandardEncryption("secret"))
    canvas.drawString(72, 700, "hidden")
    canvas.save()

    with pytest.raises(CorruptDocument, match="password"):
        parse_pdf(held.getvalue())


def test_more_pages_than_the_limit_are_refused(sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        sheet.text(72, 100, "page")
        sheet.next_page()
    monkeypatch.setattr(source, "MAX_PAGES", 2)

    with pytest.raises(DocumentTooLarge, match="3 pages, at most 2"):
        parse_pdf(sheet.data())


def test_truncated_files_never_leak_an_error_of_another_kind(sheet: Sheet) -> None:
    sheet.lines(72, 100, prose(20))
    data = sheet.data()

    for share in (0.2, 0.5, 0.8, 0.95):
        try:
            parse_pdf(data[: int(len(data) * share)])
        except CorruptDocument:
            continue


def test_pages_are_read_in_batches(sheet: Sheet) -> None:
    for number in range(source.BATCH + 3):
        sheet.text(72, 300, f"Leaf {number} of many.")
        sheet.next_page()
    data = sheet.data()

    assert [len(batch.pages) for batch in source.read_batches(Sheets(data))] == [source.BATCH, 3]
    assert pypdfium2.PdfDocument(data).__len__() == len(parse_pdf(data).pages)


def centred(sheet: Sheet, y: float, text: str, lines: list[str]) -> None:
    """A line of a title in the middle of the column that lines at x = 72 make."""
    width = sheet.canvas.stringWidth
    column = max(width(line, "Times-Roman", 10) for line in lines)
    sheet.text(72 + (column - width(text, "Times-Bold", 18)) / 2, y, text, size=18, font="Times-Bold")


def test_a_centred_title_does_not_run_into_a_heading_that_is_set_like_it(sheet: Sheet) -> None:
    centred(sheet, 80, "The race of Elm Mill", prose(8))
    sheet.text(72, 107, "1 Summary", size=18, font="Times-Bold")
    sheet.lines(72, 130, prose(8))

    headings = re.findall(r"^#+ .*", parse_pdf(sheet.data()).markdown, re.M)

    assert headings == ["# The race of Elm Mill", "# 1 Summary"]


def test_a_title_of_two_centred_lines_is_one(sheet: Sheet) -> None:
    centred(sheet, 80, "The race of Elm Mill", prose(8))
    centred(sheet, 102, "and its weir", prose(8))
    sheet.lines(72, 130, prose(8))

    headings = re.findall(r"^#+ .*", parse_pdf(sheet.data()).markdown, re.M)

    assert headings == ["# The race of Elm Mill and its weir"]


def test_a_larger_bullet_does_not_bring_the_paragraph_below_into_its_item(sheet: Sheet) -> None:
    sheet.lines(72, 100, prose(5))
    for y, text in ((170, "Raked every morning in winter,"), (188, f"{prose(1)[0]} by now.")):
        sheet.text(72, y, "•", size=16)
        sheet.text(84, y, text)
    sheet.lines(72, 206, prose(3, seed=5))

    item = next(line for line in parse_pdf(sheet.data()).markdown.split("\n") if line.endswith("now."))

    assert item == f"- {prose(1)[0]} by now."
