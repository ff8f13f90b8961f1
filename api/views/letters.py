"""Dead letters: a materialised view of their topic. Their records are not stored, but read when needed."""

import json
import sqlite3
import time
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.views.reasons import reason_of
from schemas.codec import Codec
from schemas.errors import ContractError
from schemas.events import (
    DeadLetter,
    DocumentChunked,
    DocumentDeleted,
    DocumentEmbedded,
    DocumentParsed,
    DocumentUpserted,
    Event,
    LetterSettled,
    RunRequested,
)
from schemas.ids import document_id
from streams.engine.publishing.dead_letters import SEQUENCE_HEADER, document_of, place_of
from streams.kafka.cluster import Cluster
from streams.state.letters import DROPPED, REPLAYED, SUPERSEDED, LetterPlace
from streams.state.reader import ChangelogRecord
from streams.state.topic_view import TopicView
from streams.state.views import View
from streams.topics import DEAD_LETTERS

_SCAN_SECONDS = 60.0
OPEN = "open"

#: Records that belong to a version of a document.
_VERSIONS = (DocumentUpserted, DocumentDeleted, DocumentParsed, DocumentChunked, DocumentEmbedded)

TABLES = """
CREATE TABLE IF NOT EXISTS letters (
    id TEXT PRIMARY KEY, tenant TEXT, database TEXT, collection TEXT, topic TEXT, partition INTEGER,
    offset INTEGER, stage TEXT, error_class TEXT, error TEXT, reason TEXT, tries INTEGER, document_key TEXT,
    invocation_id TEXT, failed_ms INTEGER, bytes INTEGER, whole INTEGER, at_partition INTEGER,
    at_offset INTEGER, state TEXT, settled_ms INTEGER,
    document TEXT, sequence INTEGER, number INTEGER, part INTEGER);
CREATE INDEX IF NOT EXISTS letters_by_state ON letters (state, failed_ms, id);
CREATE INDEX IF NOT EXISTS letters_by_time ON letters (failed_ms, id);
CREATE INDEX IF NOT EXISTS letters_by_invocation ON letters (invocation_id, reason);
"""


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Filters of letters. `tenant` None selects all, including letters of unknown tenants; `databases` None
    selects all; `of_documents` leaves out those of whole runs, which have ended with them."""

    tenant: str | None
    databases: Set[str] | None = None
    state: str | None = OPEN
    stage: str | None = None
    reason: str | None = None
    invocation_id: str | None = None
    ids: Sequence[str] | None = None
    of_documents: bool = False
    collection: str | None = None
    document_key: str | None = None


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A letter without its record. `at_partition` and `at_offset` are its own position on `dead-letters`;
    `topic`, `partition` and `offset` are that of its record.

    `document` is the id of its document, `sequence` that of its version, `number` the producer's, `part` of
    it: None where the record does not say so."""

    id: str
    tenant: str | None
    database: str | None
    collection: str | None
    topic: str
    partition: int
    offset: int
    stage: str
    error_class: str
    error: str
    reason: str
    tries: int
    document_key: str | None
    invocation_id: str | None
    failed_ms: int
    bytes: int
    whole: bool
    at_partition: int
    at_offset: int
    state: str
    settled_ms: int | None
    document: str | None
    sequence: int | None
    number: int | None
    part: int | None

    @property
    def place(self) -> LetterPlace:
        """The position of the letter."""
        return LetterPlace(self.id, self.at_partition, self.at_offset)


_COLUMNS = LetterRow.__slots__
_WRITE = f"INSERT OR REPLACE INTO letters VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_CONDITIONS = """
failed_ms >= :since AND (:tenant IS NULL OR tenant = :tenant)
AND (:databases IS NULL OR database IN (SELECT value FROM json_each(:databases)))
AND (:state IS NULL OR state = :state) AND (:stage IS NULL OR stage = :stage)
AND (:reason IS NULL OR reason = :reason) AND (:invocation IS NULL OR invocation_id = :invocation)
AND (NOT :of_documents OR document_key IS NOT NULL)
AND (:collection IS NULL OR collection = :collection)
AND (:document_key IS NULL OR document_key = :document_key)
AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids)))
"""
_PAGE = (
    f"SELECT {', '.join(_COLUMNS)} FROM letters WHERE {_CONDITIONS} "  # noqa: S608  (names of ours)
    "AND (:failed_ms IS NULL OR (failed_ms, id) < (:failed_ms, :id)) "
    "ORDER BY failed_ms DESC, id DESC LIMIT :limit"
)
_COUNT = f"SELECT count(*) FROM letters WHERE {_CONDITIONS}"  # noqa: S608
_BY_REASON = f"SELECT reason, count(*) FROM letters WHERE {_CONDITIONS} GROUP BY reason"  # noqa: S608
_OPEN = f"SELECT {', '.join(_COLUMNS)} FROM letters WHERE state = '{OPEN}' AND failed_ms >= ?"  # noqa: S608
_KEYS = f"SELECT DISTINCT document_key FROM letters WHERE {_CONDITIONS}"  # noqa: S608


class Letters(TopicView):
    """The dead letters of the last 14 days and their status."""

    def __init__(self, cluster: Cluster, codec: Codec, folder: Path) -> None:
        self._codec = codec
        super().__init__(View(cluster, codec, (DEAD_LETTERS,), folder / "letters.sqlite", TABLES, self._fold))

    async def refresh(self, timeout: float = 10) -> None:
        """Catch up with the current end of the topic."""
        await self._view.caught_up(timeout)

    def page(self, wanted: LetterFilter, behind: tuple[int, str] | None, limit: int) -> list[LetterRow]:
        """Letters, newest first; `behind` is the time and id of the previous page's last letter."""
        failed_ms, id_ = behind or (None, None)
        values = _values(wanted) | {"failed_ms": failed_ms, "id": id_, "limit": limit}
        return [_row(found) for found in self._view.query(_PAGE, values)]

    async def open(self) -> list[LetterRow]:
        """All open letters."""
        since = round(time.time() * 1000) - _kept_ms()
        return [_row(found) for found in await self._view.scan(_OPEN, (since,), _SCAN_SECONDS)]

    def count(self, wanted: LetterFilter) -> int:
        """Number of letters."""
        return int(self._view.query(_COUNT, _values(wanted))[0][0])

    def by_reason(self, wanted: LetterFilter) -> dict[str, int]:
        """Number of letters by reason."""
        return dict(map(tuple, self._view.query(_BY_REASON, _values(wanted))))

    def document_keys(self, wanted: LetterFilter) -> set[str | None]:
        """The document keys of letters."""
        return {row[0] for row in self._view.query(_KEYS, _values(wanted))}

    def _fold(self, database: sqlite3.Connection, change: ChangelogRecord) -> None:
        fold_letters(database, change, self._codec)


