# ruff: noqa: E501 (markup reads best on one line)
from __future__ import annotations

import io
import struct
import warnings
import zipfile

import pytest

from schemas.errors import CorruptDocument
from services.parsing import parse
from tests.services.parsing import samples

_SPACES = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    f'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="{samples.OFFICE}"'
)


def shape(kind: str, *paragraphs: tuple[int, str], index: int = 1) -> str:
    mark = f'<p:ph type="{kind}" idx="{index}"/>' if kind else ""
    lines = "".join(
        f'<a:p><a:pPr lvl="{level}"/><a:r><a:t>{text}</a:t></a:r></a:p>' for level, text in paragraphs
    )
    return f"<p:sp><p:nvSpPr><p:cNvPr id='1' name='s'/><p:nvPr>{mark}</p:nvPr></p:nvSpPr><p:txBody>{lines}</p:txBody></p:sp>"


def deck(*slides: str, hidden: int | None = None, notes: str = "") -> bytes:
    listing = "".join(f'<p:sldId id="{n}" r:id="r{n}"/>' for n in range(len(slides)))
    bullets = '<p:txStyles><p:bodyStyle><a:lvl1pPr><a:buChar char="•"/></a:lvl1pPr><a:lvl2pPr><a:buAutoNum type="x"/></a:lvl2pPr></p:bodyStyle></p:txStyles>'
    parts: dict[str, str | bytes] = {
        "ppt/presentation.xml": f"<p:presentation {_SPACES}><p:sldIdLst>{listing}</p:sldIdLst><p:sldSz cx='12192000' cy='6858000'/></p:presentation>",
        "ppt/_rels/presentation.xml.rels": samples.relationships(
            {f"r{n}": ("slide", f"s{n}.xml") for n in range(len(slides))}
        ),
        "ppt/layout.xml": f"<p:sldLayout {_SPACES}/>",
        "ppt/_rels/layout.xml.rels": samples.relationships({"m": ("slideMaster", "master.xml")}),
        "ppt/master.xml": f"<p:sldMaster {_SPACES}>{bullets}</p:sldMaster>",
    }
    for n, shapes in enumerate(slides):
        off = ' show="0"' if n == hidden else ""
        parts[f"ppt/s{n}.xml"] = (
            f"<p:sld {_SPACES}{off}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
        )
        links = {"l": ("slideLayout", "layout.xml")} | (
            {"n": ("notesSlide", "notes.xml")} if notes and n == 0 else {}
        )
        parts[f"ppt/_rels/s{n}.xml.rels"] = samples.relationships(links)
    if notes:
        parts["ppt/notes.xml"] = (
            f"<p:notes {_SPACES}><p:cSld><p:spTree>{shape('body', (0, notes))}</p:spTree></p:cSld></p:notes>"
        )
    return samples.package("ppt/presentation.xml", parts)


def test_slides_have_their_titles_lists_and_notes() -> None:
    body = shape("body", (0, "a"), (1, "b"), (1, "c"), (0, "d"))
    data = deck(
        body + shape("title", (0, "Plan")),
        shape("title", (0, "End")) + shape("ftr", (0, "page 2")),
        notes="say hello",
    )
    document = parse(data, "a.pptx")

    assert document.markdown == "# Plan\n\n- a\n  1. b\n  2. c\n- d\n\n**Notes:**\n\nsay hello\n\n# End\n"
    assert [(p.number, p.name) for p in document.pages] == [(1, "Plan"), (2, "End")]


def test_hidden_slides_are_left_out_and_the_others_keep_their_numbers() -> None:
    document = parse(deck(*(shape("title", (0, name)) for name in "ABC"), hidden=1), "a.pptx")

    assert [(p.number, p.name) for p in document.pages] == [(1, "A"), (3, "C")]
    assert "B" not in document.markdown


def placed(text: str, x: int, y: int, width: int = 100, height: int = 100) -> str:
    where = f'<p:spPr><a:xfrm><a:off x="{x}" y="{y}"/><a:ext cx="{width}" cy="{height}"/></a:xfrm></p:spPr>'
    return shape("", (0, text)).replace("<p:txBody>", where + "<p:txBody>")


@pytest.mark.parametrize(
    ("boxes", "order"),
    [
        ((("c", 0, 400), ("a", 0, 0), ("b", 0, 200)), "abc"),
        ((("d", 300, 200), ("b", 300, 0), ("c", 0, 200), ("a", 0, 0)), "abcd"),  # rows
        ((("c", 300, 0, 100, 330), ("b", 0, 220), ("a", 0, 0)), "abc"),  # columns
    ],
)
def test_shapes_are_read_by_where_they_stand(boxes: tuple[tuple[str, int, int]], order: str) -> None:
    slide = "".join(placed(*box) for box in boxes) + shape("title", (0, "Plan"))

    assert parse(deck(slide), "a.pptx").markdown.split() == ["#", "Plan", *order]


