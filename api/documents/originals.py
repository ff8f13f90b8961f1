"""The original of a document: the bytes that were parsed, while the record that brought them is kept.

Nothing keeps originals on purpose. The record of the indexed version is on `documents` at the document's
sequence for 7 days, with its content or the name of a blob; that of a version that failed is in a dead letter
for 14 days. Then the original is where it came from.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import TypeGuard

from api.access import Caller
from api.dependencies import Dependencies
from api.documents.failures import letters_of
from api.documents.queries import find_document, known_layout
from api.errors import Gone
from api.views.documents import DocumentRow
from api.views.documents.tables import DELETED, FAILED
from schemas.errors import ContractError, DocumentError
from schemas.events import DocumentUpserted, TopicLayout
from schemas.ids import document_id
from streams.state.layout import place_of
from streams.state.letters import letters_at
from streams.state.reader import Reader
from streams.topics import DOCUMENTS

_NOT_KEPT = "the original is not kept any more: its record on `documents` has expired, after 7 days"
#: A record is found within milliseconds, or is not there.
_READ_SECONDS = 5.0

_PDF = b"%PDF-"
_IMAGES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


@dataclass(frozen=True, slots=True)
class Original:
    """An original.

    Args:
        media_type: what the bytes are, as far as a browser may show them; `text/plain` for all that is
            UTF-8, HTML and SVG too, and `application/octet-stream` for the rest.
        failed: whether it is the version that failed, not the one that is indexed.
    """

    name: str
    content: bytes
    media_type: str
    failed: bool


async def read_original(parts: Dependencies, caller: Caller, document_id_: str) -> Original:
    """The original of a document: of the version that failed, else of the one that is indexed.

    Raises NotFound, Gone if it is not kept, TransientError.
    """
    row = await find_document(parts, caller, document_id_)
    record, failed = None, False
    if row.state == FAILED:
        record = await asyncio.to_thread(_in_letter, parts, row)
        failed = record is not None
    if record is None and row.state != DELETED:
        record = await asyncio.to_thread(_on_topic, parts, row, await known_layout(parts))
    if record is None:
        raise Gone(_NOT_KEPT if row.state != DELETED else "the document is deleted")
    try:
        content = await parts.gateway.blobs.get(record.content)
    except DocumentError as error:
        raise Gone(f"the original is not kept any more: {error}") from error
    name = record.filename or row.key.rstrip("/").rpartition("/")[2] or row.key
    return Original(name, content, media_type_of(content), failed)


def media_type_of(content: bytes) -> str:
    """The type by which a browser may show bytes, by the bytes alone: what a name or a producer says of them
    may be a lie."""
    if content.startswith(_PDF):
        return "application/pdf"
    for magic, media_type in _IMAGES:
        if content.startswith(magic):
            return media_type
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    try:
        return "application/octet-stream" if "\0" in content.decode() else "text/plain"
    except UnicodeDecodeError:
        return "application/octet-stream"


def _on_topic(parts: Dependencies, row: DocumentRow, layout: TopicLayout) -> DocumentUpserted | None:
    """The record at the document's sequence; None if it has expired."""
    if row.sequence is None:
        return None
    if (place := place_of(layout, row.id, row.sequence)) is None:
        return None
    partition, offset = place
    reader = Reader(parts.gateway.cluster, parts.gateway.codec, patience_seconds=_READ_SECONDS)
    where = (DOCUMENTS.name, partition)
    try:
        reader.assign({where: offset})
        for batch in reader.read_to({where: offset + 1}):
            for change in batch.changes:
                if change.offset == offset and _is_of(change.event, row):
                    return change.event
    finally:
        reader.close()
    return None


def _in_letter(parts: Dependencies, row: DocumentRow) -> DocumentUpserted | None:
    """The newest record that failed in parsing; None if no letter has it."""
    wanted = replace(letters_of(row), state=None, stage="parsing")
    places = [one.place for one in parts.letters.page(wanted, None, 1)]
    for letter in letters_at(parts.gateway.cluster, parts.gateway.codec, places, _READ_SECONDS):
        try:
            event = parts.gateway.codec.decode(letter.value) if letter.value else None
        except (ContractError, ValueError):
            continue
        if _is_of(event, row):
            return event
    return None


def _is_of(event: object, row: DocumentRow) -> TypeGuard[DocumentUpserted]:
    """Whether an event brought a version of the document. A topic that is made anew counts anew."""
    return isinstance(event, DocumentUpserted) and document_id(event.document) == row.id
