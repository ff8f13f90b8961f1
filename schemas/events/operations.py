"""Operations: the topics `api-keys`, `dead-letters` and `stage-health`."""

from datetime import datetime

from pydantic import Field

from schemas.events.common import Event


class ApiKey(Event):
    """Topic `api-keys`: who may call the gateway. Only a hash of the key is kept."""

    id: str
    name: str
    tenant: str
    key_sha256: str
    admin: bool = False
    databases: list[str] | None = None
    created_at: datetime


class SessionsEnded(Event):
    """Topic `api-keys`: sessions of the dashboard that ended before their time, with this key: the one with
    this id, or all that began before."""

    key_id: str
    session_id: str | None = None
    ended_at: datetime


class DeadLetter(Event):
    """Topic `dead-letters`: a record that failed for good, unchanged, and why.

    `whole` is false if key, value and headers are omitted because they would not fit. Tenant, database and
    collection are those of its document or source, if it could be decoded.
    """

    id: str
    topic: str
    partition: int
    offset: int
    key: bytes | None = None
    value: bytes | None = None
    headers: dict[str, bytes] = Field(default_factory=dict)
    whole: bool = True
    stage: str
    error_class: str
    error: str
    attempt: int
    document_key: str | None = None
    invocation_id: str | None = None
    failed_at: datetime
    tenant: str | None = None
    database: str | None = None
    collection: str | None = None


class LetterSettled(Event):
    """Topic `dead-letters`, with the key of a dead letter: it was `replayed` or `dropped`, or is
    `superseded` by something newer, and is no longer open. `key_id` is the API key that asked for it; empty
    for the command, and for what nobody asked for."""

    id: str
    action: str
    settled_at: datetime
    key_id: str = ""


class RecordInHand(Event):
    """A record that a process is working on or waits to retry. `since` is the time of its first try there."""

    topic: str
    partition: int
    offset: int
    tenant: str | None = None
    database: str | None = None
    collection: str | None = None
    document_key: str | None = None
    invocation_id: str | None = None
    since: datetime
    attempt: int
    error: str | None = None


class StageHealth(Event):
    """Topic `stage-health`: the report of one process of a stage, every few seconds.

    `oldest` is its oldest record in progress, if that is older than a moment; `expired` describes records
    that expired before it read them. A tombstone follows when the process ends in order.
    """

    stage: str
    slot: str
    reported_at: datetime
    oldest: RecordInHand | None = None
    expired: list[str] = Field(default_factory=list)
