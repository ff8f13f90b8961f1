"""Texts that a pattern could read in very many ways: each once took for ever.

Nothing is timed: what is wrong here does not end.
"""

import io
import zipfile

import pytest
from lxml.html import fragment_fromstring  # type: ignore[import-untyped]
from PIL import Image, ImageDraw, ImageFont

from services.parsing import emphasis, parse
from services.parsing.formats.delimited import Dialect
from services.parsing.formats.html.inline import is_hidden
from services.parsing.page.tables.values import is_figure
from tests.services.parsing import samples

#: Enough that each doubling of the ways outlives the machine.
MANY = 200
#: Enough that quadratic work outlives the time of a test.
VERY_MANY = 1_000_000

TEXTS = {
    "comments before no page": (b"<!---->\n" * MANY + b"<x", "a"),
    "comments before no document of XML": (
        b"<?xml version='1.0'?>" + b"<!-- a -->\n" * MANY + b"<x",
        "a.xml",
    ),
    "tags before no table": (b"<meta \n" * MANY + b"<x", "a.xls"),
    "styles before no table": (b"<style> </style>\n" * MANY + b"<x", "a.xls"),
}


@pytest.mark.parametrize(("data", "name"), TEXTS.values(), ids=list(TEXTS))
def test_a_text_that_begins_like_another_format_is_text(data: bytes, name: str) -> None:
    assert "<x" in parse(data, name).markdown


def test_a_head_of_many_page_numbers_is_none() -> None:
    head = f"<w:hdr {samples.W}>{samples.paragraph('页/' * MANY + 'x')}</w:hdr>"
    section = '<w:sectPr><w:headerReference r:id="h1"/></w:sectPr>'
    body = samples.paragraph("text") + section
    data = samples.docx(body, parts={"word/h1.xml": head}, links={"h1": ("header", "h1.xml")})

    assert "x" in parse(data, "a.docx").markdown.splitlines()[0]


def test_a_field_of_switches_has_no_equation() -> None:
    field = (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>EQ '
        + "\\a " * MANY
        + '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:t>text</w:t></w:r></w:p>'
    )

    assert "text" in parse(samples.docx(field), "a.docx").markdown


@pytest.mark.parametrize(
    "text", ["-" * VERY_MANY + "x", "1" + ")" * VERY_MANY + "z"], ids=["before", "after"]
)
def test_signs_around_no_figure_are_text(text: str) -> None:
    assert not is_figure(text)


def test_blanks_before_no_mark_are_one() -> None:
    strong = f"{emphasis.STRONG}a{emphasis.STRONG_END}"

    assert emphasis.resolve(f"{strong}{' ' * VERY_MANY}b") == "**a** b"


@pytest.mark.parametrize(
    "style", ["height:0;" * VERY_MANY, "clip:rect(" + f"1{' ' * VERY_MANY}" * 3], ids=["height", "clip"]
)
def test_a_long_style_that_hides_nothing_is_read_in_one_pass(style: str) -> None:
    element = fragment_fromstring("<p>text</p>")
    element.set("style", style)

    assert not is_hidden(element)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("<?xml version='1.0'?><html><body><p>text" + "<![CDATA[" * VERY_MANY, "a.html"),
        ("<p>text</p><ol class='gutter'>" + "<li>1</li>" * (VERY_MANY // 20) + "</ol>", "a.html"),
    ],
    ids=["data that never ends", "numbers of lines"],
)
def test_a_page_is_read_in_one_pass(data: str, name: str) -> None:
    assert parse(data.encode(), name).markdown.startswith("text")


@pytest.mark.parametrize(
    "line",
    ['"a"b' + ',"x' * VERY_MANY, '"a"b' + '"  ' * VERY_MANY + "x", '"a"b' + ',"c"d' * VERY_MANY],
    ids=["cells", "quotes", "words"],
)
def test_quotes_in_cells_that_never_end_are_looked_for_in_one_pass(line: str) -> None:
    assert len(Dialect().mended(line)) <= 2 * len(line)


def test_escaped_quotes_that_never_end_are_looked_for_in_one_pass() -> None:
    line = '"a\\' + ',"\\' * VERY_MANY

    assert Dialect(escape="\\").mended(line).startswith('"a')


def test_ampersands_before_no_data_that_ends_are_escaped_in_one_pass() -> None:
    feed = "<rss version='2.0'><channel><title>Salt & Pepper</title>" + "<![CDATA[" * VERY_MANY

    assert parse(feed.encode(), "a.xml").markdown.startswith("# Salt & Pepper")


def test_a_feed_with_an_address_that_is_none_is_read() -> None:
    entry = "<entry><title>Gate</title><link href='b'/><content>text</content></entry>"
    feed = f"<feed xmlns='http://www.w3.org/2005/Atom' xml:base='http://[bad'>{entry}</feed>"

    assert parse(feed.encode(), "a.atom").markdown == "## [Gate](b)\n\ntext\n"


def test_a_feed_behind_a_document_type_is_read() -> None:
    start = "<?xml version='1.0'?><!DOCTYPE rss PUBLIC '-//A//DTD RSS 0.91//EN' 'http://a/b.dtd'>"
    feed = f"{start}<rss version='0.91'><channel><title>Gates</title></channel></rss>"

    assert parse(feed.encode(), "a.xml").markdown == "# Gates\n"


def test_a_moving_picture_that_ends_within_a_frame_keeps_its_words() -> None:
    stream = io.BytesIO()
    frames = [Image.new("RGB", (600, 200), colour) for colour in ("white", "black")]
    ImageDraw.Draw(frames[0]).text((20, 60), "Gates", fill="black", font=ImageFont.load_default(60))
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:])
    data = stream.getvalue()

    document = parse(data[: data.rfind(b"fcTL") + 10], "a.png")

    assert "Gates" in document.markdown
    assert any("frame 2" in warning for warning in document.warnings)


def test_names_in_an_archive_that_hold_line_feeds_stay_apart() -> None:
    stream = io.BytesIO()
    names = {b"N0__x1.txt": b"caf\xe9\nx.txt", b"N1__x2.txt": b"norm\xe4l.txt"}
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name.decode(), f"of {name.decode()[:2]}")
    data = stream.getvalue()
    for name, raw in names.items():
        data = data.replace(name, raw)

    text = parse(data, "a.zip").markdown

    assert text.index("x.txt") < text.index("of N0") < text.index("l.txt") < text.index("of N1")


def test_a_sheet_that_hides_very_many_classes_is_read_in_one_pass() -> None:
    names = [f"a{n}" for n in range(VERY_MANY // 50)]
    style = ",".join(f".{name}" for name in names) + "{display:none}"
    page = f"<style>{style}</style>{''.join(f'<p class={name}>gone' for name in names)}<p>shown"

    assert parse(page.encode(), "a.html").markdown.strip() == "shown"
