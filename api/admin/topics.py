"""`/api/v1/topics`: the topics, their sizes, and growing their partitions.

A growth runs in a thread of this process (`streams.growth.keeper`), which answers meanwhile. All that is
known of it is in the topic `layout`, so every gateway tells the same, also after a restart.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from aiohttp import web

from api.access import Caller
from api.clock import now
from api.dependencies import PARTS, Dependencies
from api.errors import BadRequest, Conflict, PreconditionFailed, Unavailable
from api.requests import caller_of, query_number, read_body
from api.sync.render import json_response
from schemas.api import (
    MAX_PARTITIONS,
    GrowTopicsPayload,
    TopicGrowth,
    TopicGrowthPlan,
    TopicList,
    TopicSummary,
)
from schemas.events import TopicLayout
from streams.growth import (
    MOVED_TOPICS,
    SILENT_SECONDS,
    GrowthKeeper,
    cancel_growth,
    plan_growth,
    require_growable,
)
from streams.state.lags import TopicsSample
from streams.state.layout import DRAINING, MOVED, PARTLY, SETTLED, STOPPING, under_way
from streams.topics import CATALOGUE, Topic

#: How long a request waits for the first answer about sizes.
_SIZES_S = 3.0
#: 80,000 records of states and sparse rows took 20 s of a core: read, decoded, kept in SQLite, written.
_RECORDS_PER_SECOND = 3_000
#: Ending the services, adding partitions and removing old records take about so long, whatever there is.
_FIXED_SECONDS = 15.0
_DAY_MS = 24 * 60 * 60 * 1000


async def get_topics(request: web.Request) -> web.Response:
    """The topics."""
    parts = request.app[PARTS]
    caller_of(request).require_unlimited("look at the topics")
    sample = await parts.traffic.now()
    if sample is None:
        raise Unavailable("the broker does not answer")
    found = await parts.traffic.sizes.newest(_SIZES_S)
    sizes = {} if found is None else found.partitions
    topics = [
        _summary(topic, sample, sizes.get(topic.name)) for topic in CATALOGUE if topic.name in sample.kept
    ]
    return json_response(TopicList(topics=topics, bytes_unknown=parts.traffic.sizes.unknown or None))


def _summary(topic: Topic, sample: TopicsSample, sizes: Sequence[int] | None) -> TopicSummary:
    return TopicSummary(
        name=topic.name,
        partitions=sample.partitions[topic.name],
        compacted=topic.compact,
        retention_days=None if topic.compact else topic.retention_ms // _DAY_MS,
        offsets=sample.kept[topic.name],
        bytes=None if sizes is None else sum(sizes),
        partition_bytes=None if sizes is None else list(sizes),
        lag={group: lag[topic.name] for group, lag in sample.lags.items() if topic.name in lag},
    )


async def get_growth(request: web.Request) -> web.Response:
    """How far a growth is."""
    return json_response(await growth(request.app[PARTS], caller_of(request)))


async def get_plan(request: web.Request) -> web.Response:
    """What a growth would do."""
    wanted = query_number(request, "partitions", 0, MAX_PARTITIONS)
    if not wanted:
        raise BadRequest("partitions is required: how many each topic is to have")
    return json_response(await plan(request.app[PARTS], caller_of(request), wanted))


async def post_growth(request: web.Request) -> web.Response:
    """Begin a growth."""
    payload = await read_body(request, GrowTopicsPayload)
    return json_response(await begin(request.app[PARTS], caller_of(request), payload.partitions), 202)


async def post_cancel(request: web.Request) -> web.Response:
    """Give a growth up."""
    return json_response(await cancel(request.app[PARTS], caller_of(request)))


async def growth(parts: Dependencies, caller: Caller) -> TopicGrowth:
    """How far a growth is, or what the last one has done. Raises Forbidden, TransientError."""
    caller.require_unlimited("look at the topics")
    layout = await parts.layout.current()
    keeper = parts.gateway.growth
    return shown(layout, keeper.error if keeper is not None else "", now())


def shown(layout: TopicLayout, error: str, at: datetime) -> TopicGrowth:
    """A layout as a body. The topics are copied without a number of partitions to grow to."""
    silent = None if layout.told_at is None else (at - layout.told_at).total_seconds()
    grows = layout.target not in (None, layout.partitions)
    return TopicGrowth.model_validate(
        {
            "phase": layout.phase,
            "partitions": layout.partitions,
            "target": layout.target,
            "since": layout.since if layout.told_at is not None else None,
            "told_at": layout.told_at,
            "alive": silent is not None and silent < SILENT_SECONDS and layout.phase not in (SETTLED, MOVED),
            "resumes": layout.resumes,
            "cancellable": grows and layout.phase in (DRAINING, STOPPING),
            "moved": sum(PARTLY not in name for name in layout.copied),
            "moving": MOVED_TOPICS,
            "steps": layout.steps,
            "error": error or None,
        }
    )


async def plan(parts: Dependencies, caller: Caller, partitions: int) -> TopicGrowthPlan:
    """What a growth would do. Raises Forbidden, RequestError if it would be refused."""
    caller.require_preset("grow partitions")
    _keeper(parts)
    gateway = parts.gateway
    made = await asyncio.to_thread(plan_growth, gateway.cluster, gateway.codec, partitions)
    sizes = await parts.traffic.sizes.newest(_SIZES_S)
    state = None if sizes is None else sum(sizes.of(topic.name) or 0 for topic in CATALOGUE if topic.compact)
    return TopicGrowthPlan(
        partitions=made.before,
        target=made.after,
        topics=made.topics,
        records=made.records,
        bytes=state,
        moving_seconds=_FIXED_SECONDS + made.records / _RECORDS_PER_SECOND,
        waits=made.waits,
    )


async def begin(parts: Dependencies, caller: Caller, partitions: int) -> TopicGrowth:
    """Begin a growth, or go on with one whose process is gone; returns when the others are told of it.

    Raises Forbidden, RequestError if it is refused, Conflict while somebody works on one.
    """
    caller.require_preset("grow partitions")
    keeper, gateway = _keeper(parts), parts.gateway
    layout = await asyncio.to_thread(require_growable, gateway.cluster, gateway.codec, partitions)
    if keeper.grows or shown(layout, "", now()).alive:
        raise Conflict(
            under_way(layout) if layout.phase != SETTLED else "a growth begins or ends just now; try again"
        )
    keeper.begin(partitions)
    deadline = asyncio.get_running_loop().time() + gateway.wait_s
    while (found := await growth(parts, caller)).phase == SETTLED and keeper.grows:
        if asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(0.1)
        parts.layout.forget()
    return found


async def cancel(parts: Dependencies, caller: Caller) -> TopicGrowth:
    """Give up a growth that has moved nothing. Raises Forbidden, RequestError if there is none or it has."""
    caller.require_preset("grow partitions")
    _keeper(parts)
    layout = await parts.layout.current()
    if not shown(layout, "", now()).cancellable and layout.phase in (DRAINING, STOPPING, MOVED):
        raise BadRequest(under_way(layout))  # a copy, or a move: no page has begun it
    await asyncio.to_thread(cancel_growth, parts.gateway.cluster, parts.gateway.codec)
    parts.layout.forget()
    return await growth(parts, caller)


def _keeper(parts: Dependencies) -> GrowthKeeper:
    if parts.gateway.growth is None:
        raise PreconditionFailed("this gateway cannot grow partitions; use `headrace topics grow`")
    return parts.gateway.growth
