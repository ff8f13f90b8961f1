"""What a page shows beside its running text, and what only seems to run."""

from __future__ import annotations

import pytest

from schemas.errors import CorruptDocument
from services.parsing import parse
from tests.services.parsing.pdf.conftest import Sheet, prose


def markdown(data: bytes) -> str:
    return parse(data, "a.pdf").markdown


def written(annotations: str = "", objects: tuple[str, ...] = (), catalog: str = "") -> bytes:
    """A page with one line of text and annotations; `objects` are numbered from 6."""
    content = "BT /F1 11 Tf 72 700 Td (The line of the page.) Tj ET"
    parts = [
        f"<</Type/Catalog/Pages 2 0 R{catalog}>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>"
        f"/Annots[{annotations}]>>",
        f"<</Length {len(content)}>>\nstream\n{content}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *objects,
    ]
    data, offsets = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{part}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    count = len(parts) + 1
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<</Size {count}/Root 1 0 R>>\n"
    return data + (end + f"startxref\n{len(data)}\n%%EOF\n").encode()


def test_values_of_forms_are_read_although_no_appearance_was_saved() -> None:
    field = "<</Type/Annot/Subtype/Widget/FT/{}/T({})/V{}/Rect[{} 600 {} 616]{}>>"
    objects = (
        field.format("Tx", "boat", "(Marie of Sund)", 72, 272, ""),
        field.format("Btn", "paid", "/Yes", 300, 316, "/AS/Yes"),
    )
    form = "/AcroForm<</Fields[6 0 R 7 0 R]/DA(/F1 11 Tf)>>"

    text = markdown(written("6 0 R 7 0 R", objects, form))
    assert "Marie of Sund" in text
    assert "☒" in text


def test_text_typed_onto_a_page_and_remarks_are_read() -> None:
    typed = "<</Type/Annot/Subtype/FreeText/Contents(Received in May)/Rect[72 500 300 530]>>"
    remark = "<</Type/Annot/Subtype/Text/Contents(Ask again)/T(Ann)/Rect[400 700 416 716]>>"

    text = markdown(written("6 0 R 7 0 R", (typed, remark)))
    assert "Received in May" in text
    assert text.endswith("Comment by Ann: Ask again\n")


def test_attached_files_are_read() -> None:
    file = "<</Type/EmbeddedFile/Length 17>>\nstream\ngate,turns\n7,17\n\nendstream"
    spec = "<</Type/Filespec/F(t.csv)/UF(t.csv)/EF<</F 6 0 R>>>>"
    names = "/Names<</EmbeddedFiles<</Names[(t.csv) 7 0 R]>>>>"

    assert "## Attachment: t.csv\n\n| gate | turns |" in markdown(written("", (file, spec), names))


@pytest.mark.parametrize("cut", ["xref", "trailer", "%%EOF", "startxref"])
def test_a_file_without_its_end_is_read_and_told(cut: str) -> None:
    data = written()
    document = parse(data[: data.rindex(cut.encode()) + 3], "a.pdf")

    assert document.markdown == "The line of the page.\n"
    assert document.warnings in ((), ("PDF: its end is missing; what is there was read",))


def test_a_file_that_is_cut_within_its_pages_is_refused() -> None:
    with pytest.raises(CorruptDocument, match=r"a\.pdf"):
        parse(written()[:40], "a.pdf")


def test_nothing_runs_on_one_page(sheet: Sheet) -> None:
    sheet.text(72, 30, "Miller & Sons, Weir Lane 12")
    sheet.lines(72, 120, prose(10))
    sheet.text(72, 760, "Account 99")

    text = markdown(sheet.data())
    assert text.startswith("Miller & Sons, Weir Lane 12")
    assert text.endswith("Account 99\n")


@pytest.mark.parametrize(("head", "y"), [("Downloaded from a library", 14), ("Notices of weirs", 40)])
def test_stamps_and_the_head_of_a_numbered_excerpt_are_no_text(sheet: Sheet, head: str, y: float) -> None:
    sheet.text(72, y, head, size=8)
    if y > 20:
        sheet.text(300, 770, "217", size=8)
    sheet.lines(72, 120, prose(10))

    assert markdown(sheet.data()).startswith("The quick")


def test_the_title_of_two_copies_stays_once_and_pages_that_are_equal_do_not_vanish(sheet: Sheet) -> None:
    for copy in ("guest", "harbour"):
        sheet.text(72, 60, "Receipt 99", size=16)
        sheet.lines(72, 120, [*prose(3), f"Copy for the {copy}."])
        sheet.next_page()
    text = markdown(sheet.data())

    assert text.count("Receipt 99") == 1
    assert "Copy for the guest." in text
    assert "Copy for the harbour." in text


