"""Replaces pictures of a document with markdown that describes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.parsing.images.pictures import Pictures
from services.parsing.page.blocks import Block, Kind
from services.parsing.page.geometry import Page

#: Pictures that cover a smaller share of the page (logos, portraits) are not read.
READABLE = 0.04


def in_words(blocks: Iterable[Block], page: Page, pictures: Pictures) -> Iterator[Block]:
    """The blocks of a page, with markdown in place of its pictures: what they show, and their text."""
    for block in blocks:
        picture = block.picture
        if picture is None:
            yield block
        elif picture.content and picture.width * picture.height >= READABLE * page.width * page.height:
            line, texts = pictures.describe(picture.content)
            yield from (Block(Kind.MARKDOWN, text, block.page) for text in (line, *texts) if text)
