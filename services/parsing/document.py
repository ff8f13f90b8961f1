"""What parsing hands on: markdown, and where each page, slide or sheet of the source stands in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PageSpan:
    """A page, slide or sheet of the source and where its text stands in the markdown.

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
        markdown: the text that is cut and indexed.
        language: the natural or programming language, where it is known cheaply.
        warnings: what was guessed or left out.
        media_type: that of the input as detected; `parse` fills it in.
        text_type: media type of `markdown`: `text/markdown` where a format was converted, else `media_type`.
    """

    markdown: str
    pages: tuple[PageSpan, ...] = ()
    title: str | None = None
    language: str | None = None
    warnings: tuple[str, ...] = ()
    media_type: str = ""
    text_type: str = ""
