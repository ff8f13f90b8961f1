"""Feeds, RSS and Atom: each entry with its title as a heading, and its text as a page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import urljoin

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.entities import declared_entities
from services.parsing.formats.html.page import parse_html
from services.parsing.office.archive import parse_xml

_START = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*+(?:<(?:\?[^>]*+|!--(?>.*?--)|!DOCTYPE[^>\[]*+(?:\[[^\]]*+\]\s*+)?+)>\s*+)*+"
    rb"<(?:rss\s[^>]*version=|(?:\w+:)?feed\s[^>]*w3\.org/2005/Atom|\w+:RDF\s[^>]*purl\.org/rss/)",
    re.S,
)
#: An ampersand that begins no entity, which lenient parsers drop; CDATA may hold any.
_AMPERSAND = re.compile(rb"<!\[CDATA\[(?:(?!\]\]>).)*+(?:\]\]>|\Z)|(&)(?!#?\w{1,32};)", re.S)
#: CDATA that was escaped once too often.
_ESCAPED_CDATA = re.compile(r"\s*<!\[CDATA\[(.*?)(?:\]\]>)?\s*", re.S)
_MARKUP = re.compile(r"</?[a-zA-Z]|&#?\w+;")
_ATOM = "{http://www.w3.org/2005/Atom}"
_XHTML = "{http://www.w3.org/1999/xhtml}"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_TEXTS = (f"{{{_CONTENT}}}encoded", f"{_ATOM}content")
_SUMMARIES = ("{*}description", "{*}summary", "{*}subtitle", "{*}group/{*}description")
#: A summary is left out if so many of its letters are in the text.
_SAME_LETTERS = 120


def parse_feed(data: bytes) -> ParsedDocument:
    """The feed's title and description, then its entries in order. Raises CorruptDocument if it is no XML."""
    if b"\0" not in data[:4]:  # not in UTF-16
        data = declared_entities(data.decode("latin-1")).encode("latin-1")  # of whatever encoding
        data = _AMPERSAND.sub(_escaped, data)
    root = parse_xml(data, "feed")
    _declare(root)
    feed = root.find("{*}channel")
    feed = root if feed is None else feed
    title = _title(feed)
    writer = md.Writer()
    writer.heading(1, md.escape(title))
    for part in _parts(feed):
        writer.add(part)
    for entry in root.iter("{*}item", "{*}entry"):
        link = _link(entry)
        writer.heading(2, md.link(md.escape(_title(entry) or link), link))
        writer.add(md.escape(" · ".join(dict.fromkeys(filter(None, _facts(entry))))))
        for part in _parts(entry):
            writer.add(part)
    return ParsedDocument(writer.finish()[0], title=title or None, language=feed.findtext("{*}language"))


def _escaped(match: re.Match[bytes]) -> bytes:
    return b"&amp;" if match[1] else match[0]


def _declare(root: etree._Element) -> None:
    """Give elements a namespace whose prefix the feed does not declare, and those of XHTML no prefix."""
    for element in root.iter(etree.Element):
        prefix, _, name = element.tag.rpartition(":")
        if element.tag.startswith("{"):
            element.tag = element.tag.removeprefix(_XHTML)
        elif prefix:
            element.tag = f"{{{_CONTENT if prefix == 'content' else prefix}}}{name}"


def _title(element: etree._Element) -> str:
    title = element.find("{*}title")
    text = "" if title is None else "".join(title.itertext())
    if _MARKUP.search(text):  # of RSS and of Atom's type "html"
        text = "".join(etree.fromstring(f"<p>{text}</p>", etree.HTMLParser()).itertext())
    return " ".join(text.split())


def _link(entry: etree._Element) -> str:
    links = (one for one in entry.iterfind("{*}link") if one.get("rel", "alternate") == "alternate")
    return next((_absolute(one.base, (one.get("href") or one.text or "").strip()) for one in links), "")


def _absolute(base: str | None, link: str) -> str:
    try:
        return urljoin(base or "", link)
    except ValueError:  # a host in brackets that never close
        return link


def _facts(entry: etree._Element) -> Iterator[str]:
    """When it was written, by whom, and on what."""
    dates = map(entry.findtext, ("{*}pubDate", "{*}published", "{*}date", "{*}updated"))
    yield from [date.strip() for date in dates if date][:1]
    for person in (*entry.iterfind("{*}author"), *entry.iterfind("{*}creator")):
        yield " ".join((person.findtext("{*}name") or person.text or "").split())
    for topic in entry.iterfind("{*}category"):
        yield (topic.get("label") or topic.get("term") or topic.text or "").strip()


def _parts(element: etree._Element) -> Iterator[str]:
    """The summary, unless the text has it, and the text."""
    base = _link(element)
    summary, text = (
        next(filter(None, (_page(one, base) for name in names for one in element.iterfind(name))), "")
        for names in (_SUMMARIES, _TEXTS)
    )
    if _letters(summary)[:_SAME_LETTERS] not in _letters(text):
        yield summary
    yield text


def _page(element: etree._Element, base: str) -> str:
    """A text as markdown: of XHTML, of HTML that is escaped in XML, or plain."""
    inside = [etree.tostring(child, encoding="unicode", method="html") for child in element]
    text = element.text or ""
    if (wrapped := _ESCAPED_CDATA.fullmatch(text)) is not None:
        text = wrapped[1]
    is_html = "html" in element.get("type", "text" if element.tag.startswith(_ATOM) else "html")
    if inside:
        text = html.escape(text) + "".join(inside)
    elif not (is_html and _MARKUP.search(text)):
        text = _paragraphs(text)
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
