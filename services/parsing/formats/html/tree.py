"""HTML bytes to a tree: the encoding, then libxml2's lenient parser. Nothing is fetched."""

from __future__ import annotations

import re

from lxml import etree, html  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing.formats.text import decode

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.I)
_XML_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{2,40})", re.I)
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ue000-\ue005]")
#: One class for all elements; lxml.html would look it up with a Python call per element.
_ELEMENTS = etree.ElementDefaultClassLookup(element=html.HtmlElement)


def declared_charset(data: bytes, content_type: str | None = None) -> str | None:
    """The charset declared by the transport or in the page's head, if any."""
    if content_type and (found := re.search(r"charset=[\"']?([\w.:-]+)", content_type, re.I)):
        return found[1]
    head = data[:4096]
    match = _XML_ENCODING.search(head) or _META_CHARSET.search(head)
    return match[1].decode("ascii") if match else None


def parse_tree(data: bytes, content_type: str | None = None) -> tuple[html.HtmlElement, tuple[str, ...]]:
    """The page's root element, and a warning if its encoding was guessed.

    Raises CorruptDocument if there is no element.
    """
    text, warnings = decode(data, declared_charset(data, content_type))
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    parser.set_element_class_lookup(_ELEMENTS)
    text = _UNWANTED.sub("", text)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise CorruptDocument(f"HTML: no element found in {len(data)} bytes") from error
    if any("xcessive depth" in entry.message for entry in parser.error_log):
        warnings = (*warnings, "HTML: nested more than 255 deep, what lies deeper was left out")
    return root, warnings
