"""Models of completion webhooks."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from schemas.api.common import Id
from schemas.base import Body, OwnBody

EventType = Literal["invocation.complete", "invocation.failed", "invocation.cancelled"]
_Events = Annotated[list[EventType], Field(min_length=1, max_length=3)]
_Url = Annotated[str, Field(min_length=1, max_length=2_048)]


class CreateEndpointPayload(OwnBody):
    """A URL to be told when runs end: all of the tenant, of a database, or of a source."""

    url: _Url
    database_name: str | None = Field(default=None, min_length=1, max_length=512)
    source_id: Id | None = None
    events: _Events | None = None
    description: str = Field(default="", max_length=500)


class ChangeEndpointPayload(OwnBody):
    """What is to change; the rest stays. A disabled endpoint keeps its deliveries until it is enabled."""

    url: _Url | None = None
    events: _Events | None = None
    description: str | None = Field(default=None, max_length=500)
    enabled: bool | None = None


class EndpointSummary(Body):
    """An endpoint without its secret."""

    id: Id
    url: str
    database_name: str | None
    source_id: Id | None
    events: list[EventType]
    description: str
    enabled: bool
    created_at: datetime


class CreatedEndpoint(EndpointSummary):
    """The new endpoint. `secret` verifies signatures and is shown only once."""

    secret: str = Field(repr=False)


class DeliveryAttempt(Body):
    """One request. `status` is the receiver's; without an answer it is null and `error` says why."""

    at: datetime
    status: int | None
    error: str | None
    milliseconds: int


class DeliverySummary(Body):
    """One event for one endpoint. `id` is sent as `webhook-id`; `next_at` is when it is tried again."""

    id: str
    endpoint_id: Id
    event_type: str
    invocation_id: str | None
    state: Literal["pending", "delivered", "failed"]
    tries: int
    attempts: list[DeliveryAttempt]
    next_at: datetime | None
    created_at: datetime
    ended_at: datetime | None


class DeliveryPage(Body):
    """Deliveries, newest first. `next_cursor` continues; null at the end."""

    deliveries: list[DeliverySummary]
    next_cursor: str | None
