"""Endpoints of completion webhooks and their deliveries, as a view: for notifying and the gateway."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from schemas.codec import Codec
from schemas.events import WebhookDelivery, WebhookEndpoint
from streams.kafka.cluster import Cluster
from streams.state.reader import ChangelogRecord
from streams.state.topic_view import TopicView
from streams.state.views import View
from streams.topics import WEBHOOK_DELIVERIES, WEBHOOK_ENDPOINTS

PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"
STATES = (PENDING, DELIVERED, FAILED)
#: The members of an endpoint's encrypted secret: the one that signs, and the one before it with its end.
SECRET, PREVIOUS, PREVIOUS_UNTIL = "secret", "previous", "previous_until"
#: How long the secret before signs, too: receivers get the new one meanwhile.
BOTH_SIGN = timedelta(days=1)

SCHEMA = """
CREATE TABLE IF NOT EXISTS endpoints (id TEXT PRIMARY KEY, tenant TEXT, enabled INTEGER, value TEXT);
CREATE TABLE IF NOT EXISTS deliveries (
    id TEXT PRIMARY KEY, partition INTEGER, endpoint_id TEXT, state TEXT, next_ms INTEGER,
    created_ms INTEGER, value TEXT);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (endpoint_id, next_ms) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_by_time ON deliveries (endpoint_id, created_ms, id);
CREATE INDEX IF NOT EXISTS deliveries_by_age ON deliveries (created_ms) WHERE state <> 'pending';
"""
_OWNED = "state = 'pending' AND partition IN (SELECT value FROM json_each(:partitions))"
_KNOWN = "endpoint_id IN (SELECT id FROM endpoints WHERE enabled)"
_DUE = f"SELECT endpoint_id, min(next_ms) FROM deliveries WHERE {_OWNED} AND {_KNOWN} GROUP BY endpoint_id"  # noqa: S608
_OF = f"SELECT value FROM deliveries WHERE {_OWNED} AND endpoint_id = :endpoint AND next_ms <= :now ORDER BY next_ms, id LIMIT :limit"  # noqa: S608, E501
_LOST = f"SELECT value FROM deliveries WHERE {_OWNED} AND endpoint_id NOT IN (SELECT id FROM endpoints) LIMIT :limit"  # noqa: S608, E501
_OLD = """
SELECT value FROM deliveries WHERE state <> 'pending' AND created_ms < :before
AND partition IN (SELECT value FROM json_each(:partitions)) LIMIT :limit
"""
_PAGE = """
SELECT value FROM deliveries WHERE endpoint_id = :endpoint AND (:state IS NULL OR state = :state)
AND (:created IS NULL OR (created_ms, id) < (:created, :id)) ORDER BY created_ms DESC, id DESC LIMIT :limit
"""


class Webhooks(TopicView):
    """Endpoints of all tenants, and deliveries of the last 14 days."""

    def __init__(self, cluster: Cluster, codec: Codec, path: Path) -> None:
        super().__init__(View(cluster, codec, (WEBHOOK_ENDPOINTS, WEBHOOK_DELIVERIES), path, SCHEMA, fold))

    async def refresh(self, timeout: float = 10) -> None:
        """Catch up with the current ends of the topics."""
        await self._view.caught_up(timeout)

    def endpoint(self, endpoint_id: str) -> WebhookEndpoint | None:
        """An endpoint by its id."""
        rows = self._view.query("SELECT value FROM endpoints WHERE id = ?", (endpoint_id,))
        return WebhookEndpoint.model_validate_json(rows[0][0]) if rows else None

    def endpoints(self, tenant: str | None) -> list[WebhookEndpoint]:
        """The endpoints of a tenant, or of all, the oldest first."""
        sql = "SELECT value FROM endpoints WHERE ? IS NULL OR tenant = ?"
        rows = self._view.query(sql, (tenant, tenant))
        found = (WebhookEndpoint.model_validate_json(row[0]) for row in rows)
        return sorted(found, key=lambda one: (one.created_at, one.id))

    def delivery(self, delivery_id: str) -> WebhookDelivery | None:
        """A delivery by its id."""
        rows = self._view.query("SELECT value FROM deliveries WHERE id = ?", (delivery_id,))
        return WebhookDelivery.model_validate_json(rows[0][0]) if rows else None

    def partition(self, delivery_id: str) -> int | None:
        """The partition of a delivery."""
        rows = self._view.query("SELECT partition FROM deliveries WHERE id = ?", (delivery_id,))
        return rows[0][0] if rows else None

    def page(
        self, endpoint_id: str, state: str | None, behind: tuple[int, str] | None, limit: int
    ) -> list[WebhookDelivery]:
        """Deliveries of an endpoint, newest first; `behind` is time and id of the last one before."""
        created, id_ = behind or (None, None)
        values = {"endpoint": endpoint_id, "state": state, "created": created, "id": id_, "limit": limit}
        return self._deliveries(_PAGE, values)

    def due(self, partitions: Sequence[int]) -> dict[str, int]:
        """When the next delivery of each enabled endpoint is due, in Unix milliseconds."""
        rows = self._view.query(_DUE, {"partitions": json.dumps(list(partitions))})
        return dict(map(tuple, rows))

    def due_of(
        self, endpoint_id: str, partitions: Sequence[int], now: datetime, limit: int
    ) -> list[WebhookDelivery]:
        """Deliveries of an endpoint that are due, the earliest first."""
        values = {"endpoint": endpoint_id, "now": milliseconds(now), "limit": limit}
        return self._deliveries(_OF, values | {"partitions": json.dumps(list(partitions))})

    def lost(self, partitions: Sequence[int], limit: int) -> list[WebhookDelivery]:
        """Pending deliveries whose endpoint was deleted."""
        return self._deliveries(_LOST, {"partitions": json.dumps(list(partitions)), "limit": limit})

    def old(self, partitions: Sequence[int], before: datetime, limit: int) -> list[WebhookDelivery]:
        """Deliveries that have ended and were created before a time."""
        values = {"partitions": json.dumps(list(partitions)), "before": milliseconds(before), "limit": limit}
        return self._deliveries(_OLD, values)

    def _deliveries(self, sql: str, values: dict[str, Any]) -> list[WebhookDelivery]:
        return [WebhookDelivery.model_validate_json(row[0]) for row in self._view.query(sql, values)]


def fold(database: sqlite3.Connection, change: ChangelogRecord) -> None:
    """Apply one record; the newest of a key wins."""
    event = change.event
    if isinstance(event, WebhookEndpoint):
        row = (change.key, event.tenant, event.enabled, event.model_dump_json())
        database.execute("INSERT OR REPLACE INTO endpoints VALUES (?, ?, ?, ?)", row)
    elif isinstance(event, WebhookDelivery):
        next_ms = None if event.next_at is None else milliseconds(event.next_at)
        place = (change.key, change.partition, event.endpoint_id, event.state, next_ms)
        values = (*place, milliseconds(event.created_at), event.model_dump_json())
        database.execute("INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    elif event is None:
        table = "endpoints" if change.topic == WEBHOOK_ENDPOINTS.name else "deliveries"
        database.execute(f"DELETE FROM {table} WHERE id = ?", (change.key,))  # noqa: S608


def context_of(endpoint_id: str, tenant: str) -> str:
    """The context that an endpoint's secret is bound to, so that it cannot be moved to another one."""
    return f"{tenant}\0{endpoint_id}\0webhook"


