"""Attachments of a mail, parsed recursively to a limited depth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from schemas.errors import DocumentError
from services.parsing import markdown_writer as md
from services.parsing.document import ParsedDocument
from services.parsing.markdown_writer import MarkdownBlock
from services.parsing.nested import is_too_deep, one_level_deeper, parse_nested

#: Maximum number of attachments of one mail that are read.
MAX_ATTACHMENTS = 100


@dataclass(frozen=True)
class Attachment:
    """A part of a message. `read` parses a part that is not a file (a message within a message)."""

    name: str
    data: bytes
    content_type: str | None = None
    read: Callable[[], ParsedDocument] | None = None


@dataclass
class Attached:
    """The attachments of one document as blocks, and warnings for those that could not be read."""

    blocks: list[MarkdownBlock] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def attached(attachments: list[Attachment]) -> Attached:
    """Each attachment under a heading with its name; one that cannot be read is named with the reason."""
    result = Attached()
    for at, attachment in enumerate(attachments):
        name = attachment.name or f"attachment {at + 1}"
        result.blocks.append(MarkdownBlock(md.heading(2, f"Attachment: {md.escape(name)}")))
        if at >= MAX_ATTACHMENTS or is_too_deep():
            result.warnings.append(f"attachment {name}: not read, it is too deep or one of too many")
            continue
        _read(attachment, name, result)
    return result


def _read(attachment: Attachment, name: str, result: Attached) -> None:
    try:
        if attachment.read is not None:
            document = one_level_deeper(attachment.read)
        else:
            document = parse_nested(attachment.data, attachment.name or None, attachment.content_type)
    except DocumentError as error:
        result.warnings.append(f"attachment {error}")
        return
    result.warnings.extend(f"attachment {name}: {warning}" for warning in document.warnings)
    text = document.markdown.strip("\n")
    if not text:
        return
    if (
        document.language
        and document.media_type != "text/markdown"
        and document.media_type.startswith(("text/", "application/"))
    ):
        code = (
            document.language
            if document.media_type not in ("text/html", "text/csv") and _is_code(document.media_type)
            else ""
        )
        result.blocks.append(md.code(text, code) if code else MarkdownBlock(text))
    else:
        result.blocks.append(MarkdownBlock(text))


def _is_code(media_type: str) -> bool:
    return media_type in (
        "text/plain",
        "application/json",
        "application/xml",
        "application/yaml",
        "application/toml",
    )
