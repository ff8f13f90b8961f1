"""The result of parsing: markdown, and the positions of pages, slides and sheets in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PageSpan:
    """A page, slide or sheet of the source, and the position of its text in the markdown.

    `number` is 1-based; `start` and `end` are character offsets into the markdown, half-open.
    """

    number: int
    start: int
    end: int
    name: str | None = None


@dataclass(frozen=True)
class ParsedDocument:
    """A parsed document.

    Attributes:
        markdown: the text that is chunked and indexed.
        language: the natural or programming language, if known without detection.
        warnings: guesses and omissions, as messages.
        media_type: the detected media type of the input; `parse` sets it.
        text_type: media type of `markdown`: `text/markdown` for converted formats, else `media_type`.
    """

    markdown: str
    pages: tuple[PageSpan, ...] = ()
    title: str | None = None
    language: str | None = None
    warnings: tuple[str, ...] = ()
    media_type: str = ""
    text_type: str = ""
