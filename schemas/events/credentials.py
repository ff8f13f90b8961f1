"""Saved credentials of sources: the topic `credentials`. Their secrets are always encrypted."""

from datetime import datetime

from schemas.events.common import Event


class Sealed(Event):
    """An encrypted value (AES-256-GCM). `key_id` identifies the key of `HEADRACE_SECRETS_KEY`.

    Nonce and ciphertext are in base64.
    """

    key_id: str
    nonce: str
    ciphertext: str


class Credential(Event):
    """Topic `credentials`: a saved credential of a tenant's sources.

    `kind` determines the members of the secret (`streams.secrets.KINDS`). `hint` helps to tell credentials
    apart and is not secret: the last characters of an access key, the id of a GitHub App.
    """

    id: int
    tenant: str
    kind: str
    name: str
    hint: str | None = None
    secret: Sealed
    created_at: datetime
