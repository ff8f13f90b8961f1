"""Groups of HTML elements: without readable text, blocks, and those with an attribute."""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

_SKIPPED = """
    script style head noscript template iframe embed applet canvas video audio track
    datalist option map area meta link base param frame frameset col colgroup dialog
"""
_BLOCKS = """
    address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure footer
    form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre search section summary
    table tbody td tfoot th thead tr ul caption listing xmp
"""
#: Elements without readable text: scripts, media, controls.
SKIPPED = frozenset(_SKIPPED.split())
#: Elements that begin a new line.
BLOCKS = frozenset(_BLOCKS.split())


class Holders:
    """The elements whose attributes one of these paths selects, in the order of the document.

    A path that steps from attributes to their elements (`//@a/..`), and a union of paths, take quadratic
    time, because the library looks for each element among those before. A predicate of elements takes five
    times as long where a page has no such attribute.
    """

    def __init__(self, *attributes: str) -> None:
        self._attributes = [etree.XPath(one) for one in attributes]

    def __call__(self, root: HtmlElement) -> list[HtmlElement]:
        found = [dict.fromkeys(one.getparent() for one in path(root)) for path in self._attributes]
        some = [elements for elements in found if elements]
        if len(some) < 2:
            return list(*some)
        every = set().union(*some)
        return [el for el in root.getroottree().iter() if el in every]
