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

    `media_type` is that of the input as detected; `language` is the natural or programming language when
    it is known cheaply; `warnings` say what was guessed or left out.
    """

    markdown: str
    media_type: str
    pages: tuple[PageSpan, ...] = ()
    title: str | None = None
    language: str | None = None
    warnings: tuple[str, ...] = ()