def fold_letters(database: sqlite3.Connection, change: ChangelogRecord, codec: Codec) -> None:
    """Apply one record of `dead-letters`. A letter that arrives again is open again."""
    event = change.event
    if isinstance(event, LetterSettled):
        # What a later release has done with it, it need not be done again.
        action = event.action if event.action in (REPLAYED, DROPPED, SUPERSEDED) else DROPPED
        settled = (action, round(event.settled_at.timestamp() * 1000), event.id)
        database.execute("UPDATE letters SET state = ?, settled_ms = ? WHERE id = ?", settled)
    elif isinstance(event, DeadLetter):
        database.execute(_WRITE, _columns(event, change, codec))
        database.execute("DELETE FROM letters WHERE failed_ms < ?", (change.timestamp_ms - _kept_ms(),))


def _failed_ms(letter: DeadLetter, written_ms: int) -> int:
    """When it failed by the clock of its stage; if that cannot be, when it was written. A letter must neither
    vanish nor stay for years because a clock was wrong."""
    failed_ms = round(letter.failed_at.timestamp() * 1000)
    return failed_ms if 0 <= written_ms - failed_ms < _kept_ms() else written_ms


def _columns(letter: DeadLetter, change: ChangelogRecord, codec: Codec) -> tuple[Any, ...]:
    inside = _decoded(letter, codec)
    place = {"tenant": letter.tenant, "database": letter.database, "collection": letter.collection}
    if letter.tenant is None:
        place |= place_of(inside)
    document = document_of(inside)
    run = inside.invocation_id if isinstance(inside, RunRequested) else letter.invocation_id
    key = letter.document_key or (document.document_key if document else None)
    row = LetterRow(
        id=letter.id,
        tenant=place["tenant"],
        database=place["database"],
        collection=place["collection"],
        topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        stage=letter.stage,
        error_class=letter.error_class,
        error=letter.error,
        reason=reason_of(letter.error, key),
        tries=letter.attempt,
        document_key=key,
        invocation_id=run,
        failed_ms=_failed_ms(letter, change.timestamp_ms),
        bytes=len(letter.value or b""),
        whole=letter.whole,
        at_partition=change.partition,
        at_offset=change.offset,
        state=OPEN,
        settled_ms=None,
        **_version(letter, inside),
    )
    return tuple(getattr(row, column) for column in _COLUMNS)


def _version(letter: DeadLetter, inside: Event | None) -> dict[str, Any]:
    """Of which document's version a record is. A record of `documents` that was not replayed has its sequence
    by its place."""
    document = document_of(inside) if isinstance(inside, _VERSIONS) else None
    if document is None or letter.key != document_id(document).encode():
        return dict.fromkeys(("document", "sequence", "number", "part"))
    said = letter.headers.get(SEQUENCE_HEADER, b"")
    return {
        "document": document_id(document),
        "sequence": int(said) if said.isdigit() else getattr(inside, "sequence", None),
        "number": document.version,
        "part": getattr(inside, "part", None),
    }


def _decoded(letter: DeadLetter, codec: Codec) -> Event | None:
    """The event in a letter; None if it cannot be decoded."""
    try:
        return codec.decode(letter.value) if letter.value else None
    except (ContractError, ValueError):
        return None


def _values(wanted: LetterFilter) -> dict[str, Any]:
    return {
        "since": round(time.time() * 1000) - _kept_ms(),
        "tenant": wanted.tenant,
        "databases": None if wanted.databases is None else json.dumps(sorted(wanted.databases)),
        "state": wanted.state,
        "stage": wanted.stage,
        "reason": wanted.reason,
        "invocation": wanted.invocation_id,
        "of_documents": wanted.of_documents,
        "collection": wanted.collection,
        "document_key": wanted.document_key,
        "ids": None if wanted.ids is None else json.dumps(list(wanted.ids)),
    }


def _kept_ms() -> int:
    return DEAD_LETTERS.retention_ms


def _row(found: Sequence[Any]) -> LetterRow:
    return LetterRow(**{**dict(zip(_COLUMNS, found, strict=True)), "whole": bool(found[16])})
