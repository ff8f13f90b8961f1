"""HTML to markdown: a whole page, or its main content without navigation, footers and adverts."""

from __future__ import annotations

import re

from services.parsing.format import Format
from services.parsing.formats.html.page import parse_html

__all__ = ["FORMAT", "parse_html"]

_START = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])",
    re.I | re.S,
)

FORMAT = Format(
    "text/html",
    lambda source: parse_html(source.data, source.content_type, main_content=source.main_content),
    suffixes=(".html", ".htm", ".xhtml", ".shtml", ".mhtml", ".mht"),
    sniff=lambda head, data: bool(_START.match(head[:8192])),
)
