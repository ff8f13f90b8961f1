"""What those who run it deal with: the topics `api-keys` and `dead-letters`."""

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


class DeadLetter(Event):
    """Topic `dead-letters`: a record that will not be processed, as it came, and why.

    `whole` is false where key, value and headers are left out, because they would not fit.
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


class RecordInHand(Event):
    """A record that a process is working on, or waits to try again. `since` is when it was begun there."""

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
    """Topic `stage-health`: what one process of a stage says of itself, every few seconds.

    `oldest` is the record that it has had in hand for longest, if for longer than a moment; `expired` says
    which records it found gone before it had read them. A tombstone follows when the process ends in order.
    """

    stage: str
    slot: str
    reported_at: datetime
    oldest: RecordInHand | None = None
    expired: list[str] = Field(default_factory=list)
