"""Reads the pages of a PDF in batches, within limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from liteparse import LiteParse, ParseError
from liteparse.types import ParsedPage, TextItem, VectorGraphics

from schemas.errors import CorruptDocument, DocumentTooLarge
from services.parsing.page.geometry import Page, Picture, Word
from services.parsing.page.lines import BLANK
from services.parsing.pdf.annotations import (
    box_of,
    join_fields,
    leave_out_hidden_fields,
    mark_links,
    notes_of,
    read_rich,
    stamps_of,
    typed_words,
)
from services.parsing.pdf.attachments import holds_files
from services.parsing.pdf.legibility import OCR_LAYER, SPARSE, even_sizes, needs_reading, without_typewriter
from services.parsing.pdf.repair import reason_of
from services.parsing.pdf.rotation import beside, in_columns, main_turn, quarter, upright
from services.parsing.pdf.sheets import Sheets
from services.parsing.pdf.structure import alternatives_of, heading_depths
from services.parsing.pdf.transcripts.doubts import holds_formulas
from services.parsing.pdf.vectors import bullets_of, drawn_of, strokes_of
from services.parsing.pdf.words.boxes import boxes_of
from services.parsing.pdf.words.combs import join_combs
from services.parsing.pdf.words.fonts import style_of, styles_behind, without_guessed_weights
from services.parsing.pdf.words.raised import correct_sizes
from services.parsing.pdf.words.spacing import close_up, dash_of
from services.parsing.pdf.words.unseen import (
    add_invisible,
    has_hidden_layers,
    has_invisible_text,
    suspects_of,
)
from services.parsing.pdf.xfa import DYNAMIC, form_blocks

#: Maximum pages of a document; the contract's largest has 7,000.
MAX_PAGES = 7_000
#: Pages per batch: enough neighbours to detect running heads, and only a few megabytes at about 100 kB per
#: page (600 words as Python objects).
BATCH = 32

#: Bullets that some programs set without a blank before their text.
GLUED = frozenset("•▪■●◦‣➢")

#: How far letters reach below their line (in font sizes) in fonts that tell nothing about it.
DESCENT = 0.2
#: Signs below the blank in the Cork encoding, which LaTeX's fonts use without naming their characters.
_CORK = {0x10: "“", 0x11: "”", 0x12: "„", 0x15: "–", 0x16: "—"}


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive pages, the number of pages of the document, and the form (markdown) that replaces them."""

    pages: list[Page]
    total: int
    form: list[str]


def read_batches(sheets: Sheets) -> Iterator[Batch]:
    """The pages in order, in batches, so that memory does not grow with the document.

    A page that cannot be read has no words. There is at least one batch. Raises CorruptDocument (broken,
    encrypted, without pages) or DocumentTooLarge (more than MAX_PAGES pages).
    """
    reader = LiteParse(
        output_format="json",
        ocr_enabled=False,
        quiet=True,
        num_workers=1,
        max_pages=MAX_PAGES,
        emit_word_boxes=True,
        extract_text_metadata=True,
        extract_vector_graphics=True,
        extract_annotations=True,
        extract_form_fields=True,
        extract_structure_tree=True,
        extract_xfa_packets=True,
        extract_images=True,
        image_mode="placeholder",
        include_complexity=True,
        continue_on_page_error=True,
    )
    data = sheets.content
    total, layered, invisible = 0, has_hidden_layers(data), has_invisible_text(data)
    try:
        for batch in reader.parse_batches(data, batch_size=BATCH):
            total = batch.total_pages
            if total > MAX_PAGES:
                raise DocumentTooLarge(f"PDF: {total} pages, at most {MAX_PAGES} are read; split it")
            images: dict[int, list[Picture]] = defaultdict(list)
            for image in batch.result.images:
                images[image.page].append(Picture(*box_of(image.bbox), bytes(image.bytes)))
            for page in batch.result.pages:
                leave_out_hidden_fields(sheets, page)
                read_rich(sheets, page)
                if page.complexity and page.complexity.text_length < SPARSE and not images[page.page_num]:
                    images[page.page_num] = [Picture(*box) for box in sheets.framed(page.page_num)]
            read = [_page(page, images[page.page_num], layered) for page in batch.result.pages]
            for page, raw in zip(read, batch.result.pages, strict=True) if invisible else ():
                if not page.scanned and not (raw.complexity and OCR_LAYER in raw.complexity.reasons):
                    add_invisible(sheets, page)
            packets = batch.result.xfa_packets if batch.result.form_type == DYNAMIC else None
            yield Batch(read, total, form_blocks([packet.content or "" for packet in packets or ()]))
    except (ParseError, RuntimeError, ValueError) as error:
        raise CorruptDocument(reason_of(data) or f"PDF: its pages cannot be read ({error})") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust panics derive from BaseException
            raise
        raise CorruptDocument(f"PDF: the reader gave up on it ({error})") from error
    if not total:
        raise CorruptDocument(reason_of(data) or "PDF: it holds no page that can be read")


