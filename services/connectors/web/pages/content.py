"""What a body is: by its first bytes, then by the type that its server says."""

import re

from services.connectors.web.transport.fetch import Answer

_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])",
    re.I | re.S,
)
#: How files begin that parsers know by their content, and their type where it is one.
_BINARY = {
    b"%PDF-": "application/pdf",
    b"PK\x03\x04": "",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "",
    b"{\\rtf": "",
}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
#: Texts that no person reads, or that are lists of what is crawled anyway.
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
    """The type that the server says, in lower case, without parameters."""
    return answer.headers.get("Content-Type", "").split(";")[0].strip().lower()


def is_html(answer: Answer) -> bool:
    """Whether a body is a page, whatever it is called."""
    head = answer.body[:_HEAD_BYTES]
    if head.startswith(tuple(_BINARY)):
        return False
    if _HTML.match(head):
        return True
    return media_type(answer) in _HTML_TYPES and (head.startswith(_UTF_16) or b"\0" not in head)


def refused_type(answer: Answer) -> str | None:
    """Why a body that is no page is no document either; None for one that a parser may read."""
    head = answer.body[:_HEAD_BYTES]
    if head.startswith(tuple(_BINARY)):
        return None
    kind = media_type(answer)
    if kind.startswith(("image/", "audio/", "video/", "font/")) or kind in _NO_DOCUMENTS or b"\0" in head:
        return "no document"
    return None


def content_type_of(answer: Answer) -> str:
    """The type to parse a body by."""
    head = answer.body[:_HEAD_BYTES]
    for mark, kind in _BINARY.items():
        if head.startswith(mark):
            return kind
    declared = answer.headers.get("Content-Type", "")
    if is_html(answer) and media_type(answer) not in _HTML_TYPES:
        return "text/html"
    return declared
