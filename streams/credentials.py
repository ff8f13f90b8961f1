"""Saved credentials, as a view of the topic `credentials`: for connectors, triggers and the gateway."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from schemas.codec import Codec
from schemas.errors import RequestError
from schemas.events import Credential
from schemas.sources.github import APP_ID
from streams.kafka.cluster import Cluster
from streams.secrets import KINDS, Secrets
from streams.state.reader import ChangelogRecord
from streams.state.topic_view import TopicView
from streams.state.views import View
from streams.topics import CREDENTIALS

_SCHEMA = "CREATE TABLE IF NOT EXISTS credentials (id TEXT PRIMARY KEY, tenant TEXT, value TEXT);"


class SavedCredentials(TopicView):
    """The credentials of all tenants. Secrets are encrypted on the disk as they are on the topic."""

    def __init__(self, cluster: Cluster, codec: Codec, path: Path, secrets: Secrets) -> None:
        super().__init__(View(cluster, codec, [CREDENTIALS], path, _SCHEMA, _fold))
        self.secrets = secrets

    async def refresh(self) -> None:
        """Read the topic to its current end."""
        await self._view.caught_up()

    def get(self, tenant: str, credential_id: int) -> Credential | None:
        """A credential of a tenant."""
        sql = "SELECT value FROM credentials WHERE id = ? AND tenant = ?"
        rows = self._view.query(sql, (str(credential_id), tenant))
        return Credential.model_validate_json(rows[0][0]) if rows else None

    async def find(self, tenant: str, credential_id: int) -> Credential | None:
        """The same, also if another process has saved it a moment ago. Raises TransientError if the view
        cannot be read."""
        found = self.get(tenant, credential_id)
        if found is None:
            await self.refresh()
            found = self.get(tenant, credential_id)
        return found

    def taken(self, credential_id: int) -> bool:
        """Whether a credential of any tenant has this id."""
        return bool(self._view.query("SELECT 1 FROM credentials WHERE id = ?", (str(credential_id),)))

    def all(self, tenant: str | None = None) -> Sequence[Credential]:
        """The credentials of a tenant, or of all, the oldest first."""
        sql = "SELECT value FROM credentials WHERE ? IS NULL OR tenant = ?"
        found = (Credential.model_validate_json(row[0]) for row in self._view.query(sql, (tenant, tenant)))
        return sorted(found, key=lambda one: (one.created_at, one.id))

    async def secret(self, tenant: str, credential_id: int, kind: str) -> Mapping[str, str]:
        """The members of a credential's secret (`streams.secrets.KINDS`).

        Raises RequestError if the tenant has no such credential or it cannot be decrypted, TransientError if
        the view cannot be read.
        """
        found = await self.find(tenant, credential_id)
        if found is None:
            raise RequestError(
                f"credential {credential_id} does not exist (`headrace credentials list` shows what does)"
            )
        if found.kind != kind:
            raise RequestError(
                f"credential {credential_id} ({found.name}) is of kind {found.kind}, expected {kind}"
            )
        return self.opened(found)

    def opened(self, credential: Credential) -> Mapping[str, str]:
        """The members of a credential's secret. Raises RequestError when it cannot be decrypted."""
        try:
            return self.secrets.open(credential.secret, context_of(credential))
        except RequestError as error:
            raise RequestError(f"credential {credential.id} ({credential.name}): {error}") from error


def context_of(credential: Credential) -> str:
    """The context that a credential's secret is bound to, so that it cannot be moved to another tenant or
    id."""
    return f"{credential.tenant}\0{credential.id}\0{credential.kind}"


def require_members(kind: str, secret: Mapping[str, str]) -> None:
    """Raise RequestError, which does not repeat the secret, unless it has exactly the members of its kind,
    none of them empty, and those of a GitHub App can be an id and a key."""
    if kind not in KINDS:
        raise RequestError(f"kind {kind[:40]!r} is none of {', '.join(KINDS)}")
    members = KINDS[kind]
    if set(secret) != set(members) or not all(secret.values()):
        raise RequestError(f"a credential of kind {kind} has {' and '.join(members)}, and none is empty")
    if kind == "github_app":
        _require_app(secret["app_id"], secret["private_key"])


def _require_app(app_id: str, private_key: str) -> None:
    if not APP_ID.fullmatch(app_id):
        raise RequestError("app_id is no id of a GitHub App, as its settings show it: 123456 or Iv23…")
    try:
        key = load_pem_private_key(private_key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise RequestError(
            "private_key is no RSA key in PEM, as GitHub gives them: -----BEGIN RSA PRIVATE KEY"
        )


def _fold(database: sqlite3.Connection, change: ChangelogRecord) -> None:
    if isinstance(change.event, Credential):
        row = (change.key, change.event.tenant, change.event.model_dump_json())
        database.execute("INSERT OR REPLACE INTO credentials VALUES (?, ?, ?)", row)
    else:
        database.execute("DELETE FROM credentials WHERE id = ?", (change.key,))
