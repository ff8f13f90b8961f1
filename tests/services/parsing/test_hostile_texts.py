"""Texts that a pattern could read in very many ways: each once took for ever.

Nothing is timed: what is wrong here does not end.
"""

import pytest
from lxml.html import fragment_fromstring  # type: ignore[import-untyped]

from services.parsing import emphasis, parse
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
