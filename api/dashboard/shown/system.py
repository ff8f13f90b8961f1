"""Whether all is well: broker, Chroma, model, sparse index, and each service with its lag."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from aiohttp import web

from api.dashboard.shown.formats import duration, plural
from api.dashboard.shown.verdicts import Tone
from api.dependencies import Dependencies
from api.errors import HttpError
from api.health import Health
from api.views.kept import Kept
from schemas.errors import IngestError
from schemas.events import Embedding, StageHealth
from streams.state.lags import TopicsSample

#: A process of a stage reports every 15 s.
_SILENT_S = 45.0
#: A record that a stage works on for this long is worth a look.
_STUCK_S = 60.0
#: How long answers of the model and the sparse index are kept: asking costs an embedding.
_KEEP_S = 20.0
_ANSWER_S = 6.0


@dataclass(frozen=True)
class Part:
    """A part of the system: what it is called, whether it is well, and what to say of it."""

    name: str
    tone: Tone
    said: str


@dataclass(frozen=True)
class SystemHealth:
    """All parts, and the one sentence that says whether all is well."""

    parts: Sequence[Part]
    services: Sequence[Part]

    @property
    def tone(self) -> Tone:
        """The worst of all parts."""
        tones = {part.tone for part in (*self.parts, *self.services)}
        return "bad" if "bad" in tones else "warn" if "warn" in tones else "good"

    @property
    def summary(self) -> str:
        """One sentence."""
        odd = [part for part in (*self.parts, *self.services) if part.tone in ("bad", "warn")]
        if not odd:
            return "Everything runs"
        names = ", ".join(part.name for part in odd[:3])
        more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
        return f"{names}{more} {'needs' if len(odd) == 1 else 'need'} a look"


class SystemWatch:
    """Looks at all parts; no page waits long for one that does not answer."""

    def __init__(self, parts: Dependencies, health: Health) -> None:
        self._parts = parts
        self._fault = Kept(health.fault, 0.0)
        self._sample = Kept(self._topics, 0.0)
        self._model = Kept(partial(_asked, "Model", self._ask_model), _KEEP_S)
        self._index = Kept(partial(_asked, "Sparse index", self._ask_index), _KEEP_S)
        self._first: asyncio.Task[SystemHealth] | None = None

    def begin(self) -> None:
        """Look for the first time, so that the first page finds answers. Returns immediately."""
        self._first = asyncio.create_task(self.look())

    async def close(self) -> None:
        """Stop looking."""
        if self._first is not None:
            self._first.cancel()
            await asyncio.wait([self._first])
        await asyncio.gather(*(one.close() for one in (self._fault, self._sample, self._model, self._index)))

    async def look(self) -> SystemHealth:
        """The health of all parts."""
        fault, seen, model, index = await asyncio.gather(
            self._views_and_chroma(), self._sample.newest(), self._model.newest(), self._index.newest()
        )
        sample = None if seen is None else seen[0]
        parts = [_broker(seen), *fault, model or _asking("Model"), index or _asking("Sparse index")]
        lags = {group: sum(lag.values()) for group, lag in (sample.lags if sample else {}).items()}
        return SystemHealth(parts, services_of(self._parts.catalogue.stages(), lags))

    async def _views_and_chroma(self) -> list[Part]:
        fault = await self._fault.newest()
        chroma = fault if fault and "Chroma" in fault else None
        view = fault if fault and chroma is None else None
        return [
            Part("Views", "bad" if view else "good", view or "up to date"),
            Part("Chroma", "bad" if chroma else "good", chroma or "answers"),
        ]

    async def _topics(self) -> tuple[TopicsSample | None]:
        return (await self._parts.traffic.now(),)

    async def _ask_model(self) -> Part:
        gateway = self._parts.gateway
        name = gateway.models.default.rpartition("/")[2]
        if gateway.embedding is None:
            return Part("Model", "idle", f"{name}; the gateway has no endpoint to ask")
        await self._parts.embedding.embed_queries(Embedding(model=gateway.models.default), ["health"])
        return Part("Model", "good", f"{name} answers")

    async def _ask_index(self) -> Part:
        if self._parts.gateway.sparse is None:
            return Part("Sparse index", "idle", "not part of this deployment: searches are dense only")
        await self._parts.gateway.sparse.keys([])
        return Part("Sparse index", "good", "answers")


def _broker(seen: tuple[TopicsSample | None] | None) -> Part:
    if seen is None:
        return _asking("Broker")
    return Part("Broker", "good", "answers") if seen[0] else Part("Broker", "bad", "does not answer")


def _asking(name: str) -> Part:
    return Part(name, "idle", "is being asked")


async def _asked(name: str, ask: Callable[[], Awaitable[Part]]) -> Part:
    try:
        async with asyncio.timeout(_ANSWER_S):
            return await ask()
    except (IngestError, HttpError, TimeoutError) as error:
        return Part(name, "warn", str(error) or f"does not answer within {_ANSWER_S:.0f} s")


def services_of(
    reports: Sequence[StageHealth], lags: "dict[str, int]", now: datetime | None = None
) -> list[Part]:
    """Each service by the reports of its processes, and the lag of its group."""
    moment = now or datetime.now(UTC)
    by_stage: dict[str, list[StageHealth]] = {}
    for report in reports:
        by_stage.setdefault(report.stage, []).append(report)
    names = sorted({*by_stage, *(group for group in lags)}, key=_order)
    return [_service(name, by_stage.get(name, []), lags.get(name, 0), moment) for name in names]


#: In the order of the pipeline.
_ORDER = ("connectors", "parsing", "chunking", "embedding", "indexing", "tracking")


def _order(name: str) -> tuple[int, str]:
    first = name.partition(".")[0].partition("-")[0]
    return (_ORDER.index(first) if first in _ORDER else len(_ORDER), name)


def _service(name: str, reports: Sequence[StageHealth], lag: int, now: datetime) -> Part:
    alive = [one for one in reports if (now - one.reported_at).total_seconds() < _SILENT_S]
    behind = f"{plural(lag, 'record')} behind" if lag else "up to date"
    if not reports:
        return Part(name, "warn" if lag else "idle", f"no process reports; {behind}")
    if not alive:
        silent = min((now - one.reported_at).total_seconds() for one in reports)
        return Part(name, "bad", f"silent for {duration(silent)}; {behind}")
    slow = [one for one in alive if one.oldest and (now - one.oldest.since).total_seconds() > _STUCK_S]
    if slow:
        oldest = slow[0].oldest
        assert oldest is not None
        waits = f"one record for {duration(now - oldest.since)}, attempt {oldest.attempt}"
        return Part(name, "warn", f"{waits}; {behind}")
    running = plural(len(alive), "process", "processes")
    if len(alive) < len(reports):
        return Part(name, "warn", f"{running}, {len(reports) - len(alive)} silent; {behind}")
    return Part(name, "good", f"{running}, {behind}")


SYSTEM = web.AppKey("system", SystemWatch)
