"""Replaces pictures of a document with markdown that describes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.parsing.images.pictures import Pictures
from services.parsing.page.blocks import Block, Kind
from services.parsing.page.geometry import Page, Picture

#: Pictures that cover a smaller share of the page (logos, portraits) are not read.
READABLE = 0.04


def in_words(blocks: Iterable[Block], page: Page, pictures: Pictures) -> Iterator[Block]:
    """The blocks of a page, with markdown in place of its pictures."""
    for block in blocks:
        if block.picture is None:
            yield block
            continue
        for text in _described(block.picture, page, pictures):
            yield Block(Kind.MARKDOWN, text, block.page)


def _described(picture: Picture, page: Page, pictures: Pictures) -> list[str]:
    """Markdown for a picture: its description, and the text that it contains."""
    share = (picture.x1 - picture.x0) * (picture.y1 - picture.y0) / (page.width * page.height or 1.0)
    if share < READABLE or not picture.content:
        return []
    line, blocks = pictures.describe(picture.content)
    return [part for part in (line, *blocks) if part]
