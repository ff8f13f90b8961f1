"""HTML bytes to a tree: the encoding, then libxml2's lenient parser. Nothing is fetched."""

from __future__ import annotations

import contextlib
import re
from xml.sax.saxutils import escape

from lxml import etree, html  # type: ignore[import-untyped]

from schemas.errors import CorruptDocument
from services.parsing.formats.entities import declared_entities
from services.parsing.formats.html.hidden.folded import unfold
from services.parsing.formats.html.hidden.style_sheets import hide_by_sheets
from services.parsing.formats.html.inline import is_hidden
from services.parsing.formats.html.misplaced import put_in_order
from services.parsing.formats.html.tags import Holders
from services.parsing.formats.text import decode

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.I)
_XML_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{2,40})", re.I)
_XML_START = re.compile(r"\s*<\?xml\s")
_WESTERN = ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii", "windows-1252", "cp1252", "iso8859-1")
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32)])
#: Characters that mark emphasis while a page is rendered.
_MARKS = re.compile("[\ue000-\ue005]")
_MARKS_BEGIN = b"\xee\x80"
_HEADINGS = Holders("//@role[. = 'heading']")
#: Links of a wiki to the editor of a section, which stand in its heading or beside it.
_EDIT_LINKS = Holders("//@class[contains(., 'mw-editsection')]")
_TABLES = Holders("//@role[. = 'table' or . = 'grid' or . = 'treegrid']")
#: Tags of what attributes alone make a table.
_BY_ROLE = {
    **dict.fromkeys(("table", "grid", "treegrid"), "table"),
    "rowgroup": "tbody",
    "row": "tr",
    **dict.fromkeys(("cell", "gridcell"), "td"),
    **dict.fromkeys(("columnheader", "rowheader"), "th"),
}
_HEADING_TAGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_OF_HEADS = (
    "base",
    "basefont",
    "bgsound",
    "link",
    "meta",
    "noscript",
    "script",
    "style",
    "template",
    "title",
)
#: Never hidden for long: scripts show the page when they have run, and a click unfolds tables and menus.
_SHOWN = ("html", "head", "body", "thead", "tbody", "tfoot", "option")
#: What may hide an element, and what finds it. Most pages lack some; the search in their bytes costs nothing.
_HIDING = (
    (b"hidden", Holders("//@hidden")),
    (b"style", Holders("//@style")),
    (b"pagebreak", Holders("//@*[contains(., 'pagebreak')]")),
)
#: Text as XML may write it; in HTML it is a comment.
_CDATA = re.compile(r"<!\[CDATA\[((?:[^<\]]|<(?!!\[CDATA\[)|\](?!\]>))*+)\]\]>")
_FRAME_BODY = re.compile(r"</?(?:html|body)[^>]*>", re.I)
#: Text after these is lost; a file may hold several pages.
_END_OF_PAGE = re.compile(r"</(?:html|body)\s*>", re.I)
#: One class for all elements; lxml.html would look it up with a Python call per element.
_ELEMENTS = etree.ElementDefaultClassLookup(element=html.HtmlElement)


def declared_charset(data: bytes, content_type: str | None = None) -> str | None:
    """The charset declared by the transport or in the page's head, if any."""
    if content_type and (found := re.search(r"charset=[\"']?([\w.:-]+)", content_type, re.I)):
        return found[1]
    head = data[:4096]
    match = _XML_ENCODING.search(head) or _META_CHARSET.search(head)
    charset = match[1].decode("ascii") if match else None
    # Where this can be read, the page is not in UTF-16 (HTML standard, "prescan a byte stream").
    return "utf-8" if charset and charset.lower().startswith("utf-16") else charset


def _charset(data: bytes, content_type: str | None) -> str | None:
    """The declared charset, but UTF-8 where a page that is called Western is valid UTF-8: no text is both."""
    declared = declared_charset(data, content_type)
    if declared and declared.lower() in _WESTERN and not data.isascii():
        with contextlib.suppress(UnicodeDecodeError):
            data.decode("utf-8")
            return "utf-8"
    return declared


