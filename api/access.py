"""Authentication and permissions.

Only the SHA-256 of a key is known. The preset admin key may do everything in every tenant. The other keys
belong to one tenant, may be limited to some of its databases, and may be admin keys.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from api.clock import now
from api.errors import Forbidden, Unauthorized
from api.views.catalogue import Catalogue
from schemas.events import ApiKey

TOKEN_HEADER = "x-chroma-token"  # noqa: S105  (a header's name)


@dataclass(frozen=True, slots=True)
class Caller:
    """The key of a request. `databases=None` means all databases of the tenant."""

    key_id: str
    tenant: str
    admin: bool = False
    databases: frozenset[str] | None = None
    preset: bool = False

    def require_database(self, database: str) -> None:
        """Raise Forbidden for a database outside the key's scope."""
        if self.databases is not None and database not in self.databases:
            raise Forbidden(f"this key is limited to some databases, {database!r} is not one of them")

    def require_admin(self, action: str) -> None:
        """Raise Forbidden unless the key is an admin key."""
        if not self.admin:
            raise Forbidden(f"only an admin key may {action}")

    def require_preset(self, action: str) -> None:
        """Raise Forbidden unless the key is the preset admin key: what concerns every tenant is for it."""
        if not self.preset:
            raise Forbidden(f"only the preset admin key (HEADRACE_API_KEY) may {action}")

    def require_unlimited(self, action: str) -> None:
        """Raise Forbidden unless the key is an admin key for all databases of its tenant."""
        self.require_admin(action)
        if self.databases is not None:
            raise Forbidden(f"only an admin key without a database limit may {action}")


def hash_key(key: str) -> str:
    """Lower-case hex SHA-256, the only form in which a key is stored. Headers may hold any bytes."""
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class Authenticator:
    """Authenticates callers by their tokens.

    Args:
        tenant: that of the preset key.
        only: keys of other tenants are refused, because Chroma keeps the databases of all under one tenant.
    """

    def __init__(self, admin_key: str, tenant: str, catalogue: Catalogue, only: bool = False) -> None:
        self._admin_sha256 = hash_key(admin_key)
        self._admin = Caller("preset", tenant, admin=True, preset=True)
        self._catalogue, self._only = catalogue, only
        #: Key id → when this process last saw it.
        self.last_used: dict[str, datetime] = {}

    async def caller(self, token: str | None) -> Caller:
        """Raises Unauthorized for a missing or unknown token, Forbidden for one of a tenant that is refused.

        Compares hashes, not keys, in constant time, so timing reveals nothing about a key. An unknown hash
        may be a key that another gateway has just created, so it is looked up again after reading to the end
        of the topics.
        """
        if not token:
            raise Unauthorized(f"the header {TOKEN_HEADER} is missing")
        if (caller := self.at_hand(token)) is None:
            await self._catalogue.refresh()
            caller = self.at_hand(token)
        if caller is None:
            raise Unauthorized(f"the key in {TOKEN_HEADER} is not known")
        return caller

    def at_hand(self, token: str) -> Caller | None:
        """The caller, if this process has already read of the key. Raises Forbidden as `caller` does."""
        digest = hash_key(token)
        if hmac.compare_digest(digest, self._admin_sha256):
            return self._admin
        key = self._catalogue.key_by_hash(digest)
        if key is None or not hmac.compare_digest(digest, key.key_sha256):
            return None
        self.require_tenant(key.tenant)
        self.last_used[key.id] = now()
        return _caller(key)

    def require_tenant(self, tenant: str) -> None:
        """Raise Forbidden for a tenant that would share the databases of another one."""
        if self._only and tenant != self._admin.tenant:
            raise Forbidden(
                f"Chroma keeps all databases under one tenant here (HEADRACE_CHROMA_TENANT), so only tenant "
                f"{self._admin.tenant!r} may have keys, not {tenant!r}"
            )

    def known(self, key_id: str) -> tuple[Caller, str] | None:
        """The caller with the key of this id, and the key's hash; None if it is revoked or refused."""
        if key_id == self._admin.key_id:
            return self._admin, self._admin_sha256
        key = self._catalogue.key(key_id)
        if key is None or (self._only and key.tenant != self._admin.tenant):
            return None
        return _caller(key), key.key_sha256


def _caller(key: ApiKey) -> Caller:
    databases = None if key.databases is None else frozenset(key.databases)
    return Caller(key.id, key.tenant, key.admin, databases)
