"""PDF to markdown.

    bytes ─► source ─► pages ─► running_heads ─► page.layout ─► blocks ─► headings ─► render ─► markdown
             (words, strokes,   (removed)        (tables, columns,        (over the whole
              pictures)                           paragraphs)              document)

Pages are processed in batches and only their blocks are kept, so memory grows with the text, not with the
pages. Everything after `source` is geometry on plain values.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.errors import UnsupportedFormat
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.images.pictures import Pictures
from services.parsing.page.blocks import Block, Kind
from services.parsing.page.layout import layout
from services.parsing.page.text import Vocabulary
from services.parsing.pdf.attachments import attachments_of
from services.parsing.pdf.headings import body_size, mark_headings
from services.parsing.pdf.pictures import in_words
from services.parsing.pdf.render import render
from services.parsing.pdf.repair import openable, without_lead
from services.parsing.pdf.running_heads import RunningHeads
from services.parsing.pdf.scans import Scans
from services.parsing.pdf.sheets import Sheets
from services.parsing.pdf.source import read_batches
from services.parsing.pdf.structure import outline_of
from services.parsing.pdf.transcripts import Transcripts
from services.parsing.pdf.words import mend
from services.parsing.pdf.words.line_numbers import leave_out_line_numbers
from services.parsing.pdf.words.lost import has_astral, restore_numbers

__all__ = ["FORMAT", "parse_pdf"]


#: Time limits for the scanned pages of a document (2 to 4 s each on one core) and for its pictures. Their sum
#: is well below the sandbox's limit, at which the document would lose all its text.
SCAN_SECONDS = 90.0
PICTURE_SECONDS = 20.0


def parse_pdf(
    data: bytes, scan_seconds: float = SCAN_SECONDS, picture_seconds: float = PICTURE_SECONDS
) -> ParsedDocument:
    """Convert a PDF to markdown.

    Raises CorruptDocument (broken, encrypted), DocumentTooLarge (more than `source.MAX_PAGES` pages) or
    UnsupportedFormat (nothing but scans in a script that no OCR model reads).
    """
    data, repaired = openable(without_lead(data))
    vocabulary, running = Vocabulary(), RunningHeads()
    sheets = Sheets(data)
    scans, pictures = Scans(sheets, scan_seconds), Pictures(picture_seconds)
    transcripts = Transcripts(sheets)
    blocks: list[Block] = []
    astral = has_astral(data)
    numbers: list[int] = []
    holders: list[int] = []
    labels: dict[int, str | None] = {}
    stamps = set[str]()  # what runs up the margin of every page stands once
    for batch in read_batches(sheets):
        if batch.form:
            numbers.append(batch.pages[0].number)
            blocks.extend(Block(Kind.MARKDOWN, line, numbers[-1]) for line in batch.form)
            break
        for page in batch.pages:
            if not transcripts.collects(page):
                scans.read(page)
            mend(sheets, page, astral)
        restore_numbers(sheets, batch.pages)
        leave_out_line_numbers(batch.pages)
        running.strip(batch.pages, batch.total)
        for page in batch.pages:
            numbers.append(page.number)
            labels[page.number] = page.label if page.label != str(page.number) else None
            holders.extend([page.number] if page.holds_files else [])
            vocabulary.read(page.words)
            found = layout(page, vocabulary)
            read = transcripts.read(page, found)
            if read is not None:
                scans.forget(page.number)
            blocks.extend(in_words(found, page, pictures) if read is None else read)
            turned = [text for text in page.beside if text not in stamps]
            stamps.update(turned)
            blocks.extend(Block(Kind.MARKDOWN, note, page.number) for note in [*turned, *page.notes])
        sheets.close()  # which keeps all that it has read
    scans.close()
    mark_headings(blocks, body_size(blocks), outline_of(sheets))
    files = attachments_of(sheets, holders)
    sheets.close()
    blocks.extend(Block(Kind.MARKDOWN, file.text, numbers[-1]) for file in files.blocks)
    markdown, spans = render(blocks, numbers, vocabulary)
    title = next((b.plain for b in blocks if b.kind is Kind.HEADING), None)
    warnings = [*repaired, *scans.warnings, *pictures.warnings, *files.warnings]
    if not markdown.strip() and (reason := scans.unreadable()):
        raise UnsupportedFormat(f"PDF: nothing in it could be read. {reason}")
    if not markdown.strip():
        warnings.append("PDF: no text was found in it, nor by OCR in its pictures")
    named = tuple(replace(span, name=labels.get(span.number)) for span in spans)
    return ParsedDocument(markdown, named, title, warnings=tuple(warnings))


def _is_pdf(data: bytes) -> bool:
    """Whether a file is a PDF, also behind blank lines or the head of a mail or of a server's answer."""
    if data[:1024].lstrip()[:5] == b"%PDF-":
        return True
    return b"%PDF-" in data[:1024] and (b"\0" in data[:65536] or b"%%EOF" in data[-1024:])


FORMAT = Format("application/pdf", from_bytes(parse_pdf), signature=_is_pdf)
