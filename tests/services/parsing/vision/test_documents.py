"""Documents with a vision model: which pages it reads, and what becomes of its answers."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest
from PIL import Image, ImageDraw, ImageFont

from services.parsing.drafts import draft
from services.parsing.format import Input
from services.parsing.parser import parse
from services.parsing.questions import Draft, Limits
from services.parsing.sandbox.pool import Sandbox
from services.parsing.vision import VisionReader
from tests.services.parsing.pdf.conftest import Sheet
from tests.services.parsing.vision.conftest import KEY, MakeReader, Model, status

TEXT = "The harbour office counted 1204 crates on Friday."


def scan(*lines: str) -> Image.Image:
    page = Image.new("RGB", (850, 1100), "white")
    for at, line in enumerate(lines):
        ImageDraw.Draw(page).text((80, 100 + 60 * at), line, "black", ImageFont.load_default(28))
    return page


def of_pages(*pages: str | Image.Image) -> bytes:
    """A PDF of pages with a text, or a picture that fills them."""
    sheet = Sheet()
    for at, page in enumerate(pages):
        if at:
            sheet.next_page()
        if isinstance(page, str):
            sheet.lines(72, 100, page.split("\n"), step=14)
        else:
            sheet.picture(page, 0, 0, 612, 792)
    return sheet.data()


async def parsed(data: bytes, reader: VisionReader, name: str = "a.pdf") -> Draft:
    """Both passes, in this process."""
    source = Input(data, name)
    first = draft(source, reader.limits)
    if not first.asked:
        return first
    return draft(source, reader.limits, await reader.answers(first.asked, "run"))


async def test_by_default_the_model_reads_scans_alone(model: Model, reader_of: MakeReader) -> None:
    model.replies = ["```markdown\n# Ledger of 1904\n\nIron, 12 tons.\n```"]

    document = await parsed(of_pages(scan(), TEXT), reader_of())

    assert document.markdown == f"# Ledger of 1904\n\nIron, 12 tons.\n\n{TEXT}\n"
    assert [document.markdown[p.start : p.end].strip()[:8] for p in document.pages] == [
        "# Ledger",
        "The harb",
    ]
    assert len(model.asked) == 1


@pytest.mark.parametrize(("pages", "asked"), [("never", 0), ("scans", 0), ("unsure", 2), ("always", 3)])
async def test_the_setting_says_which_pages_it_reads(
    model: Model, reader_of: MakeReader, pages: str, asked: int
) -> None:
    formula = "The area is ∫ f(x) dx ≈ ∑ f(xᵢ) Δx ≤ 4π ∂u/∂t ≥ 0 ∀ x ∈ A."
    sheet = Sheet()
    sheet.text(72, 100, TEXT)
    sheet.next_page()
    sheet.text(72, 100, "Rows that stay rows: 12 13 14 15 16 17 18 19 20 21 22 23 24")
    sheet.next_page()
    from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
    from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]

    pdfmetrics.registerFont(TTFont("DejaVu", "DejaVuSans.ttf"))
    sheet.text(72, 100, formula, font="DejaVu")

    await parsed(sheet.data(), reader_of(pages=pages))

    assert len(model.asked) == asked


async def test_formulas_come_as_latex(model: Model, reader_of: MakeReader) -> None:
    model.replies = ["The area is \\(x^{2}\\), so\n\n\\[ \\frac{a}{b} = \\sqrt{12} \\]"]

    document = await parsed(of_pages("The area is x2, so a b = 12"), reader_of(pages="always"))

    assert document.markdown == "The area is $x^{2}$, so\n\n$$\n\\frac{a}{b} = \\sqrt{12}\n$$\n"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("The cat sat on the mat and dreamt of mice, cheese and long winters.", "of the words of its answer"),
        ("asdk qwpe zxmv rtyu fghj bnmc lkjh poiu", "of the words of its answer"),
        ("I am sorry, but I cannot read this page.", "of the words of its answer"),
        (TEXT.replace("1204", "1240"), "the figures 1204 are missing from its answer"),
        (TEXT.replace(" 1204", ""), "the figures 1204 are missing from its answer"),
        (TEXT + " In 1905, 77 more.", "the figures 1905, 77 are not on the page"),
        ("The harbour office", "of the words of the page"),
        ("", "its answer has no text"),
        ("![A harbour with many ships]()", "its answer has no text"),
    ],
)
async def test_an_answer_that_does_not_agree_with_the_page_is_refused_and_told(
    model: Model, reader_of: MakeReader, answer: str, why: str
) -> None:
    model.replies = [answer]

    document = await parsed(of_pages(TEXT), reader_of(pages="always"))

    assert document.markdown == f"{TEXT}\n"
    assert len(document.warnings) == 1
    assert document.warnings[0].startswith("vision model: page 1 not read: ")
    assert why in document.warnings[0]


async def test_the_words_that_ocr_finds_tell_an_invented_scan(model: Model, reader_of: MakeReader) -> None:
    page = scan(
        "The harbour office of Lyndon counted", "many wooden crates of salted herring", "on Friday 1204"
    )
    model.replies = ["Once upon a time there was a dragon that lived in 1999 caves below the mountains."]

    document = await parsed(of_pages(page), reader_of())

    assert "salted herring" in document.markdown
    assert "dragon" not in document.markdown
    assert "not read: only" in document.warnings[0]


async def test_a_transcript_in_a_script_that_ocr_cannot_read_is_not_held_against_it(
    model: Model, reader_of: MakeReader
) -> None:
    page = scan(
        "The harbour office of Lyndon counted", "many wooden crates of salted herring", "on Friday 1204"
    )
    model.replies = ["Контора порта насчитала множество ящиков"]

    assert "Контора" in (await parsed(of_pages(page), reader_of())).markdown


async def test_a_page_that_the_model_does_not_read_has_its_own_words_and_a_warning(
    model: Model, reader_of: MakeReader
) -> None:
    model.replies = [status(401)]

    document = await parsed(
        of_pages(TEXT, TEXT + " Twice.", scan("Herring and salt")), reader_of(pages="always")
    )

    assert TEXT in document.markdown
    assert "Herring and salt" in document.markdown
    assert document.warnings == (
        "vision model: pages 1–3 not read: the server answered 401: no, … "
        "(HEADRACE_VISION_URL, _MODEL, _API_KEY)",
    )
    assert KEY not in repr(document)


async def test_a_document_has_a_budget_and_says_when_it_is_used_up(
    model: Model, reader_of: MakeReader
) -> None:
    model.replies = ["Page with a number"]

    pages = of_pages(*[f"Page with a number {n}" for n in range(1, 6)])
    document = await parsed(pages, reader_of(pages="always", questions=2))

    assert len(model.asked) == 2
    assert document.warnings == (
        "vision model: pages 3–5 not read: a document may ask 2 times (HEADRACE_VISION_DOCUMENT_REQUESTS)",
    )


async def test_nothing_is_asked_about_the_pictures_of_a_page_that_is_read(
    model: Model, reader_of: MakeReader
) -> None:
    sheet = Sheet()
    sheet.text(72, 100, TEXT)
    sheet.picture(scan("Herring"), 72, 200, 300, 300)
    model.replies = [TEXT + " ![A sheet of paper]()", "A sheet of paper."]

    data = sheet.data()

    read = await parsed(data, reader_of(pages="always"))
    described = await parsed(data, reader_of())

    assert len(model.asked) == 2
    assert "![A sheet of paper]()" in read.markdown
    assert described.markdown.startswith(f"{TEXT}\n\n![A sheet of paper.](")


async def test_pages_of_two_attachments_are_two_questions(model: Model, reader_of: MakeReader) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Two scans"
    for name, line in (("a", "Herring and salt"), ("b", "Wine and oil")):
        mail.add_attachment(of_pages(scan(line)), "application", "pdf", filename=f"{name}.pdf")
    model.replies = ["# Herring and salt", "# Wine and oil"]

    markdown = (await parsed(mail.as_bytes(), reader_of(), "a.eml")).markdown

    assert len(model.asked) == 2
    assert markdown.count("Herring and salt") == markdown.count("Wine and oil") == 1


async def test_a_blank_scan_is_blank_and_no_warning(model: Model, reader_of: MakeReader) -> None:
    model.replies = [""]

    document = await parsed(of_pages(TEXT, scan()), reader_of())

    assert (document.markdown, document.warnings) == (f"{TEXT}\n", ())


async def test_a_picture_has_its_description_and_its_words(model: Model, reader_of: MakeReader) -> None:
    held = io.BytesIO()
    scan("Quarterly sales").save(held, "PNG")
    model.replies = ["A sheet\nof paper."]

    document = await parsed(held.getvalue(), reader_of(), "a.png")

    assert document.markdown.startswith("![A sheet of paper.](a.png")
    assert "Quarterly sales" in document.markdown


@pytest.fixture
async def sandbox(reader_of: MakeReader) -> AsyncIterator[Sandbox]:
    box = Sandbox(vision=reader_of())
    yield box
    box.close()


async def test_the_sandbox_asks_for_a_worker_that_has_no_network(model: Model, sandbox: Sandbox) -> None:
    model.replies = ["# Ledger of 1904"]

    document = await sandbox.parse(of_pages(scan(), TEXT), "a.pdf", None, run="run")

    assert document.markdown == f"# Ledger of 1904\n\n{TEXT}\n"
    assert (await sandbox.parse(b"# fine", "a.md", None)).markdown == "# fine"
    assert len(model.asked) == 1


def test_without_an_endpoint_nothing_is_asked() -> None:
    assert parse(of_pages(scan("Herring and salt")), "a.pdf").markdown == "Herring and salt\n"
    assert draft(Input(of_pages(TEXT), "a.pdf"), Limits()).asked == ()
