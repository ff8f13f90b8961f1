"""Saved credentials of sources: the topic `credentials`. Their secrets are encrypted before they travel."""

from datetime import datetime

from schemas.events.common import Event


class Sealed(Event):
    """A value that is encrypted (AES-256-GCM). `key_id` says with which key of `HEADRACE_SECRETS_KEY`.

    Nonce and ciphertext are in base64.
    """

    key_id: str
    nonce: str
    ciphertext: str


class Credential(Event):
    """Topic `credentials`: what sources of a tenant sign in with.

    `kind` says which members the secret has (`streams.secrets.KINDS`). `hint` tells credentials apart and is
    no secret: the last characters of an access key, the id of a GitHub App.
    """

    id: int
    tenant: str
    kind: str
    name: str
    hint: str | None = None
    secret: Sealed
    created_at: datetime
