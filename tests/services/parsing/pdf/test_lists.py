"""Lists: their markers, what belongs to an item, and what is none."""

from __future__ import annotations

from services.parsing.pdf import parse_pdf
from tests.services.parsing.pdf.conftest import Sheet, prose


def test_further_paragraphs_below_the_text_of_an_item_belong_to_it(sheet: Sheet) -> None:
    for y, x, sign, text in (
        (100, 72, "•", "Close the gate."),
        (124, 84, "", "It closes slowly."),
        (148, 84, "–", "Wait for it."),
        (172, 96, "", "It may take a minute."),
        (196, 72, "•", "Open the weir."),
        (220, 72, "", "Then go home."),
    ):
        sheet.text(x, y, sign)
        sheet.text(x + 12 if sign else x, y, text)

    assert parse_pdf(sheet.data()).markdown.rstrip().split("\n\n") == [
        "- Close the gate.",
        "  It closes slowly.",
        "  - Wait for it.",
        "    It may take a minute.",
        "- Open the weir.",
        "Then go home.",
    ]


def test_the_text_after_a_list_does_not_go_on_with_its_last_item(sheet: Sheet) -> None:
    for y, text in ((100, prose(1)[0]), (112, prose(1, seed=5)[0])):
        sheet.text(84, y, text)
    sheet.text(72, 100, "•")
    sheet.lines(72, 136, ["which is what the keeper of the mill", "wrote into the book that day."])

    assert "\n\nwhich is what the keeper" in parse_pdf(sheet.data()).markdown


def test_bare_numbers_before_texts_are_the_markers_of_a_list(sheet: Sheet) -> None:
    for number, text in enumerate(("Fill the tube with water.", "Shake it well.", "Wait for a day."), 9):
        sheet.text(72, 100 + 12 * number, str(number), size=12)
        sheet.text(94, 100 + 12 * number, text)
    sheet.lines(72, 300, prose(3))

    text = parse_pdf(sheet.data()).markdown

    assert text.startswith("9. Fill the tube with water.\n10. Shake it well.\n11. Wait for a day.")


def test_bare_numbers_below_a_head_number_the_rows_of_a_table(sheet: Sheet) -> None:
    for y, cells in enumerate(
        (("No.", "Gate"), ("1", "North gate"), ("2", "South gate"), ("3", "Mill gate"))
    ):
        for x, cell in zip((72, 120), cells, strict=True):
            sheet.text(x, 100 + 14 * y, cell)

    assert "| 2 | South gate |" in parse_pdf(sheet.data()).markdown


def test_lists_in_lists_are_no_table(sheet: Sheet) -> None:
    for y, x, sign, text in (
        (100, 72, "•", "Gates"),
        (112, 90, "•", "north 12.5"),
        (124, 90, "•", "south 14.5"),
        (136, 90, "•", "middle 16.5"),
    ):
        sheet.text(x, y, sign)
        sheet.text(x + 18, y, text)

    assert (
        parse_pdf(sheet.data()).markdown.rstrip()
        == "- Gates\n  - north 12.5\n  - south 14.5\n  - middle 16.5"
    )


def test_numbers_before_the_labels_of_a_table_stay_with_them(sheet: Sheet) -> None:
    rows = (("Area", "", "Chief"), ("1.", "Gates", "Ann"), ("2.", "Bridges", "Bob"), ("3.", "Meadows", "Cy"))
    for y, (number, label, chief) in enumerate(rows):
        sheet.text(72, 100 + 14 * y, number if label else "")
        sheet.text(90, 100 + 14 * y, label or number)
        sheet.text(180, 100 + 14 * y, chief)

    assert "| 2. Bridges | Bob |" in parse_pdf(sheet.data()).markdown


def test_the_font_of_a_bullet_is_not_that_of_its_text(sheet: Sheet) -> None:
    for y, text in ((100, "Close the gate"), (112, "Open the weir"), (124, "Call the keeper")):
        sheet.text(72, y, "•", font="Courier")
        sheet.text(81, y, text)
    sheet.lines(72, 148, prose(3))

    assert parse_pdf(sheet.data()).markdown.startswith("- Close the gate\n- Open the weir\n")


def test_a_letter_alone_and_a_sign_between_texts_begin_no_list(sheet: Sheet) -> None:
    sheet.lines(
        72, 100, ["b. Plastic is what most of the bottles are made of, in all of the towns", "we saw."]
    )
    sheet.lines(72, 148, ["Gates · weirs · locks · mills and all the bridges over the river ·", "· meadows"])

    assert not any(line.startswith("- ") for line in parse_pdf(sheet.data()).markdown.split("\n"))


def test_an_item_that_begins_with_a_list_is_the_first_item_of_that_list(sheet: Sheet) -> None:
    for x, y, text in (
        (72, 100, "•"), (84, 100, "Gates"),
        (72, 112, "•"), (84, 112, "–"), (96, 112, "north gate"),
        (84, 124, "–"), (96, 124, "south gate"),
    ):  # fmt: skip
        sheet.text(x, y, text)

    assert parse_pdf(sheet.data()).markdown.rstrip() == "- Gates\n  - north gate\n  - south gate"


def test_a_sign_that_begins_the_text_of_every_item_stays(sheet: Sheet) -> None:
    sheet.lines(72, 100, ["• – 5 degrees", "• – 7 degrees"])

    assert parse_pdf(sheet.data()).markdown.rstrip() == "- – 5 degrees\n- – 7 degrees"


def test_code_keeps_its_signs(sheet: Sheet) -> None:
    sheet.lines(72, 60, prose(3))
    sheet.lines(72, 120, ["gates:", "- - north", "  - south"], font="Courier")

    assert "- - north\n  - south" in parse_pdf(sheet.data()).markdown
