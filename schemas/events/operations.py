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