def rotated(members: Mapping[str, str], secret: str, at: datetime) -> dict[str, str]:
    """The members of an endpoint's secret with a new one; that of before signs for `BOTH_SIGN`."""
    until = at + BOTH_SIGN
    return {SECRET: secret, PREVIOUS: members[SECRET], PREVIOUS_UNTIL: until.isoformat()}


def signing_secrets(members: Mapping[str, str], at: datetime) -> list[str]:
    """The secrets that sign at a time, the newest first."""
    found = [members[SECRET]]
    if PREVIOUS in members and at < datetime.fromisoformat(members[PREVIOUS_UNTIL]):
        found.append(members[PREVIOUS])
    return found


def is_allowed(url: str, allowed_hosts: frozenset[str]) -> bool:
    """Whether the host of a URL is allowed by name, with its port or with any."""
    netloc = urlsplit(url).netloc.lower()
    return netloc in allowed_hosts or netloc.rsplit(":", 1)[0] in allowed_hosts


def to_allow(host: str) -> str:
    """What to do if a private receiver is meant."""
    return (
        f"if it is meant, set HEADRACE_WEBHOOK_ALLOWED_HOSTS={host} for the gateway and the connectors and "
        "restart them"
    )


def milliseconds(moment: datetime) -> int:
    """Unix milliseconds."""
    return round(moment.timestamp() * 1000)
