# ruff: noqa: E501 (markup reads best on one line)
"""What Word shows beyond paragraphs: labels, symbols, forms, comments, heads, embedded documents."""

from __future__ import annotations

import io
import zipfile

import pytest

from services.parsing import parse
from services.parsing.formats.docx.numbering import ordinal
from services.parsing.office.symbols import from_symbol_font, symbol
from tests.services.parsing import samples
from tests.services.parsing.samples import W, docx, listed, paragraph


def markdown(body: str, **more: object) -> str:
    return parse(docx(body, **more), "a.docx").markdown.rstrip("\n")  # type: ignore[arg-type]


def numbering(*levels: str, more: str = "") -> dict[str, str]:
    """A list with the id 1: `kind|text` of each level."""
    shown = "".join(
        f'<w:lvl w:ilvl="{at}"><w:numFmt w:val="{level.split("|")[0]}"/><w:lvlText w:val="{level.split("|")[1]}"/></w:lvl>'
        for at, level in enumerate(levels)
    )
    return {
        "word/numbering.xml": f'<w:numbering {W}><w:abstractNum w:abstractNumId="1">{shown}</w:abstractNum>'
        f'<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>{more}</w:numbering>'
    }


def test_labels_that_markdown_cannot_count_are_written_out() -> None:
    body = (
        listed("Lease")
        + listed("Rent", depth=1)
        + listed("monthly", depth=2)
        + listed("in cash", depth=2)
        + listed("Use", depth=1)
    )
    parts = numbering("decimal|%1.", "decimal|%1.%2", "lowerLetter|(%3)")

    assert (
        markdown(body, parts=parts)
        == "1. Lease\n   - 1.1 Rent\n     - (a) monthly\n     - (b) in cash\n   - 1.2 Use"
    )


@pytest.mark.parametrize(
    ("level", "shown"),
    [("lowerRoman|%1.", "- i. x\n- ii. y"), ("japaneseCounting|第%1条", "- 第一条 x\n- 第二条 y"), ("decimal|Article %1", "- Article 1 x\n- Article 2 y"),
     ("decimal|%1)", "1) x\n2) y"), ("decimalZero|%1.", "- 01. x\n- 02. y"), ("bullet|o", "- x\n- y")],
)  # fmt: skip
def test_labels_of_other_kinds(level: str, shown: str) -> None:
    assert markdown(listed("x") + listed("y"), parts=numbering(level)) == shown


def test_a_list_that_starts_again_counts_from_there() -> None:
    again = '<w:num w:numId="2"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'

    text = markdown(
        listed("a") + listed("b") + paragraph("-") + listed("c", 2),
        parts=numbering("decimal|%1.", more=again),
    )
    assert text.endswith("1. c")


def test_counters_as_word_writes_them() -> None:
    kinds = (
        "upperRoman",
        "lowerLetter",
        "ordinal",
        "chineseCounting",
        "decimalEnclosedCircle",
        "aiueo",
        "unknown",
    )

    assert [ordinal(12, kind) for kind in kinds] == ["XII", "l", "12th", "十二", "⑫", "シ", "12"]
    assert [ordinal(n, "japaneseCounting") for n in (0, 10, 21, 305)] == ["零", "十", "二十一", "三百五"]


def test_symbols_are_the_characters_that_they_show() -> None:
    body = (
        '<w:p><w:r><w:sym w:font="Symbol" w:char="F0B3"/><w:t xml:space="preserve"> 4 and </w:t></w:r>'
        '<w:r><w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr><w:t>\uf0fe</w:t></w:r></w:p>'
    )

    assert markdown(body) == "≥ 4 and ☑"
    assert (symbol(0xF061, "Symbol"), symbol(0x41, "Arial"), symbol(0xE123, "Odd")) == ("α", "A", "")
    assert from_symbol_font("a", "Symbol") == "α"


