"""Invocations: the list, and one with its stages, documents and failures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from aiohttp import web

from api.dashboard.forms import read_form
from api.dashboard.page import Context, Page
from api.dashboard.rendering import see_other
from api.dashboard.scope import cursor_of, cursor_text, scope_of
from api.dashboard.shown.formats import plural
from api.dashboard.shown.names import Names
from api.dashboard.shown.runs import shown_run, shown_runs
from api.dependencies import PARTS
from api.documents.failures import list_failures, retry_failed
from api.requests import caller_of, path_id, query_choice, query_number, query_text
from api.sync.invocations import cancel
from api.sync.source_types import require_type_name
from api.views.browsing import Wanted
from api.views.stages import waits_for
from api.views.timings import StageTimes
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
    return Page("invocation.html", name, partial(_load_one, request, run), live=True)


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
        "spans": spans(run, parts.outcomes.timings(run)),
        "outcomes": found[:_DOCUMENTS],
        "next_offset": offset + _DOCUMENTS if len(found) > _DOCUMENTS else None,
        "offset": offset,
        "outcome": status,
        "failures": await list_failures(parts, caller_of(request), run.id) if run.counts.failed else [],
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
    """A phase of a run: how long it took, and its place on the time line of 1,000."""

    name: str
    seconds: float
    x: float
    width: float


#: Stages whose first and last document tell where time went.
_STAGE_NAMES = {"parsed": "Parsing", "chunked": "Chunking", "embedded": "Embedding", "indexed": "Indexing"}


def spans(run: Invocation, timings: Sequence[StageTimes]) -> Sequence[Span]:
    """Where the time of a run went: waiting, and each stage from its first document to its last.

    Stages work at the same time, so their times overlap: the one that ends last, and long after the one
    before it, is the slowest.
    """
    if run.started_at is None:
        return []
    began = run.created_at.timestamp()
    ended = (run.finished_at or datetime.now(UTC)).timestamp()
    by_stage = {one.stage: (one.first_ms / 1000, one.last_ms / 1000) for one in timings}
    phases = [("Waiting", began, run.started_at.timestamp())]
    phases += [(name, *by_stage[stage]) for stage, name in _STAGE_NAMES.items() if stage in by_stage]
    phases.append(("Whole", began, ended))
    scale = 1000 / max(ended - began, 0.001)
    return [
        Span(
            name,
            max(0.0, last - first),
            min(995.0, max(0.0, (first - began) * scale)),
            min(1000.0, max(5.0, (last - first) * scale)),
        )
        for name, first, last in phases
    ]


async def retry(request: web.Request) -> web.StreamResponse:
    """Process failed documents again: all, or those of one reason."""
    form = await read_form(request)
    parts, id_ = request.app[PARTS], path_id(request, "invocation_id")
    done = await retry_failed(parts, caller_of(request), id_, form.text("reason"))
    said = f"{plural(done.replayed, 'record')} sent again" if done.replayed else ""
    said = "; ".join(filter(None, (said, f"{done.left:,} left" if done.left else "", done.message)))
    return see_other(f"/invocations/{done.invocation_id or id_}", said)


async def cancel_one(request: web.Request) -> web.StreamResponse:
    """Cancel an invocation."""
    await read_form(request)
    parts = request.app[PARTS]
    run = await parts.invocation(caller_of(request), path_id(request, "invocation_id"))
    await cancel(parts, run)
    return see_other(f"/invocations/{run.id}", "The invocation is cancelled.")
