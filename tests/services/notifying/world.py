"""Endpoints, runs and a receiver, and a world in memory in which the notifying stage decides."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from aiohttp import web

from schemas.events import Invocation, Status, WebhookDelivery, WebhookEndpoint
from services.notifying import NotifyingStage, Sender
from streams.engine.outputs import Send
from streams.engine.stage import Context, Record
from streams.secrets import Secrets, SecretsKey
from streams.state.reader import ChangelogRecord
from streams.state.views import View
from streams.state.webhooks import SCHEMA, SECRET, Webhooks, context_of, fold
from streams.topics import INVOCATIONS, WEBHOOK_ENDPOINTS

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
KEY = SecretsKey(b"k" * 32)
SECRETS = Secrets(lambda: [KEY])
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def endpoint(url: str = "https://example.com/hook", id_: str = "one", **fields: Any) -> WebhookEndpoint:
    made: dict[str, Any] = {
        "id": id_,
        "tenant": "t",
        "url": url,
        "events": ["invocation.complete", "invocation.failed"],
        "secret": SECRETS.seal({SECRET: SIGNING}, context_of(id_, "t")),
        "created_at": NOON - timedelta(days=1),
    }
    return WebhookEndpoint(**{**made, **fields})


def run(id_: str = "run", status: Status = Status.COMPLETE, **fields: Any) -> Invocation:
    made: dict[str, Any] = {
        "id": id_,
        "tenant": "t",
        "database": "d",
        "collection": "c",
        "source_id": "s",
        "source_type": "folder",
        "single_document": False,
        "status": status,
        "created_at": NOON,
        "finished_at": NOON,
    }
    return Invocation(**{**made, **fields})


@dataclass
class Receiver:
    """Takes deliveries; `answer` is what it does with each."""

    url: str = ""
    taken: list[tuple[dict[str, str], str]] = field(default_factory=list)
    answer: Callable[[web.Request], Any] = lambda request: web.Response()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.taken.append((dict(request.headers), await request.text()))
        answer = self.answer(request)
        return cast(web.StreamResponse, await answer if hasattr(answer, "__await__") else answer)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on 127.0.0.1."""
    made = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()


class Tables:
    """The tables of the view, without what follows topics."""

    def __init__(self) -> None:
        self.database = sqlite3.connect(":memory:", isolation_level=None)
        self.database.row_factory = sqlite3.Row
        self.database.executescript(SCHEMA)

    def query(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        return self.database.execute(sql, values).fetchall()

    async def caught_up(self, timeout: float = 10) -> None:
        """It always is."""


class MemoryWebhooks(Webhooks):
    """The view on tables of this process."""

    def __init__(self, tables: Tables) -> None:
        self._view = cast(View, tables)


class World:
    """A stage on tables that outlive it."""

    def __init__(self, allowed: frozenset[str] = frozenset({"127.0.0.1"}), answer_s: float = 5.0) -> None:
        self.tables, self.now = Tables(), NOON
        self._allowed, self._answer_s = allowed, answer_s
        self.webhooks = MemoryWebhooks(self.tables)
        self.start()

    def start(self) -> None:
        """A new process."""
        sender = Sender(SECRETS, self._allowed, lambda: self.now, self._answer_s)
        self.stage = NotifyingStage(self.webhooks, sender, lambda: self.now)
        self.sender = sender

    def write(self, *sends: Send) -> None:
        """What a transaction commits."""
        for send in sends:
            record = ChangelogRecord(send.topic.name, 0, 0, send.key, send.event, 0)
            fold(self.tables.database, record)

    def add(self, *endpoints: WebhookEndpoint) -> None:
        self.write(*(Send(WEBHOOK_ENDPOINTS, one.id, one) for one in endpoints))

    async def read(self, *runs: Invocation) -> list[Send]:
        """The deliveries that the stage writes for runs; committed."""
        records = [Record(INVOCATIONS.name, 0, n, one.id, one, 0) for n, one in enumerate(runs)]
        outcomes = await self.stage.process_batch(records, cast(Context, None))
        sends = [send for outcome in outcomes for send in cast(Sequence[Send], outcome)]
        self.write(*sends)
        return sends

    async def look(self) -> list[WebhookDelivery]:
        """One look of the stage at its partition; what it writes is committed."""
        sends = await self.stage.punctuate([0])
        self.write(*sends)
        return [send.event for send in sends if isinstance(send.event, WebhookDelivery)]

    def deliveries(self, endpoint_id: str = "one") -> list[WebhookDelivery]:
        """Those of an endpoint, newest first."""
        return self.webhooks.page(endpoint_id, None, None, 100)
