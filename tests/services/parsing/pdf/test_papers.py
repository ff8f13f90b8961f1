"""Pages of papers, magazines and scans with a text layer."""

from __future__ import annotations

import re

import pytest
from liteparse.types import TextItem

from services.parsing.page.geometry import Style, Word
from services.parsing.page.lists import is_bullet
from services.parsing.pdf import parse_pdf
from services.parsing.pdf.legibility import even_sizes, is_plausible, without_typewriter
from services.parsing.pdf.words.fonts import style_of, without_guessed_weights
from tests.services.parsing.pdf.conftest import Sheet, prose


def markdown(sheet: Sheet) -> str:
    return parse_pdf(sheet.data()).markdown


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ .*", text, re.M)


def test_names_between_a_title_and_a_larger_heading_are_text(sheet: Sheet) -> None:
    sheet.text(200, 80, "On the Flow of Water", size=18)
    sheet.text(220, 110, "A. Brandt, J. Watanabe", size=12)
    sheet.text(72, 150, "Introduction", size=14)
    sheet.lines(72, 175, prose(6))
    sheet.text(72, 280, "Gauges", size=12)
    sheet.lines(72, 305, prose(6, seed=4))

    text = markdown(sheet)

    assert headings(text) == ["# On the Flow of Water", "## Introduction", "### Gauges"]
    assert "\n\nA. Brandt, J. Watanabe\n\n" in text


def test_a_large_sentence_is_a_lead_and_no_heading(sheet: Sheet) -> None:
    sheet.text(72, 80, "On the Flow of Water", size=18)
    sheet.lines(72, 115, ["The river rose again last night and nobody", "in the village slept."], 16, size=13)
    sheet.lines(72, 175, prose(8))

    assert headings(markdown(sheet)) == ["# On the Flow of Water"]


def test_a_section_title_that_hangs_below_its_number_is_one(sheet: Sheet) -> None:
    sheet.text(72, 100, "3", size=14)
    sheet.lines(92, 100, ["Measuring the flow of water in narrow", "channels"], 17, size=14)
    sheet.lines(72, 145, prose(8))

    assert headings(markdown(sheet)) == ["# 3 Measuring the flow of water in narrow channels"]


def test_a_centred_line_does_not_part_the_columns_below_it(sheet: Sheet) -> None:
    sheet.text(200, 80, "A. Brandt, J. Watanabe, L. Fischer", size=12)
    sheet.text(72, 112, "Abstract", size=14)
    sheet.lines(72, 138, ["LEFT " + line for line in prose(12, words=6)])
    sheet.lines(330, 110, ["RIGHT " + line for line in prose(15, words=6, seed=9)])

    text = markdown(sheet)

    assert text.index("Abstract") < text.index("LEFT") < text.rindex("LEFT") < text.index("RIGHT")


def test_a_heading_beside_another_column_stays_apart(sheet: Sheet) -> None:
    sheet.lines(72, 100, ["LEFT seven wizards brew strong potions"] * 5)
    sheet.text(72, 176, "A heading that ends far right", size=14)
    sheet.lines(72, 200, ["LEFT seven wizards brew strong potions"] * 6)
    sheet.lines(258, 100, ["RIGHT " + line for line in prose(15, words=6, seed=9)])

    assert headings(markdown(sheet)) == ["# A heading that ends far right"]


def test_a_paragraph_goes_on_behind_a_note_at_the_foot_of_its_column(sheet: Sheet) -> None:
    sheet.lines(72, 100, [*prose(6, words=6), "and so the level of the water"])
    sheet.lines(72, 700, ["7The gauge was read by hand,", "once every hour of the day."], 9, size=7)
    sheet.lines(330, 100, ["did not fall until the morning.", *prose(6, words=6, seed=9)])

    assert "the level of the water did not fall until the morning" in markdown(sheet)


def test_the_mark_of_a_note_is_parted_from_its_text(sheet: Sheet) -> None:
    sheet.lines(72, 100, prose(6))
    sheet.text(72, 697, "7", size=5)
    sheet.text(74.5, 700, "The gauge was read by hand, once every hour.", size=8)

    assert "[7] The gauge was read" in markdown(sheet)


def test_labels_of_a_drawing_stay_with_it(sheet: Sheet) -> None:
    sheet.lines(72, 100, prose(8))
    for x in range(120, 400, 20):
        sheet.canvas.bezier(x, 500, x + 5, 540, x + 10, 460, x + 20, 500)
    sheet.rule(110, 240, 110, 330)
    sheet.rule(110, 330, 410, 330)
    for at in range(4):
        sheet.text(96, 330 - 25 * at, str(10 * at), size=7)
        sheet.text(120 + 80 * at, 340, f"{at} km", size=7)
    sheet.text(200, 365, "Figure 1: The level of the river.", size=9)
    sheet.lines(72, 400, prose(8, seed=5))

    text = markdown(sheet)

    assert re.search(r'!\[]\( "drawing; text: [^"]*3 km[^"]*"\)\n\nFigure 1: The level', text)
    assert "|" not in text
    assert text.count("km") == 4