def parse_tree(data: bytes, content_type: str | None = None) -> tuple[html.HtmlElement, tuple[str, ...]]:
    """The page's root element, and a warning if its encoding was guessed.

    Raises CorruptDocument if there is no element.
    """
    text, warnings = decode(data, _charset(data, content_type))
    if _XML_START.match(text):
        text = _CDATA.sub(lambda data: escape(data[1]), text)
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    parser.set_element_class_lookup(_ELEMENTS)
    page = _without_controls(_END_OF_PAGE.sub("", declared_entities(text)))
    try:
        root = html.document_fromstring(page, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise CorruptDocument(f"HTML: no element found in {len(data)} bytes") from error
    if any("xcessive depth" in entry.message for entry in parser.error_log):
        warnings = (*warnings, "HTML: nested more than 255 deep, what lies deeper was left out")
    said = page.lower()
    _end_head(root)
    _name_by_meaning(root, said)
    _open_noframes(root)
    put_in_order(root, said)
    _drop_hidden(root, said)
    return root, warnings


def _without_controls(text: str) -> bytes:
    page = text.encode("utf-8", "replace").translate(None, _CONTROLS)
    return _MARKS.sub("", page.decode()).encode() if _MARKS_BEGIN in page else page


def _end_head(root: html.HtmlElement) -> None:
    """Put what a page without `<body>` begins with into its body: the parser is older than tags such as
    `main`, and leaves them in the head."""
    head = root.find("head")
    first = next((el for el in head if el.tag not in _OF_HEADS), None) if head is not None else None
    if first is None:
        return
    body = root.find("body")
    if body is None:
        body = etree.SubElement(root, "body")
    begun = [first, *first.itersiblings()]
    begun[-1].tail, body.text = (begun[-1].tail or "") + (body.text or ""), None
    body[:0] = begun


def _drop_hidden(root: html.HtmlElement, page: bytes) -> None:
    """Remove what the page (its bytes in lower case) hides, but not what a click unfolds."""
    if b"<style" in page and b"none" in page:
        hide_by_sheets(root)
    if any(word in page for word, _ in _HIDING[:2]):
        unfold(root)
    for word, found in _HIDING:
        if word in page:
            for el in found(root):
                if el.tag not in _SHOWN and is_hidden(el):
                    el.drop_tree()


def _name_by_meaning(root: html.HtmlElement, page: bytes) -> None:
    """Give elements that only an attribute makes a heading, a part of the page or a picture their tag, and
    remove what only edits the page."""
    for heading in _HEADINGS(root) if b"heading" in page else ():
        if heading.tag not in _HEADING_TAGS:
            level = heading.get("aria-level", "")
            heading.tag = f"h{level if level in tuple('123456') else 2}"
    for table in _TABLES(root) if b"role" in page else ():
        if table.tag != "table":
            for el in table.iter():
                el.tag = _BY_ROLE.get(el.get("role"), el.tag) if isinstance(el.tag, str) else el.tag
    for links in _EDIT_LINKS(root) if b"mw-editsection" in page else ():
        links.drop_tree()
    for dialog in root.iter("dialog") if b"<dialog" in page else ():
        if dialog.get("open") is not None:
            dialog.tag = "div"
    for empty in list(root.iter("embed")) if b"<embed" in page else ():
        empty.drop_tag()  # the parser does not know that it holds nothing
    for shadow in root.iter("template"):
        if shadow.get("shadowrootmode") or shadow.get("shadowroot"):
            shadow.tag = "div"
    for spare in root.iter("noscript"):
        _open_pictures(spare)


def _open_noframes(root: html.HtmlElement) -> None:
    """The text for programs without frames is all that a frameset says; the parser leaves it as source."""
    for part in root.iter("noframes"):
        if part.text and "<" in part.text:
            with contextlib.suppress(etree.ParserError, etree.XMLSyntaxError):
                inside = html.fragment_fromstring(_FRAME_BODY.sub("", part.text), create_parent="div")
                part.text, part[:] = None, [inside]
        part.tag = "div"


def _open_pictures(spare: html.HtmlElement) -> None:
    """Show the pictures that a page has for readers without scripts, unless a lazy one stands beside them."""
    before = spare.getprevious()
    pictures = list(spare.iter("img"))
    if pictures and (before is None or before.tag not in ("img", "picture")):
        spare.tag = "span"
        spare.text = None
        for child in list(spare):
            spare.remove(child)
        spare.extend(pictures)
        for picture in pictures:
            picture.tail = None
