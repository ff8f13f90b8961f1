"""Dead letters: what becomes of a record that will not be processed, and how it gets another try."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from schemas.events import DeadLetter, Document, Event
from streams.engine.outputs import Send
from streams.engine.stage import Record
from streams.engine.window import Entry
from streams.topics import DEAD_LETTERS, DOCUMENTS, MAX_LETTER_BYTES

#: Header of a replayed `documents` record: the offset that it had, which stays its sequence, so that a
#: replay never overwrites what came after it.
SEQUENCE_HEADER = "headrace-sequence"
#: Bytes of a record, with its key and headers, that a letter carries. The rest of `MAX_LETTER_BYTES` is for
#: the reason, the names and the frame.
_MAX_RECORD_BYTES = MAX_LETTER_BYTES - 64 * 1024
#: Characters of a name that travel: longer ones are made to do harm.
_NAME_CHARACTERS = 4_096
#: Characters of an error's text that travel: it may quote a document.
MAX_ERROR_CHARACTERS = 2_000


def error_text(error: str, characters: int = MAX_ERROR_CHARACTERS) -> str:
    """An error's text as it may travel: bounded, and what is no Unicode is spelled out."""
    return error[:characters].encode(errors="backslashreplace").decode()


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
    names = {"document": document.document_key} | ({"invocation": run.invocation_id} if run else {})
    return {what: _name(name) for what, name in names.items()}


def dead_letter(stage: str, entry: Entry, error: Exception, now: datetime | None = None) -> Send:
    """The record as it came, where it stood, and why it is given up.

    Always fits its topic: a record that is too large is left out. Its key is its own id, because that of the
    record may be of any length.
    """
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
        document_key=_name(document.document_key) if document else None,
        invocation_id=_name(document.run.invocation_id) if document and document.run else None,
        failed_at=now or datetime.now(UTC),
    )
    return Send(DEAD_LETTERS, letter.id, letter if _size(letter) <= _MAX_RECORD_BYTES else _bare(letter))


def without_record(send: Send) -> Send | None:
    """A dead letter that says the same and does not hold its record, None for any other event."""
    letter = send.event
    return replace(send, event=_bare(letter)) if isinstance(letter, DeadLetter) and letter.whole else None


def _bare(letter: DeadLetter) -> DeadLetter:
    reason = f"{letter.error} (the letter does not hold the record of {_size(letter):,} bytes)"
    return letter.model_copy(
        update={"key": None, "value": None, "headers": {}, "whole": False, "error": reason}
    )


def _size(letter: DeadLetter) -> int:
    headers = sum(len(name.encode(errors="replace")) + len(value) for name, value in letter.headers.items())
    return len(letter.key or b"") + len(letter.value or b"") + headers


def _name(name: str) -> str:
    return error_text(name, _NAME_CHARACTERS)


def replay_headers(letter: DeadLetter) -> dict[str, bytes]:
    """Headers for producing a letter's record again to the topic it came from."""
    headers = dict(letter.headers)
    if letter.topic == DOCUMENTS.name:
        headers.setdefault(SEQUENCE_HEADER, str(letter.offset).encode())
    return headers
