"""Overview: one look says whether all is well, what runs, what failed and what comes next."""

from functools import partial

from aiohttp import web

from api.dashboard.page import Context, Page
from api.dashboard.scope import scope_of
from api.dashboard.shown.names import Names
from api.dashboard.shown.runs import shown_runs
from api.dashboard.shown.schedules import next_runs
from api.dashboard.shown.system import SYSTEM
from api.dependencies import PARTS
from api.requests import caller_of
from api.views.browsing import Wanted
from schemas.events import Status

_RUNNING, _FAILED, _RECENT, _NEXT = 8, 5, 8, 5


async def show(request: web.Request) -> Page:
    """The page."""
    return Page("overview.html", "Overview", partial(_load, request), live=True)


async def _load(request: web.Request) -> Context:
    parts, scope = request.app[PARTS], scope_of(caller_of(request))
    browse, names = parts.catalogue.browse, Names(parts.catalogue)
    running = browse.invocations(scope, Wanted(status=Status.PROCESSING, limit=_RUNNING))
    waiting = browse.invocations(scope, Wanted(status=Status.PENDING, limit=_RUNNING))
    troubled = browse.invocations(scope, Wanted(troubled=True, limit=_FAILED))
    recent = browse.invocations(scope, Wanted(limit=_RECENT))
    counts = browse.counts(scope)
    return {
        "coming": next_runs(parts.catalogue, scope, _NEXT),
        "system": await request.app[SYSTEM].look(),
        "running": shown_runs(running.rows, names),
        "waiting": shown_runs(waiting.rows, names),
        "troubled": shown_runs(troubled.rows, names),
        "recent": shown_runs(recent.rows, names),
        "counts": counts,
        "runs": sum(counts.values()),
        "sources": browse.source_count(scope),
    }
