"""A database, and its path in Chroma."""

from dataclasses import dataclass

from api.errors import CHROMA_ROOT
from streams.chroma import segment


@dataclass(frozen=True, slots=True)
class Place:
    """A database. `tenant` is Headrace's, `stored_tenant` the one that Chroma keeps it under."""

    tenant: str
    stored_tenant: str
    database: str

    @property
    def databases(self) -> str:
        """The path of the databases of the tenant."""
        return f"{CHROMA_ROOT}/tenants/{segment(self.stored_tenant)}/databases"

    @property
    def path(self) -> str:
        """The path of the database in Chroma. Raises DocumentError for names that are no path."""
        return f"{self.databases}/{segment(self.database)}"
