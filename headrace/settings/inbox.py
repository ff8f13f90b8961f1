"""The inbox: what events of other programs may name, and which topics hold rows of a database."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from headrace.settings.values import CommaSeparated


class InboxSettings(BaseSettings):
    """The inbox: what events of other programs may name, and which topics hold rows of a database."""

    inbox_tenant: str = Field(
        "default_tenant", description="Tenant of events on `inbox` that name none.", min_length=1
    )
    inbox_database: str = Field(
        "default_database", description="Database of events that name none.", min_length=1
    )
    inbox_allowed: CommaSeparated = Field(
        default_factory=list,
        description="What events may name, comma-separated or as a JSON list: `tenant`, `tenant/database` or "
        "`*`. Default: databases of `HEADRACE_INBOX_TENANT`. Whoever may write to the topic may write there.",
    )
    inbox_tables: Path | None = Field(
        None,
        description="TOML file that says which topics of Debezium hold rows, and what a row means as a "
        "document ([events.md](events.md#rows-of-a-database)). The connectors need it.",
    )
