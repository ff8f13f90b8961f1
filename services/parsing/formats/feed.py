"""Feeds, RSS and Atom: each entry with its title as a heading, and its text as a page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.html.page import parse_html
from services.parsing.office.archive import parse_xml

_START = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*+(?:<(?:\?[^>]*+|!--(?>.*?--))>\s*+)*+"
    rb"<(?:rss\s[^>]*version=|(?:\w+:)?feed\s[^>]*w3\.org/2005/Atom|\w+:RDF\s[^>]*purl\.org/rss/)",
    re.S,
)
_MARKUP = re.compile(r"</?[a-zA-Z]|&#?\w+;")
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_SHORT = ("{*}description", "{*}summary", "{*}subtitle")
#: A summary is left out if the text begins with so many of its letters.
_SAME_LETTERS = 120


def parse_feed(data: bytes) -> ParsedDocument:
    """The feed's title and description, then its entries in order. Raises CorruptDocument if it is no XML."""
    root = parse_xml(data, "feed")
    feed = root.find("{*}channel")
    feed = root if feed is None else feed
    title = _title(feed)
    writer = md.Writer()
    writer.heading(1, md.escape(title))
    for part in _parts(feed):
        writer.add(part)
    for entry in root.iter("{*}item", "{*}entry"):
        writer.heading(2, md.link(md.escape(_title(entry)), _link(entry)))
        writer.add(md.escape(" · ".join(_facts(entry))))
        for part in _parts(entry):
            writer.add(part)
    return ParsedDocument(writer.finish()[0], title=title or None, language=feed.findtext("{*}language"))


def _title(element: etree._Element) -> str:
    title = element.find("{*}title")
    text = "" if title is None else "".join(title.itertext())
    if _MARKUP.search(text):  # of RSS and of Atom's type "html"
        text = HtmlElement.text_content(etree.fromstring(f"<p>{text}</p>", etree.HTMLParser()))
    return " ".join(text.split())


def _link(entry: etree._Element) -> str:
    links = [one for one in entry.iterfind("{*}link") if one.get("rel", "alternate") == "alternate"]
    return next(((one.get("href") or one.text or "").strip() for one in links), "")


def _facts(entry: etree._Element) -> Iterator[str]:
    """When it was written, by whom, and on what."""
    dates = map(entry.findtext, ("{*}pubDate", "{*}published", "{*}date", "{*}updated"))
    yield from [date.strip() for date in dates if date][:1]
    for person in (*entry.iterfind("{*}author"), *entry.iterfind("{*}creator")):
        yield " ".join((person.findtext("{*}name") or person.text or "").split())
    yield from (
        (one.get("label") or one.get("term") or one.text or "") for one in entry.iterfind("{*}category")
    )


def _parts(element: etree._Element) -> Iterator[str]:
    """The summary, unless the text begins with it, and the text."""
    texts = [element.find(_CONTENT), element.find("{http://www.w3.org/2005/Atom}content")]
    base = _link(element)
    text = next((_page(one, base) for one in texts if one is not None), "")
    found = filter(None, (_page(one, base) for name in _SHORT for one in element.iterfind(name)))
    short = next(found, "")
    if not text and not short:  # of a film
        short = next((_page(one, base) for one in element.iterfind("{*}group/{*}description")), "")
    if _letters(short)[:_SAME_LETTERS] not in _letters(text):
        yield short
    yield text


def _page(element: etree._Element, base: str) -> str:
    kind = element.get("type") or (
        "html" if etree.QName(element).namespace != "http://www.w3.org/2005/Atom" else "text"
    )
    if len(element):
        text = "".join(etree.tostring(child, encoding="unicode", method="html") for child in element)
    else:
        text = element.text or ""
        text = text if "html" in kind and _MARKUP.search(text) else _paragraphs(text)
    page = f"<base href='{html.escape(base)}'>{text}"
    return parse_html(page.encode(), "text/html; charset=utf-8").markdown.strip()


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{html.escape(part)}</p>" for part in re.split(r"\n\s*\n", text))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


FORMAT = Format(
    "application/rss+xml",
    from_bytes(parse_feed),
    sniff=lambda head, data: _START.match(head) is not None,
    xml=True,
)
