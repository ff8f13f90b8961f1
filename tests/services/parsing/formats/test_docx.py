# ruff: noqa: E501 (markup reads best on one line)
from __future__ import annotations

from services.parsing import parse
from tests.services.parsing.samples import docx, listed, paragraph


def markdown(body: str, **more: object) -> str:
    return parse(docx(body, **more), "a.docx").markdown.rstrip("\n")  # type: ignore[arg-type]


def test_headings_follow_their_styles() -> None:
    assert (
        markdown(paragraph("One", "H1") + paragraph("Two", "H2") + paragraph("text"))
        == "# One\n\n## Two\n\ntext"
    )


def test_headings_stand_below_the_title_when_there_is_one() -> None:
    assert markdown(paragraph("Book", "T") + paragraph("One", "H1")) == "# Book\n\n## One"


def test_lists_nest_and_count() -> None:
    body = (
        listed("a")
        + listed("b", depth=1)
        + listed("c", depth=1)
        + listed("d")
        + listed("e", 2)
        + listed("f", 2)
    )

    assert markdown(body).replace("\n\n", "\n") == "- a\n  1. b\n  2. c\n- d\n3. e\n4. f"


def test_deleted_text_is_left_out_and_inserted_text_is_kept() -> None:
    body = (
        "<w:p><w:r><w:t>a</w:t></w:r><w:del><w:r><w:delText>b</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>c</w:t></w:r></w:ins></w:p>"
    )

    assert markdown(body) == "ac"


def test_hidden_text_is_left_out() -> None:
    assert markdown(paragraph("seen") + paragraph("unseen", run="<w:vanish/>")) == "seen"


def test_links_notes_and_emphasis() -> None:
    body = (
        '<w:p><w:hyperlink r:id="l1"><w:r><w:t>site</w:t></w:r></w:hyperlink><w:r><w:rPr><w:b/></w:rPr>'
        '<w:t xml:space="preserve"> bold</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    )
    notes = (
        '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        '<w:footnote w:id="2"><w:p><w:r><w:t>a note</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )
    links = {"l1": ("hyperlink", "https://e.org"), "f": ("footnotes", "footnotes.xml")}

    assert markdown(body, parts={"word/footnotes.xml": notes}, links=links) == (
        "[site](https://e.org) **bold**[^1]\n\n[^1]: a note"
    )


def test_code_paragraphs_become_one_block() -> None:
    assert (
        markdown(paragraph("def f():", "C") + paragraph("    return 1", "C"))
        == "```\ndef f():\n    return 1\n```"
    )


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


def test_tables_are_pipe_tables_and_merged_cells_span() -> None:
    plain = f"<w:tbl><w:tr>{cell('a')}{cell('b')}</w:tr><w:tr>{cell('c')}{cell('d')}</w:tr></w:tbl>"
    span, start, on = '<w:gridSpan w:val="2"/>', '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    wide = (
        f"<w:tbl><w:tr>{cell('a', span)}</w:tr><w:tr>{cell('b', start)}{cell('c')}</w:tr>"
        f"<w:tr>{cell('', on)}{cell('d')}</w:tr></w:tbl>"
    )

    assert markdown(plain) == "| a | b |\n| --- | --- |\n| c | d |"
    assert markdown(wide) == (
        '<table>\n<tr><td colspan="2">a</td></tr>\n<tr><td rowspan="2">b</td><td>c</td></tr>\n<tr><td>d</td></tr>\n</table>'
    )


def test_pages_are_counted_by_the_breaks_in_the_text() -> None:
    turn = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
    document = parse(docx(paragraph("one") + turn + paragraph("two")), "a.docx")

    assert [(p.number, document.markdown[p.start : p.end].strip()) for p in document.pages] == [
        (1, "one"),
        (2, "two"),
    ]


def test_formulas_become_tex() -> None:
    body = (
        "<w:p><m:oMathPara><m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>π</m:t></m:r></m:den></m:f>"
        "<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath></m:oMathPara></w:p>"
    )

    assert markdown(body) == "$$\\frac{a}{\\pi}x^{2}$$"


def test_text_boxes_are_read_once() -> None:
    box = f"<w:txbxContent>{paragraph('boxed')}</w:txbxContent>"
    body = (
        f"<w:p><w:r><mc:AlternateContent><mc:Choice><w:drawing>{box}</w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )

    assert markdown(body) == "boxed"
