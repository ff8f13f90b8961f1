"""Topics: partitions, lag of each service over the last hour, and how much is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from api.dashboard.page import Context, Page
from api.dependencies import PARTS
from api.errors import Unavailable
from api.requests import caller_of
from streams.state.lags import TopicsSample
from streams.state.layout import SETTLED, under_way
from streams.topics import BY_NAME, CATALOGUE

_WIDTH, _HEIGHT = 200.0, 30.0


@dataclass(frozen=True)
class ShownTopic:
    """A topic of the catalogue, and what was seen of it."""

    name: str
    partitions: int
    offsets: int
    sizes: Sequence[int] | None
    rate: float | None
    kept: str
    records: str
    lags: Mapping[str, int]


@dataclass(frozen=True)
class ShownGroup:
    """A service that reads topics: its lag now, the most within the hour, and a line of it."""

    name: str
    lag: int
    most: int
    line: str
    topics: str


async def show(request: web.Request) -> Page:
    """The page: for admin keys that are not limited to databases: topics hold every tenant's records."""
    caller_of(request).require_unlimited("look at the topics")
    return Page("topics.html", "Topics", partial(_load, request), live=True)


async def _load(request: web.Request) -> Context:
    traffic = request.app[PARTS].traffic
    sample = await traffic.now()
    if sample is None:
        raise Unavailable("the broker does not answer")
    layout = await request.app[PARTS].layout.current()
    sizes = await traffic.sizes.newest()
    history = [*traffic.history, sample]
    rates = traffic.rates()
    return {
        "topics": [
            _topic(sample, name, rates, None if sizes is None else sizes.partitions.get(name))
            for name in (topic.name for topic in CATALOGUE)
            if name in sample.partitions
        ],
        "groups": [_group(name, history) for name in sorted(sample.lags)],
        "minutes": max(1, round((sample.at - history[0].at) / 60)),
        "partitions": layout.partitions,
        "bytes": None if sizes is None else sum(map(sum, sizes.partitions.values())),
        "copies": None if sizes is None else sizes.together,
        "unknown": traffic.sizes.unknown,
        "may_grow": caller_of(request).preset,
        "growing": None if layout.phase == SETTLED else under_way(layout),
    }


def _topic(
    sample: TopicsSample, name: str, rates: Mapping[str, float], sizes: Sequence[int] | None
) -> ShownTopic:
    topic = BY_NAME[name]
    kept = "newest per key" if topic.compact else f"{topic.retention_ms // 86_400_000} days"
    return ShownTopic(
        name=name,
        partitions=sample.partitions[name],
        offsets=sample.kept[name],
        sizes=sizes,
        rate=rates.get(name),
        kept=kept,
        records=", ".join(record.__name__ for record in topic.records),
        lags={group: lag[name] for group, lag in sample.lags.items() if name in lag},
    )


def _group(name: str, history: Sequence[TopicsSample]) -> ShownGroup:
    lags = [sum(sample.lags.get(name, {}).values()) for sample in history]
    newest = history[-1].lags.get(name, {})
    return ShownGroup(name, lags[-1], max(lags), polyline(lags), ", ".join(sorted(newest)))


def polyline(values: Sequence[int]) -> str:
    """The points of a line through the values, from left to right over the whole width."""
    most = max(*values, 1)
    step = _WIDTH / max(1, len(values) - 1)
    return " ".join(
        f"{number * step:.1f},{_HEIGHT - 1 - (_HEIGHT - 2) * value / most:.1f}"
        for number, value in enumerate(values)
    )