def test_equal_pages_are_not_taken_for_running_heads(sheet: Sheet) -> None:
    for _ in range(3):
        sheet.lines(72, 50, ["Harbour pass", "valid for one boat"])
        sheet.next_page()

    text = markdown(sheet.data())
    assert "Harbour pass" in text
    assert "valid for one boat" in text


def test_small_lines_that_repeat_run_unless_they_hold_facts(sheet: Sheet) -> None:
    for page in range(3):
        sheet.text(72, 30, "Journal of weirs", size=7)
        sheet.lines(72, 120, prose(40, seed=page * 5))
        sheet.text(72, 770, "Account 1234 5678", size=7)
        sheet.next_page()
    text = markdown(sheet.data())

    assert "Journal of weirs" not in text
    assert text.count("Account 1234 5678") == 1


def test_letters_that_are_spaced_out_are_words(sheet: Sheet) -> None:
    for y, space in ((100, 6.0), (140, 3.0)):
        line = sheet.canvas.beginText(72, 792 - y)
        line.setFont("Helvetica", 12)
        line.setCharSpace(space)
        line.textOut("SPACED TITLE")
        sheet.canvas.drawText(line)
    sheet.lines(72, 200, prose(3))

    assert markdown(sheet.data()).count("SPACED TITLE") == 2


def test_single_letters_are_not_joined(sheet: Sheet) -> None:
    sheet.text(72, 100, "Answers a b c d e are possible.")

    assert "a b c d e" in markdown(sheet.data())


@pytest.mark.parametrize(
    ("before", "raised", "after", "shown"),
    [
        ("holds 4 x 10", "6", " litres", "10^6 litres"),
        ("an area of 7 m", "2", " of land", "7 m^2 of land"),
        ("as in the note", "12", " below", "note[12] below"),
    ],
)
def test_raised_digits_are_told_from_others(
    sheet: Sheet, before: str, raised: str, after: str, shown: str
) -> None:
    sheet.lines(72, 60, prose(3))
    line = sheet.canvas.beginText(72, 650)
    line.setFont("Helvetica", 11)
    line.textOut(before)
    line.setFont("Helvetica", 6)
    line.setRise(4)
    line.textOut(raised)
    line.setFont("Helvetica", 11)
    line.setRise(0)
    line.textOut(after)
    sheet.canvas.drawText(line)

    assert shown in markdown(sheet.data())


def test_a_soft_hyphen_at_the_end_of_a_line_joins_the_word(sheet: Sheet) -> None:
    sheet.lines(72, 100, [*prose(2), "the keeper of the Schleu\xad", "senwart goes on."], font="Helvetica")

    assert "Schleusenwart goes on." in markdown(sheet.data())


def test_a_page_without_text_says_so(sheet: Sheet) -> None:
    sheet.rule(10, 10, 100, 100)

    assert parse(sheet.data(), "a.pdf").warnings == (
        "PDF: no text was found in it, nor by OCR in its pictures",
    )


def test_the_head_of_an_excerpt_is_told_by_the_rule_below_it(sheet: Sheet) -> None:
    sheet.text(72, 110, "Rivers of the North")
    sheet.text(440, 110, "Note 17 of the board")
    sheet.rule(72, 114, 540, 114)
    sheet.lines(72, 140, prose(30))
    sheet.text(300, 690, "12")

    text = markdown(sheet.data())

    assert "Rivers of the North" not in text
    assert "Note 17" not in text
    assert "quick brown fox" in text


def test_a_page_number_above_a_stamp_is_left_out(sheet: Sheet) -> None:
    sheet.lines(72, 100, prose(30))
    sheet.text(300, 735, "199", size=11)
    sheet.text(72, 778, "Published by the archive of the river, 1997", size=8)

    assert markdown(sheet.data()).rstrip().endswith(prose(30)[-1])


def test_a_small_foot_goes_although_the_last_page_is_in_small_type(sheet: Sheet) -> None:
    sheet.lines(72, 100, prose(40))
    sheet.text(72, 760, "Proceedings of the workshop", size=8)
    sheet.next_page()
    sheet.lines(72, 100, prose(4, seed=3), size=8)
    sheet.text(72, 760, "Proceedings of the workshop", size=8)

    assert "Proceedings" not in markdown(sheet.data())


def test_pages_have_the_numbers_that_the_file_gives_them() -> None:
    labelled = parse(written(catalog="/PageLabels<</Nums[0<</S/r/St 4>>]>>"), "a.pdf")

    assert [(page.number, page.name) for page in labelled.pages] == [(1, "iv")]
    assert [page.name for page in parse(written(), "a.pdf").pages] == [None]
