"""PowerPoint 97 to 2003 presentations (.ppt).

deck.py   records of slides, texts, notes, comments; tables.py   cells by their places; levels.py   paragraphs
"""

from __future__ import annotations

import io

import olefile  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.embedded import embedded_text
from services.parsing.formats.ppt.deck import BODY, CENTRE_TITLE, HALF, QUARTER, TITLE, Deck, Text
from services.parsing.markdown_writer import MarkdownBlock, Writer
from services.parsing.reading import with_comments, with_hidden

__all__ = ["FORMAT", "parse_ppt"]

_TITLES = (TITLE, CENTRE_TITLE)
_BULLETED = (BODY, HALF, QUARTER)


def parse_ppt(data: bytes) -> ParsedDocument:
    """Each visible slide: title, text, notes and comments. Raises CorruptDocument for invalid records."""
    with olefile.OleFileIO(io.BytesIO(data)) as container:
        stream = container.openstream("PowerPoint Document").read()
        user = container.openstream("Current User").read() if container.exists("Current User") else b""
    deck = Deck(stream, user)
    writer = Writer()
    for number, (reference, outline) in enumerate(deck.listed(0), 1):
        slide = deck.record(reference)
        if slide is None or (deck.is_hidden(slide) and not with_hidden(f"slide {number}")):
            continue
        texts = deck.texts(slide, outline)
        title = (
            " ".join(t.text for t in texts if t.kind in _TITLES)
            .replace("\x0b", " ")
            .replace("\r", " ")
            .strip()
        )
        writer.page(number, title or None)
        writer.heading(1, md.escape(title))
        for shape in texts:
            if shape.kind not in _TITLES:
                writer.extend(_blocks(shape))
        spoken = [block for text in deck.notes_of(slide) for block in _blocks(text)]
        if spoken:
            writer.extend([MarkdownBlock("**Notes:**"), *spoken])
        for author, text in deck.comments_of(slide) if with_comments() else ():
            by = f" by {author.strip()}" if author.strip() else ""
            writer.add(md.escape_lines(md.escape(f"Comment{by}: {' '.join(text.split())}")))
    for content in deck.embedded():
        if inside := embedded_text(content, "object"):
            writer.add(inside)
    markdown, pages = writer.finish()
    return ParsedDocument(markdown, pages)


def _blocks(text: Text) -> list[MarkdownBlock]:
    """The paragraphs of a text; those of a body are list items, unless there is only one."""
    if text.rows:
        return [MarkdownBlock(md.table(text.rows))]
    blocks: list[MarkdownBlock] = []
    indents = md.Indents()
    lines = text.text.split("\r")
    listed = text.kind in _BULLETED and sum(bool(line.strip()) for line in lines) > 1
    at = 0
    for line in lines:
        depth, bullet = text.levels[at] if at < len(text.levels) else (0, None)
        at += len(line) + 1
        shown = md.tidy(md.escape(line.replace("\x0b", "\n")))
        if not shown or shown == "*":  # a field for the date or the slide number
            continue
        if bullet is not False and (bullet or listed):
            blocks.append(md.item("-", [MarkdownBlock(shown)], indents.under(depth, "-")))
        else:
            indents.close()
            blocks.append(MarkdownBlock(md.escape_lines(shown)))
    return blocks


FORMAT = Format("application/vnd.ms-powerpoint", from_bytes(parse_ppt), ole_streams=("PowerPoint Document",))
