"""Completion webhooks: the topics `webhook-endpoints` and `webhook-deliveries`."""

from datetime import datetime

from pydantic import Field

from schemas.events.common import Event
from schemas.events.credentials import Sealed


class WebhookEndpoint(Event):
    """Topic `webhook-endpoints`: a URL that is told when runs end. Only the gateway writes it.

    `database` and `source_id` limit it, `events` are the types that it gets. The secret is encrypted.
    """

    id: str
    tenant: str
    url: str
    database: str | None = None
    source_id: str | None = None
    events: list[str] = Field(default_factory=list)
    description: str = ""
    secret: Sealed
    enabled: bool = True
    created_at: datetime


class WebhookAttempt(Event):
    """One request. `status` is the HTTP status; without an answer it is null, and `error` says why."""

    at: datetime
    status: int | None = None
    error: str | None = None
    milliseconds: int = 0


class WebhookDelivery(Event):
    """Topic `webhook-deliveries`: one event for one endpoint; its key is `webhook-id`, the same at each try.

    `state` is `pending`, `delivered` or `failed`. `body` is sent as it is; each attempt signs it anew.
    Notifying writes it, in transactions; the gateway writes one to be sent at once: a test, or a new try.
    """

    id: str
    endpoint_id: str
    tenant: str
    event_type: str
    invocation_id: str = ""
    body: str
    state: str = "pending"
    tries: int = 0
    attempts: list[WebhookAttempt] = Field(default_factory=list)
    next_at: datetime | None = None
    created_at: datetime
    ended_at: datetime | None = None
