"""What is added to pages: values of form fields, text typed onto them, readers' notes, attached files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from liteparse.types import AnnotationRect, DocumentAnnotation, FormField, ParsedPage

from services.parsing import markdown_writer as md
from services.parsing.formats.mail.attachments import Attached, Attachment, attached
from services.parsing.page.geometry import Box, Page, Style, Word
from services.parsing.pdf.associated import associated_files
from services.parsing.pdf.sheets import visit_sheets
from services.parsing.reading import with_comments, with_hidden

#: Annotations with text in a pop-up: a remark on the page or on marked words.
_NOTES = frozenset(("text", "highlight", "underline", "squiggly", "strikeout", "caret", "square", "circle",
                    "ink", "line", "polygon", "polyline", "stamp", "fileattachment"))  # fmt: skip
#: Attachments are named in the file itself or in a compressed object stream.
_MAY_HOLD = re.compile(rb"/EmbeddedFiles?\b|/ObjStm\b")
#: Annotations whose words may be in their drawing alone.
_DRAWN = frozenset(("stamp", "freetext", "watermark"))
#: The flags of annotations that are hidden, or not shown on a screen.
_UNSEEN = 1 << 1 | 1 << 5
#: The flag of a text field whose value is a password (bit 14).
PASSWORD = 1 << 13
_BOXES = ("checkbox", "radio")
#: Line height of typed text and width of a character, in font sizes.
_LEADING, _WIDTH = 1.2, 0.5


def typed_words(raw: ParsedPage, words: Sequence[Word]) -> Iterator[Word]:
    """Words of form fields and of text typed onto a page, unless the page already contains them."""
    for field in raw.form_fields or ():
        text = _value(field)
        if text and field.rect is not None and not _shown(field.rect, words):
            yield from _laid_out(text, field.rect)
    for note in raw.annotations or ():
        text = (note.contents or "").strip()
        if note.subtype == "freetext" and text and note.rect is not None and not _shown(note.rect, words):
            yield from _laid_out(text, note.rect)


def join_fields(raw: ParsedPage, words: list[Word]) -> list[Word]:
    """The words of a page, with the letters of a field joined that its drawing sets apart."""
    gone: set[int] = set()
    for field in raw.form_fields or ():
        text = _value(field)
        if field.type == "text" and len(text) > 2 and field.rect is not None:
            inside = [word for word in words if _shown(field.rect, [word])]
            if all(len(word.text) == 1 for word in inside) and "".join(w.text for w in inside) == text:
                inside[0].text, inside[0].x1 = text, inside[-1].x1
                gone.update(map(id, inside[1:]))
    return [word for word in words if id(word) not in gone] if gone else words


def alternatives_of(raw: ParsedPage) -> list[str]:
    """What the tags of a page say in place of its figures, as images without a source (markdown)."""
    found: dict[str, None] = {}
    open_ = list(raw.structure_tree.roots if raw.structure_tree else ())
    while open_:
        element = open_.pop(0)
        if element.type == "Figure" and element.alt_text and element.alt_text.strip():
            found[md.image(element.alt_text)] = None
        open_[:0] = element.children
    return list(found)


def leave_out_hidden_fields(data: bytes, pages: Sequence[ParsedPage]) -> None:
    """Take fields with a value from pages that do not show them, with a warning, unless hidden is kept."""
    forms = [(raw.page_num, raw) for raw in pages if any(map(_value, raw.form_fields or ()))]
    visit_sheets(data, forms, _leave_out_hidden, upright=False)


def _leave_out_hidden(sheet: Any, raw: ParsedPage) -> None:
    fields = raw.form_fields or ()
    shown = [field for field in fields if not _is_hidden(sheet, field)]
    if len(shown) < len(fields) and not with_hidden(f"fields on page {raw.page_num}"):
        raw.form_fields = shown


def _is_hidden(sheet: Any, field: FormField) -> bool:
    import pypdfium2.raw  # type: ignore[import-untyped]

    note = pypdfium2.raw.FPDFPage_GetAnnot(sheet, field.annotation_index)
    flags = pypdfium2.raw.FPDFAnnot_GetFlags(note)
    pypdfium2.raw.FPDFPage_CloseAnnot(note)
    return bool(flags & _UNSEEN) and bool(_value(field))


def drawn_of(raw: ParsedPage) -> list[Box]:
    """Where stamps and typed text are whose words only their drawing has."""
    return [
        Box(note.rect.x, note.rect.y, note.rect.x + note.rect.width, note.rect.y + note.rect.height)
        for note in raw.annotations or ()
        if note.subtype in _DRAWN and note.rect is not None and not (note.contents or "").strip()
    ]


def read_drawn(data: bytes, pages: Iterable[Page]) -> None:
    """Add the words that are drawn by annotations to pages that are not rotated."""
    visit_sheets(data, [(page.number, page) for page in pages if page.stamps], _read_drawn)


def _read_drawn(sheet: Any, page: Page) -> None:
    import pypdfium2.raw

    left, _, _, top = sheet.get_bbox()
    pypdfium2.raw.FPDFPage_Flatten(sheet, pypdfium2.raw.FLAT_NORMALDISPLAY)
    # What was merged shows once the page is opened again.
    with closing(sheet.pdf[page.number - 1]) as merged, closing(merged.get_textpage()) as flat:
        for box in page.stamps:
            text = flat.get_text_bounded(
                left + box.x0 - 1, top - box.y1 - 1, left + box.x1 + 1, top - box.y0 + 1
            )
            rect = AnnotationRect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0)
            if text.strip() and not _shown(rect, page.words):
                page.words.extend(_laid_out(text.strip(), rect))


def notes_of(raw: ParsedPage) -> list[str]:
    """The remarks on a page as paragraphs of markdown, each once."""
    found: dict[str, None] = {}
    for note in (raw.annotations or ()) if with_comments() else ():
        text = " ".join((note.contents or "").split())
        if note.subtype in _NOTES and text and not _is_button(note):
            by = f" by {' '.join(note.title.split())}" if note.title else ""
            found[md.escape_lines(md.escape(f"Comment{by}: {text}"))] = None
    return list(found)


def _is_button(note: DocumentAnnotation) -> bool:
    return note.uri is not None


def _value(field: FormField) -> str:
    if field.type in _BOXES:
        return "☒" if field.checked else "☐"
    if field.type in ("pushbutton", "signature") or (
        field.type == "text" and (field.field_flags or 0) & PASSWORD
    ):
        return ""
    return ", ".join(field.selected_options) or (field.value or "").strip()


def _shown(rect: AnnotationRect, words: Sequence[Word]) -> bool:
    """Whether the page already has text inside a box."""
    return any(
        rect.x < (w.x0 + w.x1) / 2 < rect.x + rect.width and rect.y < (w.y0 + w.y1) / 2 < rect.y + rect.height
        for w in words
    )


def _laid_out(text: str, rect: AnnotationRect) -> Iterator[Word]:
    """Lay out words in the lines of a box, as a PDF viewer would."""
    lines = text.splitlines()
    size = max(min(rect.height / (_LEADING * len(lines)), 11.0), 4.0)
    y = rect.y + max(rect.height - _LEADING * size * len(lines), 0.0) / 2 if len(lines) == 1 else rect.y
    for line in lines:
        x = rect.x + 2
        for at, word in enumerate(line.split()):
            width = _WIDTH * size * len(word)
            yield Word(word, x, y, x + width, y + size, Style(round(size, 1)), at > 0)
            x += width + 0.25 * size
        y += _LEADING * size


def attachments_of(data: bytes, pages: Iterable[int] = ()) -> Attached:
    """The attached files as blocks, and warnings for those that could not be read. `pages`: numbers of pages
    with annotations that hold a file."""
    if not _MAY_HOLD.search(data):
        return Attached()
    import pypdfium2

    found: dict[bytes, Attachment] = {}
    try:
        with closing(pypdfium2.PdfDocument(data)) as document:
            for one in _files_of(document, pages):
                content = bytes(one.get_data())
                if content:
                    found.setdefault(content, Attachment(one.get_name(), content))
    except pypdfium2.PdfiumError:
        pass  # an attachment without data ends the list
    for name, content in associated_files(data):
        found.setdefault(content, Attachment(name, content))
    return attached(list(found.values()))


def _files_of(document: Any, pages: Iterable[int]) -> Iterator[Any]:
    """The attachments of a document, then those of annotations."""
    import pypdfium2
    import pypdfium2.raw

    yield from (document.get_attachment(at) for at in range(document.count_attachments()))
    for number in pages:
        with closing(document[number - 1]) as sheet:
            for at in range(pypdfium2.raw.FPDFPage_GetAnnotCount(sheet)):
                note = pypdfium2.raw.FPDFPage_GetAnnot(sheet, at)
                if file := pypdfium2.raw.FPDFAnnot_GetFileAttachment(note):
                    yield pypdfium2.PdfAttachment(file, document)
                pypdfium2.raw.FPDFPage_CloseAnnot(note)


def holds_files(raw: ParsedPage) -> bool:
    """Whether annotations of a page may hold files."""
    return any(note.subtype == "fileattachment" for note in raw.annotations or ())
