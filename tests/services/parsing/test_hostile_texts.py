"""Texts that are short and that a pattern could read in exponentially many ways: each once took for ever.

Nothing is timed: what is wrong here does not end.
"""

import pytest

from services.parsing import parse
from tests.services.parsing import samples

#: Enough that each doubling of the ways outlives the machine.
MANY = 200

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
