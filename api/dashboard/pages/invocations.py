"""Invocations: the list, and one with its stages, documents and failures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from aiohttp import web

from api.dashboard.forms import read_form
from api.dashboard.names import Names
from api.dashboard.page import Context, Page
from api.dashboard.rendering import see_other
from api.dashboard.runs import shown_run, shown_runs
from api.dashboard.scope import cursor_of, cursor_text, scope_of
from api.dependencies import PARTS
from api.requests import caller_of, path_id, query_choice, query_number, query_text
from api.sync.invocations import cancel
from api.sync.source_types import require_type_name
from api.views.browsing import Wanted
from api.views.stages import waits_for
from schemas.events import FINAL_STATUSES, Invocation, Status

_DOCUMENTS = 50
OUTCOMES = ("indexed", "deleted", "failed", "skipped")


async def show(request: web.Request) -> Page:
    """The list."""
    return Page("invocations.html", "Invocations", partial(_load, request), live=True)


async def _load(request: web.Request) -> Context:
    parts, scope = request.app[PARTS], scope_of(caller_of(request))
    status = query_choice(request, "status", (*Status, "troubled"))
    kind = query_text(request, "type")
    wanted = Wanted(
        status=None if status == "troubled" else status,
        troubled=status == "troubled",
        type=None if kind is None else require_type_name(kind),
        text=query_text(request, "q"),
        before=cursor_of(request),
    )
    found = parts.catalogue.browse.invocations(scope, wanted)
    counts = parts.catalogue.browse.counts(scope)
    return {
        "runs": shown_runs(found.rows, Names(parts.catalogue)),
        "next": cursor_text(found.next),
        "counts": counts,
        "total": sum(counts.values()),
        "statuses": [one.value for one in Status],
    }


async def show_one(request: web.Request) -> Page:
    """One invocation."""
    run = await request.app[PARTS].invocation(caller_of(request), path_id(request, "invocation_id"))
    name = Names(request.app[PARTS].catalogue).of(run)
    live = run.status not in FINAL_STATUSES or "text/event-stream" in request.headers.get("Accept", "")
    return Page("invocation.html", name, partial(_load_one, request, run), live=live)


async def _load_one(request: web.Request, run: Invocation) -> Context:
    parts = request.app[PARTS]
    run = parts.catalogue.invocation(run.id) or run
    status = query_choice(request, "outcome", OUTCOMES)
    offset = query_number(request, "offset", 0, 2**31)
    if run.status in FINAL_STATUSES:  # the counts stand, so the documents behind them have to be here too
        await parts.outcomes.refresh()
    found = parts.outcomes.of(run, status, _DOCUMENTS + 1, offset)
    shown = shown_run(run, Names(parts.catalogue))
    return {
        "one": shown,
        "run": run,
        "steps": steps(run),
        "waits": waits_for(run, parts.catalogue.stages()),
        "spans": spans(run),
        "outcomes": found[:_DOCUMENTS],
        "next_offset": offset + _DOCUMENTS if len(found) > _DOCUMENTS else None,
        "offset": offset,
        "outcome": status,
        "source": parts.catalogue.source(run.source_id),
        "can_cancel": run.status is Status.PENDING
        or (run.status is Status.PROCESSING and not run.single_document),
    }


@dataclass(frozen=True)
class StepCount:
    """A stage of the pipeline: how many documents have passed it, of how many that it gets."""

    name: str
    passed: int
    of: int | None


def steps(run: Invocation) -> Sequence[StepCount]:
    """The stages that documents pass, in order; `of` is what has to pass, as far as that is known."""
    counts = run.counts
    settled = counts.unchanged + counts.skipped + counts.deleted
    to_do = None if run.total is None else max(0, run.total - settled)
    return [
        StepCount("Parsed", counts.parsed, to_do),
        StepCount("Chunked", counts.chunked, to_do),
        StepCount("Embedded", counts.embedded, to_do),
        StepCount("Indexed", counts.indexed, to_do),
    ]


@dataclass(frozen=True)
class Span:
    """A phase of a run and its times."""

    name: str
    began: datetime
    seconds: float
    share: float


def spans(run: Invocation) -> Sequence[Span]:
    """Where the time of a run went: until it began, and from there to its end (or now)."""
    if run.started_at is None or run.finished_at is None:
        return []
    waited = max(0.0, (run.started_at - run.created_at).total_seconds())
    worked = max(0.0, (run.finished_at - run.started_at).total_seconds())
    whole = max(waited + worked, 0.001)
    return [
        Span("Waited for its turn", run.created_at, waited, waited / whole),
        Span("Listed and processed", run.started_at, worked, worked / whole),
    ]


async def cancel_one(request: web.Request) -> web.StreamResponse:
    """Cancel an invocation."""
    await read_form(request)
    parts = request.app[PARTS]
    run = await parts.invocation(caller_of(request), path_id(request, "invocation_id"))
    await cancel(parts, run)
    return see_other(f"/invocations/{run.id}", "The invocation is cancelled.")
