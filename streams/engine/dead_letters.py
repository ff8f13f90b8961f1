"""Dead letters: what becomes of a record that will not be processed, and how it gets another try."""

import uuid
from datetime import UTC, datetime
from typing import Any

from schemas.events import DeadLetter, Document, Event
from streams.engine.outputs import Send
from streams.engine.stage import Record
from streams.engine.window import Entry
from streams.topics import DEAD_LETTERS, DOCUMENTS

#: Header of a replayed `documents` record: the offset that it had, which stays its sequence, so that a
#: replay never overwrites what came after it.
SEQUENCE_HEADER = "headrace-sequence"
#: Characters of an error's text that travel: it may quote a document.
MAX_ERROR_CHARACTERS = 2_000


def error_text(error: str) -> str:
    """An error's text as it may travel: bounded, and what is no Unicode is spelled out."""
    return error[:MAX_ERROR_CHARACTERS].encode(errors="backslashreplace").decode()


def document_of(event: Event | None) -> Document | None:
    """The document that an event is about, if it is about one."""
    document = getattr(event, "document", None)
    return document if isinstance(document, Document) else None


def about(record: Record[Any] | None) -> dict[str, str]:
    """What a log says of a record: its document and invocation, where it has them."""
    document = document_of(record.event if record else None)
    if document is None:
        return {}
    run = document.run
    return {"document": document.document_key} | ({"invocation": run.invocation_id} if run else {})


def dead_letter(stage: str, entry: Entry, error: Exception, now: datetime | None = None) -> Send:
    """The record as it came, where it stood, and why it is given up."""
    document = document_of(entry.record.event if entry.record else None)
    letter = DeadLetter(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{stage}/{entry.topic}/{entry.partition}/{entry.offset}")),
        topic=entry.topic,
        partition=entry.partition,
        offset=entry.offset,
        key=entry.raw.key,
        value=entry.raw.value,
        headers=dict(entry.raw.headers),
        stage=stage,
        error_class=type(error).__name__,
        error=error_text(str(error)),
        attempt=entry.attempt,
        document_key=document.document_key if document else None,
        invocation_id=document.run.invocation_id if document and document.run else None,
        failed_at=now or datetime.now(UTC),
    )
    return Send(DEAD_LETTERS, letter.key.decode(errors="replace") if letter.key else letter.id, letter)


def replay_headers(letter: DeadLetter) -> dict[str, bytes]:
    """Headers for producing a letter's record again to the topic it came from."""
    headers = dict(letter.headers)
    if letter.topic == DOCUMENTS.name:
        headers.setdefault(SEQUENCE_HEADER, str(letter.offset).encode())
    return headers
