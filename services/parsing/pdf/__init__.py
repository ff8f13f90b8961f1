"""PDF to markdown.

    bytes ─► source ─► pages ─► running ─► layout ─► blocks ─► headings ─► render ─► Document
             (words, strokes,   (furniture  (tables, columns,  (over the whole
              pictures)          out)        paragraphs)        document)

Pages pass in batches and leave only their blocks behind, so that memory follows the text of a document and
not its pages. Everything after `source` is plain geometry on plain values.
"""

from __future__ import annotations

from services.parsing.document import Document
from services.parsing.pdf.blocks import Block, Kind
from services.parsing.pdf.headings import body_size, mark_headings
from services.parsing.pdf.layout import layout
from services.parsing.pdf.render import render
from services.parsing.pdf.running import Running
from services.parsing.pdf.source import page_count, read_batches
from services.parsing.pdf.text import Vocabulary

__all__ = ["parse_pdf"]


def parse_pdf(data: bytes) -> Document:
    """The document as markdown.

    Raises CorruptDocument (broken, encrypted) or DocumentTooLarge (more than `source.MAX_PAGES` pages).
    """
    count = page_count(data)
    vocabulary, running = Vocabulary(), Running()
    blocks: list[Block] = []
    numbers: list[int] = []
    for pages in read_batches(data):
        running.strip(pages, alone=count == 1)
        for page in pages:
            vocabulary.read(page.words)
            numbers.append(page.number)
            blocks.extend(layout(page, vocabulary))
    mark_headings(blocks, body_size(blocks))
    markdown, spans = render(blocks, numbers, vocabulary)
    title = next((b.plain for b in blocks if b.kind is Kind.HEADING), None)
    return Document(markdown, "application/pdf", spans, title)
