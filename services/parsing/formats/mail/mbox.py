"""Mailboxes (.mbox): many messages in one file, each after a line that begins with `From `."""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas.errors import DocumentError
from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.mail.eml import is_mail, parse_eml
from services.parsing.markdown_writer import Writer

#: A separator line, which precedes a header; a line of text that begins with `From ` does not.
_SEPARATOR = re.compile(rb"^From [^\r\n]*\r?\n(?=[!-9;-~]+:)", re.M)
#: Lines of a message that look like a separator are escaped with `>`.
_QUOTED = re.compile(rb"^>(?=>*From )", re.M)
MAX_MESSAGES = 10_000


def parse_mbox(data: bytes) -> ParsedDocument:
    """Convert each message to a page that is named by its subject."""
    writer = Writer()
    warnings: list[str] = []
    for number, message in enumerate(_messages(data), 1):
        if number > MAX_MESSAGES:
            warnings.append(f"mailbox: only its first {MAX_MESSAGES} messages are read; split it")
            break
        try:
            document = parse_eml(message)
        except DocumentError as error:
            warnings.append(f"message {number}: {error}")
            continue
        writer.page(number, document.title)
        writer.add(document.markdown.strip("\n"))
        warnings.extend(f"message {number}: {warning}" for warning in document.warnings)
    markdown, pages = writer.finish()
    return ParsedDocument(markdown, pages, warnings=tuple(warnings))


def _messages(data: bytes) -> Iterator[bytes]:
    starts = [match.start() for match in _SEPARATOR.finditer(data)] or [0]
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        yield _QUOTED.sub(b"", data[start:end])


def _is_mailbox(head: bytes, data: bytes) -> bool:
    return head.startswith(b"From ") and is_mail(head, data) and len(_SEPARATOR.findall(data)) > 1


FORMAT = Format("application/mbox", from_bytes(parse_mbox), suffixes=(".mbox", ".mbx"), sniff=_is_mailbox)
