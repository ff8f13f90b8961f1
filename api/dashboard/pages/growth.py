"""Grow partitions: what it would do, how far it is, and giving it up."""

from dataclasses import dataclass
from functools import partial

from aiohttp import web

from api.admin import topics
from api.dashboard.forms import read_form
from api.dashboard.page import Context, Page
from api.dashboard.rendering import render, see_other
from api.dependencies import PARTS
from api.errors import BadRequest
from api.requests import caller_of, query_number
from api.sse import wants_events
from schemas.api import MAX_PARTITIONS, TopicGrowth, TopicGrowthPlan
from schemas.errors import RequestError, TransientError

_PATH = "/topics/grow"


@dataclass(frozen=True)
class ShownStage:
    """A stage of a growth, and whether it is over: `good`, `busy` or `idle`."""

    name: str
    tone: str
    said: str


async def show(request: web.Request) -> Page:
    """The plan for a number of partitions, or how far the growth is that is under way."""
    caller_of(request).require_preset("grow partitions")
    wanted = query_number(request, "partitions", 0, MAX_PARTITIONS)
    plan, error = None, None
    if wanted and not wants_events(request):  # it is shown once, and costs some requests to the brokers
        try:
            plan = await topics.plan(request.app[PARTS], caller_of(request), wanted)
        except (RequestError, TransientError) as refused:
            error = str(refused)
    return _page(request, wanted, plan, error)


def _page(request: web.Request, wanted: int, plan: TopicGrowthPlan | None, error: str | None) -> Page:
    load = partial(_load, request, wanted, plan, error)
    return Page("growth.html", "Grow partitions", load, live=True, every_s=1.0)


async def _load(
    request: web.Request, wanted: int, plan: TopicGrowthPlan | None, error: str | None
) -> Context:
    found = await topics.growth(request.app[PARTS], caller_of(request))
    return {
        "growth": found,
        "stages": stages_of(found),
        "under_way": found.phase != "settled",
        "wanted": wanted or found.partitions * 2,
        "plan": plan,
        "error": error,
        "most": MAX_PARTITIONS,
    }


async def begin(request: web.Request) -> web.StreamResponse:
    """Begin to grow, or go on."""
    form = await read_form(request)
    caller_of(request).require_preset("grow partitions")
    wanted = form.number("partitions", "The number of partitions")
    try:
        if not wanted or wanted > MAX_PARTITIONS:
            raise BadRequest(f"the number of partitions must be from 1 to {MAX_PARTITIONS:,}")
        if not form.ticked("sure"):
            raise BadRequest("tick the box first: it cannot be undone")
        await topics.begin(request.app[PARTS], caller_of(request), wanted)
    except (RequestError, TransientError) as refused:
        page = _page(request, wanted or 0, None, str(refused))
        return render(request, page, await page.load(), getattr(refused, "status", 400))
    return see_other(_PATH)


async def cancel(request: web.Request) -> web.StreamResponse:
    """Give the growth up."""
    await read_form(request)
    await topics.cancel(request.app[PARTS], caller_of(request))
    return see_other(_PATH, "The growth is given up; nothing was changed.")


#: The phases in their order, and what happens in each.
_STAGES = (
    ("draining", "Runs end", "changes are refused, schedules and triggers wait; what is on its way ends"),
    ("stopping", "Services end", "nobody reads or writes any more"),
    ("growing", "State moves", "topics have their partitions; their records move to where they belong"),
)


def stages_of(growth: TopicGrowth) -> list[ShownStage]:
    """The stages of a growth that is under way."""
    names = [phase for phase, _, _ in _STAGES]
    if growth.phase not in names:
        return []
    at = names.index(growth.phase)
    tones = ["good" if number < at else "busy" if number == at else "idle" for number in range(len(names))]
    moved = f"{growth.moved} of {growth.moving} topics have moved"
    said = [moved if phase == growth.phase == "growing" else what for phase, _, what in _STAGES]
    return [ShownStage(name, *rest) for (_, name, _), *rest in zip(_STAGES, tones, said, strict=True)]
