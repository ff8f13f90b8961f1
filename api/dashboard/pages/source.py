"""A source: its configuration, its runs as a timeline, and what can be done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from api.dashboard.forms import read_form
from api.dashboard.page import Context, Page
from api.dashboard.pages.sources import shown_source
from api.dashboard.rendering import see_other
from api.dashboard.scope import cursor_of, cursor_text, scope_of
from api.dashboard.shown.formats import duration, plural
from api.dashboard.shown.names import Names, name_of, type_name
from api.dashboard.shown.runs import ShownRun, shown_runs
from api.dashboard.shown.source_forms import fields_of, values_of
from api.dependencies import PARTS
from api.requests import caller_of, path_id
from api.sync import sources
from api.sync.invocations import run_source
from api.sync.render import source_of
from api.views.browsing import Wanted
from schemas.api import CreateJobPayload
from schemas.events import Source
from schemas.sources import SOURCE_TYPES

_RUNS = 30


async def show(request: web.Request) -> Page:
    """The page."""
    source = await _source(request)
    return Page("source.html", name_of(source), partial(_load, request, source), live=True)


async def _source(request: web.Request) -> Source:
    return await request.app[PARTS].source(caller_of(request), path_id(request, "source_id"))


async def _load(request: web.Request, source: Source) -> Context:
    parts, scope = request.app[PARTS], scope_of(caller_of(request))
    source = parts.catalogue.source(source.id) or source
    wanted = Wanted(source_id=source.id, before=cursor_of(request), limit=_RUNS)
    found, names = parts.catalogue.browse.invocations(scope, wanted), Names(parts.catalogue)
    runs, kind = shown_runs(found.rows, names), SOURCE_TYPES[source.type]
    fields = fields_of(kind)
    values = values_of(fields, kind.form_of(source.config).model_dump(mode="json"))
    shown = source_of(source, parts.catalogue.newest_ended(source.id))
    return {
        "one": shown_source(request, source, names),
        "source": source,
        "notice": shown.notice,
        "type": type_name(source.type),
        "lists": kind.lists,
        "settings": [(field.label, values[field.name]) for field in fields if values.get(field.name)],
        "target": kind.target(source.config),
        "runs": runs,
        "bars": timeline(runs),
        "next": cursor_text(found.next),
        "admin": caller_of(request).admin,
    }


@dataclass(frozen=True)
class Bar:
    """A run on the timeline: its place and height in the drawing of 1,000 by 100."""

    run: ShownRun
    x: float
    height: float
    said: str


def timeline(runs: Sequence[ShownRun]) -> list[Bar]:
    """The runs, the oldest first; the longest takes the whole height."""
    if not runs:
        return []
    seconds = [one.speed.elapsed_s if one.speed else 0.0 for one in reversed(runs)]
    most = max(*seconds, 0.001)
    return [
        Bar(
            run=one,
            x=1000 - (len(runs) - number) * 1000 / _RUNS,
            height=max(6.0, 100 * took / most),
            said=f"{one.verdict.label}, {duration(took)}, {plural(_changed(one), 'document')} changed",
        )
        for number, (one, took) in enumerate(zip(reversed(runs), seconds, strict=True))
    ]


def _changed(one: ShownRun) -> int:
    return one.run.counts.indexed + one.run.counts.deleted


async def run_now(request: web.Request) -> web.StreamResponse:
    """Run the source."""
    form, source = await read_form(request), await _source(request)
    payload = CreateJobPayload(
        target_collection_name=form.text("target"),
        allow_empty=form.ticked("allow_empty"),
        allow_mass_delete=form.ticked("allow_mass_delete"),
        full_check=form.ticked("full_check"),
    )
    run = await run_source(request.app[PARTS], caller_of(request), source, payload)
    return see_other(f"/invocations/{run}")


async def delete(request: web.Request) -> web.StreamResponse:
    """Delete the source; with its documents if that is ticked."""
    form, source = await read_form(request), await _source(request)
    with_documents = form.ticked("documents")
    runs = await sources.forget(request.app[PARTS], caller_of(request), source, with_documents)
    if runs:
        return see_other(f"/invocations/{runs[0]}", "The source is deleted. This run deletes its documents.")
    return see_other("/sources", f"{name_of(source)} is deleted.")
