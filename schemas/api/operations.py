"""Models for operators: keys, errors, health."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from schemas.api.common import Id
from schemas.base import Body, OwnBody
from schemas.limits import MAX_DATABASES


class CreateKeyPayload(OwnBody):
    """A key to create. `databases` limits it; `admin` allows creating and deleting sources and keys."""

    name: str = Field(min_length=1, max_length=200)
    admin: bool = False
    databases: list[str] | None = Field(default=None, max_length=MAX_DATABASES)
    tenant: str | None = Field(default=None, min_length=1, max_length=200)


class KeySummary(Body):
    """A key without its secret, of which only a hash is stored."""

    id: Id
    name: str
    tenant: str
    admin: bool
    databases: list[str] | None
    created_at: datetime


class CreateKeyResponse(KeySummary):
    """The new key. `key` is shown only once."""

    key: str = Field(repr=False)


class CreateCredentialPayload(OwnBody):
    """What sources are to sign in with. Members of `secret`: `access_key_id` and `secret_access_key` of kind
    `aws`, `token` of `github_token`, `app_id` and `private_key` of `github_app`."""

    kind: Literal["aws", "github_token", "github_app"]
    name: str = Field(min_length=1, max_length=200)
    secret: dict[str, Annotated[str, Field(max_length=16_384)]] = Field(max_length=10, repr=False)


class CredentialSummary(Body):
    """A credential without its secret. `hint` tells it apart, `key_id` says which key encrypts it."""

    id: int
    kind: str
    name: str
    hint: str | None
    key_id: str
    created_at: datetime
    source_ids: list[Id]


class RotatedCredentials(Body):
    """How many credentials the newest key encrypts now that it did not before. `failed` has a sentence for
    each that could not be decrypted."""

    key_id: str
    rotated: int
    failed: list[str]


class WebhookResponse(Body):
    """What a delivery has led to, for whoever looks at it on the server that sent it."""

    message: str
    invocation_ids: list[Id]


class ErrorResponse(Body):
    """Every error: a name that Chroma's clients know, and a message.

    `source_id` is present only if a source exists already or overlaps: its id.
    """

    error: str
    message: str
    source_id: Id | None = None


class HealthResponse(Body):
    """Every component that the gateway needs answers. `stages` has a sentence for each stage that is stuck on
    a record, has found records expired, or no longer reports."""

    broker: Literal["ok"]
    views: Literal["ok"]
    chroma: Literal["ok"]
    stages: list[str] = Field(default_factory=list)