def test_comments_and_embedded_workbooks_of_slides_are_read() -> None:
    ole = '<p:graphicFrame><a:graphic><a:graphicData><p:oleObj r:id="x"/></a:graphicData></a:graphic></p:graphicFrame>'
    held = io.BytesIO(deck(shape("title", (0, "Plan")) + ole))
    rows = {"l": ("slideLayout", "layout.xml"), "x": ("package", "book.xlsx"), "c": ("comments", "c.xml")}
    with warnings.catch_warnings(), zipfile.ZipFile(held, "a") as archive:
        warnings.simplefilter("ignore")  # about the relations, which are there twice now
        archive.writestr("ppt/_rels/s0.xml.rels", samples.relationships(rows))
        archive.writestr(
            "ppt/_rels/presentation.xml.rels",
            samples.relationships({"r0": ("slide", "s0.xml"), "a": ("commentAuthors", "a.xml")}),
        )
        archive.writestr("ppt/book.xlsx", samples.xlsx({"S": samples.rows(["x", "y"])}))
        archive.writestr(
            "ppt/a.xml", f'<p:cmAuthorLst {_SPACES}><p:cmAuthor id="7" name="Ann"/></p:cmAuthorLst>'
        )
        archive.writestr(
            "ppt/c.xml", f'<p:cmLst {_SPACES}><p:cm authorId="7"><p:text>Why?</p:text></p:cm></p:cmLst>'
        )
    text = parse(held.getvalue(), "a.pptx").markdown

    assert "| x | y |" in text
    assert text.endswith("Comment by Ann: Why?\n")


def test_tables_on_slides_span() -> None:
    cells = "".join(
        f"<a:tc {more}><a:txBody><a:p><a:r><a:t>{t}</a:t></a:r></a:p></a:txBody></a:tc>"
        for t, more in (("head", 'gridSpan="2"'), ("", 'hMerge="1"'))
    )
    frame = f"<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr>{cells}</a:tr><a:tr>{cells}</a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>"

    assert '<td colspan="2">head</td>' in parse(deck(frame), "a.pptx").markdown


def test_open_document_slides() -> None:
    def frame(kind: str, text: str) -> str:
        return f'<draw:frame presentation:class="{kind}"><draw:text-box>{text}</draw:text-box></draw:frame>'

    body = (
        f"<draw:page draw:name='p1'>{frame('title', '<text:p>One</text:p>')}"
        f"{frame('outline', '<text:list><text:list-item><text:p>x</text:p></text:list-item></text:list>')}"
        f"{frame('footer', '<text:p>foot</text:p>')}"
        f"<presentation:notes>{frame('notes', '<text:p>said</text:p>')}</presentation:notes></draw:page>"
    )

    assert (
        parse(samples.opendocument("presentation", body), "a.odp").markdown
        == "# One\n\n- x\n\n**Notes:**\n\nsaid\n"
    )


def record(kind: int, content: bytes, instance: int = 0, container: bool = False) -> bytes:
    return struct.pack("<HHI", instance << 4 | (0xF if container else 0), kind, len(content)) + content


def old_deck(hidden: bool = False, more: bytes = b"", tags: bytes = b"") -> bytes:
    """A deck of one slide: a title and a body in the outline, a text box of its own, a footer, `more` shapes."""

    def text(kind: int, content: str) -> bytes:
        return record(3999, struct.pack("<I", kind)) + record(4000, content.encode("utf-16-le"))

    levels = record(4001, struct.pack("<IHI", 4, 0, 0) + struct.pack("<IHI", 6, 1, 0))
    outline = text(0, "Title") + text(1, "one\rtwo\rx") + levels
    listing = record(4080, record(1011, struct.pack("<IIiII", 1, 0, 2, 256, 0)) + outline, 0, True)
    document = record(1000, listing, container=True)

    def box(content: bytes, placeholder: int = 0) -> bytes:
        mark = (
            record(0xF011, record(3011, struct.pack("<IBBH", 0, placeholder, 0, 0)), container=True)
            if placeholder
            else b""
        )
        return record(0xF004, mark + record(0xF00D, content, container=True), container=True)

    shapes = (
        box(record(3998, struct.pack("<I", 0)))
        + box(text(4, "aside"))
        + box(record(3998, struct.pack("<I", 1)))
        + box(text(4, "foot"), 9)
        + more
    )
    facts = record(1017, struct.pack("<IIBBHI", 0, 0, 0, 0, 4 if hidden else 0, 0))
    slide = record(
        1006,
        facts + record(1036, record(0xF002, shapes, container=True), container=True) + tags,
        container=True,
    )
    directory_at = len(document) + len(slide)
    directory = record(6002, struct.pack("<III", 2 << 20 | 0, 0, len(document)))
    edit = record(4085, struct.pack("<IHBBIIIIHH", 0, 0, 0, 3, 0, directory_at, 0, 0, 0, 0))
    stream = document + slide + directory + edit
    user = record(4086, struct.pack("<III", 20, 0xE391C05F, directory_at + len(directory)))
    return samples.ole({"PowerPoint Document": stream, "Current User": user})


def test_old_decks_are_read_slide_by_slide_without_their_footers() -> None:
    document = parse(old_deck(), "a.ppt")

    assert document.markdown == "# Title\n\naside\n\n- one\n  - two\n  - x\n"
    assert document.pages[0].name == "Title"


def test_hidden_slides_of_old_decks_are_left_out() -> None:
    assert parse(old_deck(hidden=True), "a.ppt").markdown == ""


def test_an_encrypted_deck_says_so() -> None:
    user = record(4086, struct.pack("<III", 20, 0xF3D1C4DF, 0))

    with pytest.raises(CorruptDocument, match="encrypted"):
        parse(samples.ole({"PowerPoint Document": b"", "Current User": user}), "a.ppt")
