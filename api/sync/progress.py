"""Progress of an invocation and outcomes of its documents, as JSON or live as server-sent events."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from api.dependencies import PARTS, Dependencies
from api.requests import MAX_LIMIT, caller_of, path_id, query_choice, query_number
from api.sse import ServerEvent, any_change, end_event, wants_events
from api.sync.render import json_response, json_text, outcome_of, progress_of
from schemas.api import InvocationProgress
from schemas.events import FINAL_STATUSES, Invocation

#: How a document ends, except unchanged.
OUTCOMES = ("indexed", "deleted", "failed", "skipped")
#: Ten events per second suffice for a display; changes in between are part of the next event.
_FRAME_SECONDS = 0.1


async def get_progress(request: web.Request) -> web.StreamResponse:
    """Counts per stage. As a stream: an event `progress` at every change, `end` when the invocation ends."""
    parts = request.app[PARTS]
    run = await parts.invocation(caller_of(request), path_id(request, "invocation_id"))
    if not wants_events(request):
        return json_response(await _progress(parts, run))
    return await parts.streams.send(request, _progress_events(parts, run), parts.revoked(caller_of(request)))


async def get_documents(request: web.Request) -> web.StreamResponse:
    """Outcomes of documents. As a stream: an event `document` for each, `end` when the invocation ends."""
    parts = request.app[PARTS]
    run = await parts.invocation(caller_of(request), path_id(request, "invocation_id"))
    status = query_choice(request, "status", OUTCOMES)
    limit = query_number(request, "limit", 100, MAX_LIMIT)
    offset = query_number(request, "offset", 0, 2**31)
    warned = query_choice(request, "warnings", ("true",)) is not None
    if wants_events(request):
        events = _document_events(parts, run, status)
        return await parts.streams.send(request, events, parts.revoked(caller_of(request)))
    if run.status in FINAL_STATUSES:  # its counts are final, so the outcomes must be complete, too
        await parts.outcomes.refresh()
    found = parts.outcomes.of(run, status, limit, offset, warned)
    return json_response([outcome_of(outcome) for outcome in found])


async def _progress(parts: Dependencies, run: Invocation) -> InvocationProgress:
    """Progress of a run, with all warnings once it has ended."""
    if run.status in FINAL_STATUSES:
        await parts.outcomes.refresh()
    warnings = parts.outcomes.with_warnings(run)
    return progress_of(run, warnings, reports=parts.catalogue.stages())


async def _progress_events(parts: Dependencies, run: Invocation) -> AsyncIterator[ServerEvent | None]:
    """Ends with the invocation, or when it no longer exists."""
    with parts.catalogue.changed() as watch:
        shown: Invocation | None = None
        current = parts.catalogue.invocation(run.id)
        while current is not None:
            if current != shown:
                yield ServerEvent("progress", json_text(await _progress(parts, current)))
                shown = current
            if current.status in FINAL_STATUSES:
                break
            await asyncio.sleep(_FRAME_SECONDS)
            if not await any_change([watch], parts.streams.heartbeat_s):
                yield None
            current = parts.catalogue.invocation(run.id)
        yield end_event("gone" if current is None else current.status.value)


async def _document_events(
    parts: Dependencies, run: Invocation, status: str | None
) -> AsyncIterator[ServerEvent | None]:
    """Ends when the invocation has ended and all earlier outcomes are sent."""
    sequence = 0
    with parts.catalogue.changed() as runs, parts.outcomes.changed() as outcomes:
        while True:
            current = parts.catalogue.invocation(run.id)
            ended = current is None or current.status in FINAL_STATUSES
            if ended:
                await parts.outcomes.refresh()
            while found := parts.outcomes.after(current or run, status, sequence, MAX_LIMIT):
                for outcome in found:
                    yield ServerEvent("document", json_text(outcome_of(outcome)))
                sequence = found[-1].sequence
            if ended:
                break
            await asyncio.sleep(_FRAME_SECONDS)
            if not await any_change([runs, outcomes], parts.streams.heartbeat_s):
                yield None
        yield end_event("gone" if current is None else current.status.value)
