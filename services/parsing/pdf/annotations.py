"""What is added to pages: values of form fields, text typed onto them, readers' notes, attached files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing

from liteparse.types import AnnotationRect, DocumentAnnotation, FormField, ParsedPage

from services.parsing import markdown_writer as md
from services.parsing.formats.mail.attachments import Attached, Attachment, attached
from services.parsing.page.geometry import Style, Word
from services.parsing.reading import with_comments

#: Annotations with text in a pop-up: a remark on the page or on marked words.
_NOTES = frozenset(("text", "highlight", "underline", "squiggly", "strikeout", "caret", "square", "circle",
                    "ink", "line", "polygon", "polyline", "stamp", "fileattachment"))  # fmt: skip
#: Attachments are named in the file itself or in a compressed object stream.
_MAY_HOLD = re.compile(rb"/EmbeddedFiles?\b|/ObjStm\b")
_BOXES = ("checkbox", "radiobutton")
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
    if field.type in ("pushbutton", "signature"):
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


def attachments_of(data: bytes) -> Attached:
    """The attached files as blocks, and warnings for those that could not be read."""
    if not _MAY_HOLD.search(data):
        return Attached()
    import pypdfium2  # type: ignore[import-untyped]

    found = []
    try:
        with closing(pypdfium2.PdfDocument(data)) as document:
            for at in range(document.count_attachments()):
                one = document.get_attachment(at)
                content = bytes(one.get_data())
                if content:
                    found.append(Attachment(one.get_name(), content))
    except pypdfium2.PdfiumError:
        pass  # an attachment without data ends the list
    return attached(found)
