"""Entry point to all formats: detects the format, calls its parser, and raises only documented errors."""

from __future__ import annotations

from dataclasses import replace

from schemas.errors import CorruptDocument, DocumentTooLarge, IngestError
from schemas.limits import MAX_FILE_BYTES
from services.parsing.detect import detect
from services.parsing.document import ParsedDocument
from services.parsing.format import Input
from services.parsing.formats.html.tree import declared_charset
from services.parsing.formats.text import decode
from services.parsing.languages import language_of
from services.parsing.nested import register
from services.parsing.packed import unpacked
from services.parsing.reading import Choices, reading
from services.parsing.registry import BY_MEDIA_TYPE, FORMATS


def parse(
    data: bytes,
    filename: str | None = None,
    content_type: str | None = None,
    *,
    main_content: bool = False,
    choices: Choices | None = None,
) -> ParsedDocument:
    """Convert the bytes of a document to markdown.

    The format is detected from the content, then the name, then the declared type. Text and source code are
    returned unchanged, so their line numbers stay valid. `main_content` removes navigation, footers, comments
    and adverts of a web page; it has no effect on other formats. `choices` says whether comments and hidden
    content are read; by default those of the process (`reading.configure`).

    Raises only UnsupportedFormat, CorruptDocument and DocumentTooLarge.
    """
    name = filename or "document"
    if len(data) > MAX_FILE_BYTES:
        raise DocumentTooLarge(f"{name}: {len(data)} bytes, the limit is {MAX_FILE_BYTES}")
    try:
        with reading(choices) as told:
            document = _converted(Input(data, filename, content_type, main_content))
    except IngestError as error:
        raise type(error)(f"{name}: {error}") from error
    except ImportError:
        raise  # the installation is broken, not the document
    except MemoryError as error:
        raise DocumentTooLarge(f"{name}: parsing exceeds the memory limit") from error
    except Exception as error:
        raise CorruptDocument(f"{name}: cannot be read: {type(error).__name__}: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust panics derive from BaseException
            raise
        raise CorruptDocument(f"{name}: the parser panicked: {error}") from error
    return replace(document, markdown=_encodable(document.markdown), warnings=(*document.warnings, *told))


def _converted(source: Input) -> ParsedDocument:
    source = unpacked(source)
    media_type = detect(source.data, source.filename, source.content_type, formats=FORMATS)
    if one := BY_MEDIA_TYPE.get(media_type):
        document, text_type = one.parse(source), "text/markdown"
    else:
        text, warnings = decode(source.data, _charset(source.content_type))
        document, text_type = ParsedDocument(text, warnings=warnings), media_type
        document = replace(document, language=language_of(source.filename))
    return replace(document, media_type=media_type, text_type=text_type)


def _encodable(text: str) -> str:
    """Replace lone surrogates, which some formats can contain and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _charset(content_type: str | None) -> str | None:
    return declared_charset(b"", content_type) if content_type and "charset" in content_type.lower() else None


register(parse)
