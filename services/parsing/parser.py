"""The one entry to all formats: detects, hands over, and lets out nothing but the errors of the contract."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath

from schemas.errors import CorruptDocument, DocumentTooLarge, IngestError
from schemas.limits import MAX_FILE_BYTES
from services.parsing import detect
from services.parsing.document import ParsedDocument
from services.parsing.formats.text import decode
from services.parsing.languages import language_of

#: Media type -> module and function; each takes the bytes and returns a Document.
_PARSERS = {
    detect.PDF: "pdf:parse_pdf",
    detect.DOCX: "formats.docx:parse_docx",
    detect.DOC: "formats.doc:parse_doc",
    detect.ODT: "formats.odf:parse_odf",
    detect.ODS: "formats.odf:parse_odf",
    detect.ODP: "formats.odf:parse_odf",
    detect.RTF: "formats.rtf:parse_rtf",
    detect.XLSX: "formats.xlsx:parse_xlsx",
    detect.XLS: "formats.xls:parse_xls",
    detect.PPTX: "formats.pptx:parse_pptx",
    detect.PPT: "formats.ppt:parse_ppt",
    detect.EPUB: "formats.epub:parse_epub",
    detect.EML: "formats.mail.eml:parse_eml",
    detect.MHTML: "formats.mail.eml:parse_mhtml",
    detect.MSG: "formats.mail.msg:parse_msg",
    detect.IPYNB: "formats.notebook:parse_notebook",
    detect.CSV: "formats.delimited:parse_csv",
    detect.TSV: "formats.delimited:parse_csv",
}


def parse(
    data: bytes, filename: str | None = None, content_type: str | None = None, *, main_content: bool = False
) -> ParsedDocument:
    """Bytes of a document to markdown.

    The format is told by the content, then the name, then the declared type. Text and source code come
    back unchanged, so that their line numbers stay true. With `main_content` a web page loses its
    navigation, footers, comments and adverts; other formats are as without.

    Raises UnsupportedFormat, CorruptDocument or DocumentTooLarge; nothing else.
    """
    name = filename or "document"
    if len(data) > MAX_FILE_BYTES:
        raise DocumentTooLarge(f"{name}: {len(data)} bytes, the limit is {MAX_FILE_BYTES}")
    try:
        media_type = detect.detect(data, filename, content_type)
        document = _convert(data, media_type, filename, content_type, main_content)
    except IngestError as error:
        raise type(error)(f"{name}: {error}") from error
    except ImportError:
        raise  # a broken installation is nobody's document
    except MemoryError as error:
        raise DocumentTooLarge(f"{name}: parsing takes more memory than is allowed") from error
    except Exception as error:
        raise CorruptDocument(f"{name}: cannot be read: {type(error).__name__}: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what Rust libraries raise, beside Exception
            raise
        raise CorruptDocument(f"{name}: the parser panicked: {error}") from error
    return replace(document, markdown=_encodable(document.markdown), media_type=media_type)


def _convert(
    data: bytes, media_type: str, filename: str | None, content_type: str | None, main_content: bool
) -> ParsedDocument:
    if media_type == detect.HTML:
        from services.parsing.formats.html import parse_html

        return parse_html(data, content_type, main_content=main_content)
    if media_type.startswith("image/"):
        from services.parsing.formats.image import parse_image

        return parse_image(data, PurePath(filename or "").name)
    if media_type in _PARSERS:
        return _parser(media_type)(data)
    text, warnings = decode(data, _charset(content_type))
    return ParsedDocument(text, media_type, language=language_of(filename), warnings=warnings)


def _parser(media_type: str) -> Callable[[bytes], ParsedDocument]:
    module, function = _PARSERS[media_type].split(":")
    parser: Callable[[bytes], ParsedDocument] = getattr(
        importlib.import_module(f"services.parsing.{module}"), function
    )
    return parser


def _encodable(text: str) -> str:
    """Text without halves of characters, which some formats can spell and UTF-8 cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _charset(content_type: str | None) -> str | None:
    from services.parsing.formats.html.tree import declared_charset

    return declared_charset(b"", content_type) if content_type and "charset" in content_type.lower() else None


def is_converted(media_type: str) -> bool:
    """Whether a document of this type comes out as markdown rather than as the text that it is."""
    return media_type == detect.HTML or media_type.startswith("image/") or media_type in _PARSERS
