"""What is added to pages: values of form fields, text typed onto them, links, readers' notes."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from html import unescape
from typing import Any

from liteparse.types import AnnotationRect, FormField, ImageRect, ParsedPage, TextItem

from services.parsing import markdown_writer as md
from services.parsing.page.geometry import Box, Page, Style, Word, inside, sized
from services.parsing.pdf.sheets import Sheets
from services.parsing.reading import with_comments, with_hidden

#: Annotations with text in a pop-up: a remark on the page or on marked words.
_NOTES = frozenset(("text", "highlight", "underline", "squiggly", "strikeout", "caret", "square", "circle",
                    "ink", "line", "polygon", "polyline", "stamp", "fileattachment"))  # fmt: skip
#: Annotations whose words may be in their drawing alone.
_DRAWN = frozenset(("stamp", "freetext", "watermark"))
#: The flags of annotations that are hidden, or not shown on a screen.
_UNSEEN = 1 << 1 | 1 << 5
#: The flag of a text field whose value is a password (bit 14).
PASSWORD = 1 << 13
_LINE_END, _TAG = re.compile(r"</p>\s*(?=<p)|<br\s*/?>", re.I), re.compile(r"<[^>]*>")
#: Signs before a word, and behind it.
_BEFORE, _BEHIND = '([“"', '.,;:!?)]”"'
_BOXES = ("checkbox", "radio")
#: Line height of typed text and width of a character, in font sizes.
_LEADING, _WIDTH = 1.2, 0.5


def typed_words(raw: ParsedPage, words: Sequence[Word]) -> Iterator[Word]:
    """Words of form fields and of text typed onto a page, unless the page already contains them."""
    typed = [(_value(field), field.rect) for field in raw.form_fields or ()]
    typed += [
        (note.contents or "", note.rect) for note in raw.annotations or () if note.subtype == "freetext"
    ]
    for text, rect in typed:
        if rect is not None:
            yield from _laid_out(text, box_of(rect), words)


def join_fields(raw: ParsedPage, words: list[Word]) -> list[Word]:
    """The words of a page, with the letters of a field joined that its drawing sets apart."""
    gone: set[Word] = set()
    for field in raw.form_fields or ():
        text = _value(field)
        if field.type == "text" and len(text) > 2 and field.rect is not None:
            letters = [word for word in words if inside(word, box_of(field.rect))]
            if all(len(word.text) == 1 for word in letters) and "".join(w.text for w in letters) == text:
                letters[0].text, letters[0].x1 = text, letters[-1].x1
                gone.update(letters[1:])
    return [word for word in words if word not in gone]


def mark_links(raw: ParsedPage, words: list[Word]) -> None:
    """Mark the words that links are on, without the signs around them that the links are not on."""
    for note in raw.annotations or ():
        if note.uri and note.rect is not None:
            box = box_of(note.rect)
            for at in reversed(range(len(words))):
                if inside(words[at], box, slack=0):
                    words[at : at + 1] = _linked(words[at], box, note.uri)


def _linked(word: Word, box: Box, uri: str) -> list[Word]:
    start = len(word.text) - len(word.text.lstrip(_BEFORE)) if box.x0 - word.x0 > 1 else 0
    end = len(word.text.rstrip(_BEHIND)) if word.x1 - box.x1 > 1 else len(word.text)
    if not start < end:
        return [replace(word, link=uri)]
    left, right = box.x0 if start else word.x0, box.x1 if end < len(word.text) else word.x1
    parts = [replace(word, text=word.text[:start], x1=left)] if start else []
    spaced = word.spaced and not start
    parts.append(replace(word, text=word.text[start:end], x0=left, x1=right, link=uri, spaced=spaced))
    after = [replace(word, text=word.text[end:], x0=right, spaced=False)] if end < len(word.text) else []
    return [*parts, *after]


def leave_out_hidden_fields(sheets: Sheets, raw: ParsedPage) -> None:
    """Take fields with a value from a page that does not show them, with a warning, unless hidden is kept."""
    fields = [field for field in raw.form_fields or () if not (_value(field) and _is_hidden(sheets, field))]
    if len(fields) < len(raw.form_fields or ()) and not with_hidden(f"fields on page {raw.page_num}"):
        raw.form_fields = fields


def _is_hidden(sheets: Sheets, field: FormField) -> bool:
    import pypdfium2.raw  # type: ignore[import-untyped]

    with suppress(pypdfium2.PdfiumError), _opened(sheets, field.page, field.annotation_index) as note:
        return bool(pypdfium2.raw.FPDFAnnot_GetFlags(note) & _UNSEEN)
    return False


def read_rich(sheets: Sheets, raw: ParsedPage) -> None:
    """Give remarks and typed text the words of their rich text, if they have no plain one."""
    for at, note in enumerate(raw.annotations or ()):
        if note.subtype in (*_NOTES, "freetext") and not (note.contents or "").strip():
            note.contents = _rich(sheets, raw.page_num, at)


def _rich(sheets: Sheets, page: int, at: int) -> str:
    import pypdfium2.raw

    with suppress(pypdfium2.PdfiumError), _opened(sheets, page, at) as note:
        size = pypdfium2.raw.FPDFAnnot_GetStringValue(note, b"RC", None, 0)
        held = ctypes.create_string_buffer(size)
        units = ctypes.cast(held, ctypes.POINTER(pypdfium2.raw.FPDF_WCHAR))
        pypdfium2.raw.FPDFAnnot_GetStringValue(note, b"RC", units, size)
        text = _LINE_END.sub("\n", held.raw.decode("utf-16-le", "replace").rstrip("\0"))
        return unescape(_TAG.sub("", text)).strip()
    return ""


@contextmanager
def _opened(sheets: Sheets, page: int, at: int) -> Iterator[Any]:
    import pypdfium2.raw

    note = pypdfium2.raw.FPDFPage_GetAnnot(sheets.sheet(page), at)
    try:
        yield note
    finally:
        pypdfium2.raw.FPDFPage_CloseAnnot(note)


def stamps_of(raw: ParsedPage) -> list[Box]:
    """Where stamps and typed text are whose words only their drawing has."""
    return [
        box_of(note.rect)
        for note in raw.annotations or ()
        if note.subtype in _DRAWN and note.rect is not None and not (note.contents or "").strip()
    ]


def read_drawn(sheets: Sheets, page: Page) -> None:
    """Add the words that annotations draw to a page that is not rotated."""
    if not page.stamps:
        return
    sheets.flatten(page)
    if letters := sheets.letters(page):
        for box in page.stamps:
            page.words.extend(list(_laid_out(letters.within(box), box, page.words)))


def notes_of(raw: ParsedPage) -> list[str]:
    """The remarks on a page as paragraphs of markdown, each once."""
    notes = []
    for note in (raw.annotations or ()) if with_comments() else ():
        text = " ".join((note.contents or "").split())
        if note.subtype in _NOTES and text and note.uri is None:  # a button has one
            by = f" by {' '.join(note.title.split())}" if note.title else ""
            notes.append(md.escape_lines(md.escape(f"Comment{by}: {text}")))
    return list(dict.fromkeys(notes))


def _value(field: FormField) -> str:
    if field.type in _BOXES:
        return "☒" if field.checked else "☐"
    secret = field.type == "text" and (field.field_flags or 0) & PASSWORD
    if secret or field.type in ("pushbutton", "signature"):
        return ""
    return ", ".join(field.selected_options) or (field.value or "").strip()


def box_of(rect: AnnotationRect | ImageRect | TextItem) -> Box:
    return sized(rect.x, rect.y, rect.width, rect.height)


def _laid_out(text: str, box: Box, known: Sequence[Word]) -> Iterator[Word]:
    """Words in the lines of a box, as a PDF viewer would set them; none if there are known ones in it."""
    lines = text.strip().splitlines()
    if not lines or any(inside(word, box, slack=0) for word in known):
        return
    size = max(min(box.height / (_LEADING * len(lines)), 11.0), 4.0)
    y = box.y0 + (max(box.height - _LEADING * size, 0.0) / 2 if len(lines) == 1 else 0.0)
    for line in lines:
        x = box.x0 + 2
        for at, word in enumerate(line.split()):
            width = _WIDTH * size * len(word)
            yield Word(word, x, y, x + width, y + size, Style(round(size, 1)), at > 0)
            x += width + 0.25 * size
        y += _LEADING * size