def _page(raw: ParsedPage, pictures: list[Picture], layered: bool) -> Page:
    words: list[Word] = []
    raw.text_items = list(in_columns(raw.text_items))
    without_guessed_weights(raw.text_items)
    turned = main_turn(raw.text_items)
    _even_heights(raw.text_items)
    correct_sizes(raw.text_items)
    behind = styles_behind(raw.text_items)
    titles = heading_depths(raw.structure_tree)
    for at, item in enumerate(raw.text_items):
        if quarter(item.rotation) == turned:  # text in other directions is a stamp or a side note
            found = _words(item, turned in (90, 270))
            for word in found[1:] if at in behind else ():
                word.style = behind[at]
            if item.mcid in titles:
                for word in found:
                    word.depth = titles[item.mcid]
            words.extend(found)
    words = join_fields(raw, close_up(words))
    without_typewriter(words)
    if words and raw.complexity and OCR_LAYER in raw.complexity.reasons:
        even_sizes(words)
    words.extend(list(typed_words(raw, words)))
    vectors = raw.vector_graphics or VectorGraphics([], [])
    words, strokes = join_combs(words, list(strokes_of(vectors, raw.width, raw.height)))
    words.extend([*bullets_of(vectors, words), *boxes_of(vectors, words, strokes)])
    mark_links(raw, words)
    scanned, useless = needs_reading(raw, words, pictures)
    page = Page(
        raw.page_num,
        raw.width,
        raw.height,
        [] if useless else words,
        strokes,
        pictures,
        scanned,
        [*alternatives_of(raw.structure_tree), *notes_of(raw)],
        formulas=holds_formulas(raw.text_items),
        suspects=suspects_of(raw, pictures, layered) if not turned else [],
        drawn=list(drawn_of(vectors, raw.width * raw.height)),
        printed=_printed_number(raw),
        beside=[] if useless else beside(raw, turned),
        stamps=stamps_of(raw) if not turned else [],
        holds_files=holds_files(raw),
        label=raw.page_label,
    )
    return upright(page, turned) if page.words else page


def _even_heights(items: Sequence[TextItem]) -> None:
    """Give runs in fonts that tell no descent, whose boxes end with their ink, the height of a line."""
    for item in items:
        ascent, size = item.font_ascent or 0.0, item.font_height or 0.0
        if item.font_descent == 0 and item.rotation == 0 and ascent > size / 2:
            item.height = max(item.height, ascent + DESCENT * size)


def _printed_number(raw: ParsedPage) -> int | None:
    """The number alone in the middle of the first or last line: the reader has it in its text only."""
    lines = raw.text.split()
    for text in (lines[-1], lines[0]) if lines else ():
        known = (text in item.text.split() for item in raw.text_items)
        if text.isdecimal() and len(text) < 4 and not any(known):
            return int(text)
    return None


def _words(item: TextItem, vertical: bool) -> list[Word]:
    style = style_of(item)
    # The height of the run, not of the word, since rows are grouped by middles: “a” is as high as “high”.
    x0, y0, x1, y1 = box_of(item)
    out: list[Word] = []
    for word, spaced in zip(item.words, _blanks(item), strict=True):
        text, left, width = word.text, word.x, word.width
        top, foot = word.y, word.y + word.height
        if width < 0 or word.height < 0 or not text.strip():
            continue
        if not text.isprintable():
            text = text.translate(_CORK)
        if text[0] in GLUED and len(text) > 1 and (not out or spaced):
            # A dot without a blank before its text: “•10 %”.
            dot = Word(text[0], left, y0, left + min(0.35 * style.size, width / len(text)), y1, style, spaced)
            out.append(dot)
            text, left, width, spaced = text[1:], dot.x1, left + width - dot.x1, True
        if text == "-" and not style.mono:
            text = dash_of(width / (style.size or 1.0))
        if not spaced and out and not vertical and -1 < left - out[-1].x1 < 0.5 * style.size:
            out[-1].text += text  # boxes split words at full stops and wide letters
            out[-1].x1 = left + width
        elif vertical and out and max(top - out[-1].y1, out[-1].y0 - foot) < BLANK * style.size:
            out[-1].text += text  # blanks within vertical text are guesses of the reader
            out[-1].y0, out[-1].y1 = min(out[-1].y0, top), max(out[-1].y1, foot)
        elif vertical:
            out.append(Word(text, x0, top, x1, foot, style, text < "\u2e80"))
        else:
            out.append(Word(text, left, y0, left + width, y1, style, spaced))
    return out


def _blanks(item: TextItem) -> list[bool]:
    """Whether a blank precedes each word, according to the text: boxes also split words at wide letters."""
    if item.text.split() == [word.text for word in item.words]:  # the usual case
        return [item.text[0].isspace(), *([True] * (len(item.words) - 1))] if item.words else []
    out: list[bool] = []
    at = 0
    for word in item.words:
        found = item.text.find(word.text, at)
        if found < 0:  # right-to-left: boxes are in visual order, the text in reading order
            return [bool(n) for n in range(len(item.words))]
        out.append(item.text[at:found].strip() == "" and found > at)
        at = found + len(word.text)
    return out
