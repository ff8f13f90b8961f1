"""Dead letters: records that failed for good, with their reason, and how they are replayed."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from schemas.events import DeadLetter, Document, Event, RunRequested
from schemas.markers import invocation_of
from streams.engine.outputs import Send
from streams.engine.stage import Record
from streams.engine.window import Entry
from streams.topics import DEAD_LETTERS, DOCUMENTS, MAX_LETTER_BYTES

#: Header of a replayed `documents` record: its original sequence. It remains that of the record, so a replay
#: never overwrites a newer version.
SEQUENCE_HEADER = "headrace-sequence"
#: Maximum bytes of a record, with key and headers, in a letter. The rest of `MAX_LETTER_BYTES` is for the
#: reason, the names and the framing.
_MAX_RECORD_BYTES = MAX_LETTER_BYTES - 64 * 1024
#: Maximum characters of a name; longer ones are malicious.
_NAME_CHARACTERS = 4_096
#: Maximum characters of an error's text, which may quote a document.
MAX_ERROR_CHARACTERS = 2_000


def error_text(error: str, characters: int = MAX_ERROR_CHARACTERS) -> str:
    """An error's text for a record: truncated, and with lone surrogates escaped."""
    return error[:characters].encode(errors="backslashreplace").decode()


def document_of(event: Event | None) -> Document | None:
    """The document of an event, if it has one."""
    document = getattr(event, "document", None)
    return document if isinstance(document, Document) else None


def place_of(event: Event | None) -> dict[str, str]:
    """Tenant, database and collection of an event: of its document, or of its run."""
    if (document := document_of(event)) is not None:
        names = (document.tenant, document.database, document.collection)
    elif isinstance(event, RunRequested):
        names = (event.source.tenant, event.source.database, event.collection)
    else:
        return {}
    return dict(zip(("tenant", "database", "collection"), map(_name, names), strict=True))


def about(record: Record[Any] | None) -> dict[str, str]:
    """Log fields of a record: its document and invocation, if it has them."""
    event = record.event if record else None
    document = document_of(event)
    invocation = invocation_of(document) if document else getattr(event, "invocation_id", None)
    names = {"document": document.document_key if document else None, "invocation": invocation}
    return {what: _name(name) for what, name in names.items() if name}


def letter_id(stage: str, topic: str, partition: int, offset: int) -> str:
    """The id of the dead letter that a stage writes of a record: the same when it is written again."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{stage}/{topic}/{partition}/{offset}"))


def dead_letter(stage: str, entry: Entry, error: Exception, now: datetime | None = None) -> Send:
    """The dead letter of a record: its bytes, its offset, and the reason.

    It always fits its topic: a record that is too large is omitted. The letter's key is its own id, because
    the record's key may have any length.
    """
    event = entry.record.event if entry.record else None
    document, place = document_of(event), place_of(event)
    letter = DeadLetter(
        id=letter_id(stage, entry.topic, entry.partition, entry.offset),
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
        invocation_id=_name(run) if document and (run := invocation_of(document)) else None,
        failed_at=now or datetime.now(UTC),
        tenant=place.get("tenant"),
        database=place.get("database"),
        collection=place.get("collection"),
    )
    return Send(DEAD_LETTERS, letter.id, letter if _size(letter) <= _MAX_RECORD_BYTES else _bare(letter))


def without_record(send: Send) -> Send | None:
    """The same dead letter without its record; None if it has none, and for other events."""
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


def replay_headers(letter: DeadLetter, sequence: int | None = None) -> dict[str, bytes]:
    """Headers for producing the record of a letter to its topic again.

    Args:
        sequence: of a record of `documents`; its offset, unless partitions were grown.
    """
    headers = dict(letter.headers)
    if letter.topic == DOCUMENTS.name:
        kept = letter.offset if sequence is None else sequence
        headers.setdefault(SEQUENCE_HEADER, str(kept).encode())
    return headers
