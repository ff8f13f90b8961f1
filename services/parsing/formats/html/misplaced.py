"""Puts in order what a page has between the cells of a table and the items of a list, much as browsers do.

Cells get a row, and forms around rows go. Other tables follow the table, and all else stands before it (HTML
standard, "foster parent"). Text between items becomes an item.
"""

from __future__ import annotations

from collections import deque

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import Element, HtmlElement  # type: ignore[import-untyped]

from services.parsing.formats.html.tags import BLOCKS

_CELLS = ("td", "th")
_ROWS = ("tr", "thead", "tbody", "tfoot")
_UNSEEN = ("script", "style", "template")
_MAY_HOLD = {
    "table": (*_ROWS, "caption", "colgroup", "col", *_UNSEEN),
    **dict.fromkeys(("thead", "tbody", "tfoot"), ("tr", *_UNSEEN)),
    "tr": (*_CELLS, *_UNSEEN),
}
_LISTS = ("ul", "ol", "menu", "dir")


def _texts(*holders: str) -> etree.XPath:
    return etree.XPath(" | ".join(f"//{holder}/text()[normalize-space()]" for holder in holders))


def _others(holder: str, held: tuple[str, ...]) -> str:
    return f"//{holder}/*[not({' or '.join(f'self::{tag}' for tag in held)})]"


_BESIDE_CELLS = etree.XPath(" | ".join(_others(*each) for each in _MAY_HOLD.items()))
_TEXTS_BESIDE_CELLS = _texts(*_MAY_HOLD)
_TEXTS_BESIDE_ITEMS = _texts(*_LISTS)


def put_in_order(root: HtmlElement, page: bytes) -> None:
    """Move what is misplaced in the tables and lists of a page (its bytes in lower case); no text is lost."""
    if b"<table" in page or b"<tr" in page:
        _repair_tables(root)
    for text in _TEXTS_BESIDE_ITEMS(root):
        _as_item(text)


def _repair_tables(root: HtmlElement) -> None:
    for text in _TEXTS_BESIDE_CELLS(root):
        _wrap(text)
    waiting, last = deque(_BESIDE_CELLS(root)), dict[HtmlElement, HtmlElement]()
    while waiting:
        el = waiting.popleft()
        holder = el.getparent()
        if holder is None or el.tag in _MAY_HOLD.get(holder.tag, (el.tag,)):
            continue
        if el.tag in _CELLS:
            _in_row(el)
        elif el.tag != "table" and any(child.tag in (*_ROWS, *_CELLS) for child in el):
            for text in el.xpath("text()[normalize-space()]"):
                _wrap(text)
            waiting.extendleft(reversed(el))
            el.drop_tag()
        else:
            _move_out(el, last)


def _wrap(text: etree._ElementUnicodeResult, tag: str = "span") -> HtmlElement:
    """Make a text an element of its own."""
    at, made = text.getparent(), Element(tag)
    made.text = str(text)
    if text.is_tail:
        at.tail = None
        at.addnext(made)
    else:
        at.text = None
        at.insert(0, made)
    return made


def _in_row(cell: HtmlElement) -> None:
    """Put a cell, and those that follow it, into a row of their own."""
    row = Element("tr")
    cell.addprevious(row)
    while cell is not None and cell.tag in _CELLS:
        following = cell.getnext()
        row.append(cell)
        cell = following


def _move_out(el: HtmlElement, last: dict[HtmlElement, HtmlElement]) -> None:
    """Put an element before the table around it; a table behind it and those that are there already."""
    table = next(el.iterancestors("table"), el.getparent())
    if el.tag == "table":
        before = last.get(table, table)
        after, before.tail = before.tail, None
        before.addnext(el)
        el.tail = after
        last[table] = el
    else:
        table.addprevious(el)


def _as_item(text: etree._ElementUnicodeResult) -> None:
    """Put a text between items, and the inline elements beside it, into an item of its own."""
    at = text.getparent()
    if (at.getparent() if text.is_tail else at).tag not in _LISTS:
        return  # went into the item before it
    if text.is_tail and at.tag not in BLOCKS:
        item = Element("li")
        at.addprevious(item)
        item.append(at)
    else:
        item = _wrap(text, "li")
    while (following := item.getnext()) is not None and following.tag not in BLOCKS:
        item.append(following)