def test_boxes_and_choices_of_forms_say_what_is_chosen() -> None:
    def field(data: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{data}</w:ffData></w:fldChar></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'

    yes = field('<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>')
    no = field('<w:checkBox><w:default w:val="0"/></w:checkBox>')
    choice = field(
        '<w:ddList><w:result w:val="1"/><w:listEntry w:val="North"/><w:listEntry w:val="South"/></w:ddList>'
    )

    assert (
        markdown(f"<w:p>{yes}<w:r><w:t>yes</w:t></w:r>{no}<w:r><w:t>no</w:t></w:r></w:p><w:p>{choice}</w:p>")
        == "☒yes☐no\n\nSouth"
    )


def test_soft_hyphens_and_struck_text() -> None:
    struck = paragraph("10", run="<w:strike/>")

    assert markdown(paragraph("Schleu\u00adsen\u200btor") + struck) == "Schleusentor\n\n~~10~~"


def test_comments_follow_their_paragraph() -> None:
    comments = f'<w:comments {W}><w:comment w:id="0" w:author="Ann"><w:p><w:r><w:t>Since when?</w:t></w:r></w:p></w:comment></w:comments>'
    body = '<w:p><w:r><w:t>Old.</w:t></w:r><w:r><w:commentReference w:id="0"/></w:r></w:p>' + paragraph(
        "Next."
    )

    text = markdown(body, parts={"word/comments.xml": comments}, links={"c": ("comments", "comments.xml")})
    assert text == "Old.\n\nComment by Ann: Since when?\n\nNext."


def test_heads_and_feet_are_kept_once_where_they_say_what_stands_nowhere_else() -> None:
    def part(kind: str, *texts: str) -> str:
        return f"<w:{kind} {W}>{''.join(paragraph(text) for text in texts)}</w:{kind}>"

    refs = '<w:headerReference r:id="h1"/><w:headerReference r:id="h2"/><w:footerReference r:id="f1"/>'
    text = markdown(
        paragraph("Letter") + f"<w:sectPr>{refs}</w:sectPr>",
        parts={
            "word/h1.xml": part("hdr", "File no. 7", "Letter"),
            "word/h2.xml": part("hdr", "File no. 7"),
            "word/f1.xml": part("ftr", "Page 1 of 3", "Account 99"),
        },
        links={"h1": ("header", "h1.xml"), "h2": ("header", "h2.xml"), "f1": ("footer", "f1.xml")},
    )
    assert text == "File no. 7\n\nLetter\n\nAccount 99"


def test_embedded_workbooks_and_imported_chunks_are_read() -> None:
    spaces = 'xmlns:o="urn:schemas-microsoft-com:office:office"'
    body = f'<w:p><w:r><w:object {spaces}><o:OLEObject r:id="x"/></w:object></w:r></w:p><w:altChunk r:id="h"/><w:altChunk r:id="d"/>'
    text = markdown(
        body,
        parts={
            "word/embeddings/book.xlsx": samples.xlsx({"S": samples.rows(["a", "b"])}),
            "word/chunk.html": "<h2>Head</h2><p>Inside</p>",
            "word/chunk.docx": docx(paragraph("Deep")),
        },
        links={
            "x": ("package", "embeddings/book.xlsx"),
            "h": ("aFChunk", "chunk.html"),
            "d": ("aFChunk", "chunk.docx"),
        },
    )
    assert "| a | b |" in text
    assert "## Head\n\nInside\n\nDeep" in text


def test_deleted_cells_are_left_out() -> None:
    cells = f"<w:tc>{paragraph('a')}</w:tc><w:tc><w:tcPr><w:cellDel/></w:tcPr>{paragraph('gone')}</w:tc><w:tc>{paragraph('b')}</w:tc>"

    assert markdown(f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>") == "| a | b |\n| --- | --- |"


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx"])
def test_strict_files_are_read_like_others(name: str) -> None:
    source = (
        docx(paragraph("One", "H1")) if name == "a.docx" else samples.xlsx({"S": samples.rows(["x", "y"])})
    )
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(held, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            for kind in (b"wordprocessingml", b"spreadsheetml", b"officeDocument"):
                usual, strict = (
                    b"schemas.openxmlformats.org/" + kind + b"/2006",
                    b"purl.oclc.org/ooxml/" + kind,
                )
                content = content.replace(usual, strict)
            new.writestr(part, content)

    assert parse(held.getvalue(), name).markdown == parse(source, name).markdown
