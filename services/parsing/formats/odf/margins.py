"""Heads and feet of an OpenDocument text: what they say and stands nowhere else."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree  # type: ignore[import-untyped]

from services.parsing.formats.docx.margins import is_page_number
from services.parsing.formats.odf.body import Body
from services.parsing.formats.odf.styles import STYLE
from services.parsing.markdown_writer import MarkdownBlock

_HEADS = tuple(STYLE + name for name in ("header", "header-first", "header-left"))
_FEET = tuple(STYLE + name for name in ("footer", "footer-first", "footer-left"))


def margins(pages: Iterable[etree._Element], body: Body) -> tuple[list[MarkdownBlock], list[MarkdownBlock]]:
    """The blocks before and after a text that `body` has read."""
    seen = {_squashed(block) for block in body.writer.blocks}
    found: tuple[list[MarkdownBlock], list[MarkdownBlock]] = ([], [])
    for page in pages:
        for element in page.iterchildren(*_HEADS, *_FEET):
            for block in body.blocks_of(element):
                squashed = _squashed(block)
                if squashed not in seen and any(map(str.isalpha, squashed)) and not is_page_number(squashed):
                    seen.add(squashed)
                    found[element.tag in _FEET].append(block)
    return found


def _squashed(block: MarkdownBlock) -> str:
    return "".join(block.text.split()).lower()
