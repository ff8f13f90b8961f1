"""Detect the media type of a body: by its first bytes, then by its Content-Type."""

import re

from services.connectors.web.transport.fetch import Answer

_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])",
    re.I | re.S,
)
#: Magic bytes of binary formats that parsers support → media type, empty if they leave it open.
_BINARY = {
    b"%PDF-": "application/pdf",
    b"PK\x03\x04": "",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "",
    b"{\\rtf": "",
}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
#: Text formats for programs, and feeds, which list pages that are crawled anyway.
_NO_DOCUMENTS = frozenset(
    {
        "text/css",
        "text/javascript",
        "application/javascript",
        "application/x-javascript",
        "text/xml",
        "application/xml",
    }
    | {"application/json", "application/rss+xml", "application/atom+xml", "application/ld+json"}
)
_HEAD_BYTES = 1024


def media_type(answer: Answer) -> str:
    """The media type of the Content-Type header, in lower case, without parameters."""
    return answer.headers.get("Content-Type", "").split(";")[0].strip().lower()


def is_html(answer: Answer) -> bool:
    """Whether a body is HTML. Its content takes precedence over its Content-Type."""
    head = answer.body[:_HEAD_BYTES]
    if head.startswith(tuple(_BINARY)):
        return False
    if _HTML.match(head):
        return True
    return media_type(answer) in _HTML_TYPES and (head.startswith(_UTF_16) or b"\0" not in head)


def refused_type(answer: Answer) -> str | None:
    """Why a body that is not HTML is not a document; None if a parser may support it."""
    head = answer.body[:_HEAD_BYTES]
    if head.startswith(tuple(_BINARY)):
        return None
    kind = media_type(answer)
    if kind.startswith(("image/", "audio/", "video/", "font/")) or kind in _NO_DOCUMENTS or b"\0" in head:
        return "no document"
    return None


def content_type_of(answer: Answer) -> str:
    """The media type to parse a body as, empty if detection should decide."""
    head = answer.body[:_HEAD_BYTES]
    for mark, kind in _BINARY.items():
        if head.startswith(mark):
            return kind
    declared = answer.headers.get("Content-Type", "")
    if is_html(answer) and media_type(answer) not in _HTML_TYPES:
        return "text/html"
    return declared
