# ruff: noqa: E501 (markup reads best on one line)
"""Comments, and what an author hid: left out or kept, as chosen."""

from __future__ import annotations

from collections.abc import Iterator

from services.parsing import Choices
from tests.services.parsing import samples
from tests.services.parsing.formats.test_slides import deck, shape
from tests.services.parsing.pdf.test_beside_the_text import written
from tests.services.parsing.relatives.case import Case, hiding
from tests.services.parsing.samples import W, docx, paragraph

_SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_REMARK = "<</Type/Annot/Subtype/Text/Contents(the comment)/T(Ann)/Rect[400 700 416 716]>>"


def _sheet_with_comment() -> bytes:
    import io
    from zipfile import ZipFile

    with ZipFile(io.BytesIO(samples.xlsx({"S": samples.rows(("shown", 1.0))}))) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/_rels/s1.xml.rels"] = samples.relationships({"c": ("comments", "c.xml")})
    parts["xl/c.xml"] = (
        f'<comments {_SPACE}><commentList><comment ref="A1"><text><t>the comment</t></text></comment></commentList></comments>'
    )
    return samples.zipped(parts)


#: Of each format: what is shown, and "the comment".
_COMMENTED = {
    "a.docx": docx(
        "<w:p><w:r><w:t>shown</w:t></w:r><w:r><w:commentReference w:id='1'/></w:r></w:p>",
        {"word/comments.xml": f"<w:comments {W}><w:comment w:id='1'>{paragraph('the comment')}</w:comment></w:comments>"},
        {"c": ("comments", "comments.xml")},
    ),
    "a.odt": samples.opendocument("text", "<text:p>shown<office:annotation><text:p>the comment</text:p></office:annotation></text:p>"),
    "a.ods": samples.opendocument(
        "spreadsheet",
        '<table:table table:name="S"><table:table-row><table:table-cell><office:annotation><text:p>the comment</text:p></office:annotation>'
        "<text:p>shown</text:p></table:table-cell></table:table-row></table:table>",
    ),
    "a.xlsx": _sheet_with_comment(),
    "a.rtf": rb"{\rtf1\ansi shown{\*\annotation the comment}\par}",
    "a.pdf": written("6 0 R", (_REMARK.replace("comment)", "comment shown)"),)).replace(b"The line", b"shown"),
}  # fmt: skip
#: Of each format: what is shown, and "unseen".
_HIDING = {
    "a.docx": docx("<w:p><w:r><w:t>shown</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t> unseen</w:t></w:r></w:p>"),
    "a.odt": samples.opendocument("text", "<text:section text:display='none'><text:p>unseen</text:p></text:section><text:p>shown</text:p>"),
    "sheet.xlsx": samples.xlsx({"A": samples.rows(("shown",)), "B": samples.rows(("unseen",))}, {"B": "hidden"}),
    "rows.xlsx": samples.xlsx({"A": '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>shown</t></is></c></row>'
                               '<row r="2" hidden="1"><c r="A2" t="inlineStr"><is><t>unseen</t></is></c></row></sheetData>'}),
    "a.ods": samples.opendocument(
        "spreadsheet",
        '<table:table table:name="S"><table:table-row><table:table-cell><text:p>shown</text:p></table:table-cell></table:table-row>'
        '<table:table-row table:visibility="collapse"><table:table-cell><text:p>unseen</text:p></table:table-cell></table:table-row></table:table>',
    ),
    "a.rtf": rb"{\rtf1\ansi shown {\v unseen}\par}",
    "a.pptx": deck(shape("title", (0, "shown")), shape("title", (0, "unseen")), hidden=1),
}  # fmt: skip


def _cases() -> Iterator[Case]:
    for file, data in _COMMENTED.items():
        yield Case(f"a comment in {file} is content", file, data, has=["shown", "the comment"])
        yield Case(f"a comment in {file} is not wanted", file, data, has=["shown"] if file != "a.pdf" else [],
                   lacks=["the comment"], choices=Choices(comments=False))  # fmt: skip
    yield from hiding(_HIDING)


CASES = list(_cases())
