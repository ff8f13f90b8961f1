"""Documents inside office documents: embedded workbooks, imported chunks."""

from __future__ import annotations

import posixpath
from contextvars import ContextVar

from schemas.errors import DocumentError
from services.parsing.document import ParsedDocument

#: Maximum nesting depth of embedded documents.
MAX_DEPTH = 2
_OLE = b"\xd0\xcf\x11\xe0"
_depth: ContextVar[int] = ContextVar("embedded depth", default=0)


def embedded_text(data: bytes, name: str) -> str:
    """The markdown of an embedded document; empty if its format is not supported here."""
    if _depth.get() >= MAX_DEPTH:
        return ""
    token = _depth.set(_depth.get() + 1)
    try:
        document = _document(data, posixpath.splitext(name)[1].lower())
    except DocumentError:
        return ""
    finally:
        _depth.reset(token)
    return document.markdown.strip("\n") if document is not None else ""


def _document(data: bytes, suffix: str) -> ParsedDocument | None:
    from services.parsing.formats.docx import parse_docx
    from services.parsing.formats.html.page import parse_html
    from services.parsing.formats.mail.mhtml import parse_mhtml
    from services.parsing.formats.pptx import parse_pptx
    from services.parsing.formats.rtf import parse_rtf
    from services.parsing.formats.text import decode
    from services.parsing.formats.xls import parse_xls
    from services.parsing.formats.xlsx import parse_xlsx

    if data.startswith(b"PK"):
        if suffix in (".docx", ".docm", ".dotx"):
            return parse_docx(data)
        if suffix in (".pptx", ".pptm", ".sldx"):
            return parse_pptx(data)
        return parse_xlsx(data) if suffix in (".xlsx", ".xlsm") else None
    if data.startswith(_OLE):
        return (
            parse_xls(data) if suffix in (".xls", ".bin") and "Workbook".encode("utf-16-le") in data else None
        )
    if data.lstrip().startswith(b"{\\rtf"):
        return parse_rtf(data)
    if suffix in (".html", ".htm", ".xhtml"):
        return parse_html(data)
    if suffix in (".mht", ".mhtml"):
        return parse_mhtml(data)
    return ParsedDocument(decode(data)[0]) if suffix == ".txt" else None