def test_a_table_with_a_figures_caption_stays_a_table(sheet: Sheet) -> None:
    for y in (100, 116, 170):
        sheet.rule(72, y, 300, y)
    for at, row in enumerate((("Site", "Flow"), ("North", "12.1"), ("South", "9.4"), ("East", "7.7"))):
        sheet.text(74, 112 + 16 * at, row[0])
        sheet.text(200, 112 + 16 * at, row[1])
    sheet.text(72, 190, "Figure 2: Flows of three sites.")

    assert "| North | 12.1 |" in markdown(sheet)


def test_a_typescript_is_no_code(sheet: Sheet) -> None:
    sheet.text(72, 80, "Report of the keeper", size=16, font="Courier")
    sheet.lines(72, 120, prose(8, words=9), font="Courier")

    text = markdown(sheet)

    assert "```" not in text
    assert headings(text) == ["# Report of the keeper"]


def test_a_page_of_code_stays_code() -> None:
    words = [
        Word(t, 0, 0, 1, 1, Style(9, mono=True))
        for t in ["def", "f(x):", "return", "{x:", "x", "+", "1}", "if", "(x)", "else", "x"]
    ]

    without_typewriter(words)

    assert all(word.style.mono for word in words)


def test_sizes_of_an_ocr_layer_are_evened_but_not_those_of_titles() -> None:
    words = [Word("a", 0, 0, 1, 1, Style(size)) for size in (9.4, 10.1, 10.9, 8.4, 15.0)]

    even_sizes(words)

    assert [word.style.size for word in words] == [10.1, 10.1, 10.1, 10.1, 15.0]


@pytest.mark.parametrize(
    ("text", "plausible"),
    [
        ("Be sure to use the import style instead of another", True),
        ("7KLV LV WKH WHAW RI D SDJH ZLWKRXW D PDS", False),
        ("vv\ue357 xx\ue342 \ue32a \ue31b words between the signs", False),
        ("12 34 56", False),
        ("1.1.48 LyricEvent 17 1.1.49 MultiMeasureRestEvent 18", True),
        ("len supp dose 4.2 VC 0.5 11.5 VC 0.5 7.3 VC 0.5", True),
        ("统计上大中小微型企业划分标准 行业名称 指标名称 计量 500≤Y<20000", True),
        ("統計表のデータを読む 第三章", True),
        ("국가 정보보안 기술 발전 방향", True),
        ("묾푷 칺몮 퓒읊 컪켾 훟팢", False),
        ("鱫鸔 龘 鰤麢 鼊齾 龗 爨癵 虋", False),
        ("Привет, это обычный текст", True),
        ("Ïðèâåò ýòî îáû÷íûé òåêñò", False),
        ("ऽुўटयाँ ѠनदӃश कҴ ѝरपोटर् Ѡबн", False),
    ],
)
def test_a_text_is_told_from_the_codes_of_a_font_without_a_map(text: str, plausible: bool) -> None:
    assert is_plausible(text) is plausible


def test_a_sign_that_no_font_explains_is_a_bullet() -> None:
    assert is_bullet("\x88")
    assert not is_bullet("a")


@pytest.mark.parametrize(
    ("name", "weight", "bold"),
    [
        ("CMR10", 744, False),
        ("PMYFCY+LMMono9-Regular", 840, False),
        ("Times-Italic", 675, False),
        ("CMBX10", 400, True),
        ("TimesNewRomanPS-BoldMT", 400, True),
        ("NimbusRomNo9L-Medi", 700, True),
        ("F1", 700, True),
        ("F1", 400, False),
    ],
)
def test_the_name_of_a_font_says_more_than_its_weight(name: str, weight: int, bold: bool) -> None:
    run = TextItem("text", 0, 0, 20, 10, name, font_height=10.0, font_weight=weight)

    assert style_of(run).bold is bold


def test_a_weight_that_most_text_has_is_none() -> None:
    def run(text: str, weight: int) -> TextItem:
        return TextItem(text=text, x=0, y=0, width=1, height=1, font_name="Charter", font_weight=weight)

    items = [run("the text of the page " * 9, 645), run("a head", 800), run("a note", 620)]

    without_guessed_weights(items)

    assert [item.font_weight for item in items] == [0, 800, 0]
