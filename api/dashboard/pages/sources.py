"""Sources: the list, and the form of a new one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from api.admin import credentials
from api.dashboard.forms import Form, read_form
from api.dashboard.page import Context, Page
from api.dashboard.rendering import render, see_other
from api.dashboard.scope import cursor_of, cursor_text, scope_of
from api.dashboard.shown.names import Names, name_of, type_name
from api.dashboard.shown.runs import ShownRun, shown_run
from api.dashboard.shown.schedules import schedule_from, schedule_of
from api.dashboard.shown.source_forms import CREDENTIAL_KINDS, FormField, fields_of, payload_of
from api.dependencies import PARTS
from api.errors import BadRequest, HttpError, describe_invalid
from api.requests import caller_of, query_text
from api.sync import sources
from api.sync.checking import check
from api.sync.invocations import run_source
from api.sync.source_types import require_type_name
from api.views.browsing import Wanted
from api.views.documents import DocumentFilter
from api.views.documents.tables import DELETED
from schemas.api import CheckSourcePayload, CreateJobPayload, CreateSourcePayload, ShownSchedule
from schemas.errors import RequestError
from schemas.events import Source
from schemas.limits import BM25
from schemas.sources import SOURCE_TYPES, SourceType, served

DEFAULT_DATABASE = "default_database"


@dataclass(frozen=True)
class ShownSource:
    """A source in a list: what it is called, what it fills, its newest run, and what it is doing now.

    The last result and the present activity are two things: a run that begins makes no failure green.
    """

    source: Source
    name: str
    type: str
    targets: Sequence[str]
    last: ShownRun | None
    now: ShownRun | None
    schedule: ShownSchedule | None
    documents: int


async def show(request: web.Request) -> Page:
    """The list."""
    return Page("sources.html", "Sources", partial(_load, request), live=True)


async def _load(request: web.Request) -> Context:
    parts, scope = request.app[PARTS], scope_of(caller_of(request))
    kind = query_text(request, "type")
    wanted = Wanted(
        type=None if kind is None else require_type_name(kind),
        text=query_text(request, "q"),
        before=cursor_of(request),
    )
    found = parts.catalogue.browse.sources(scope, wanted)
    names = Names(parts.catalogue)
    return {
        "sources": [shown_source(request, source, names) for source in found.rows],
        "next": cursor_text(found.next),
        "total": parts.catalogue.browse.source_count(scope),
        "types": {name: type_name(name) for name in served()},
    }


def shown_source(request: web.Request, source: Source, names: Names) -> ShownSource:
    """A source as lists show it."""
    catalogue = request.app[PARTS].catalogue
    newest, final = catalogue.browse.newest(source.id), catalogue.browse.newest_final(source.id)
    active = newest if newest is not None and (final is None or newest.id != final.id) else None
    return ShownSource(
        source=source,
        name=name_of(source),
        type=type_name(source.type),
        targets=catalogue.browse.collections(source.id),
        last=None if final is None else shown_run(final, names),
        now=None if active is None else shown_run(active, names),
        schedule=schedule_of(source, catalogue),
        documents=_documents(request, source),
    )


def _documents(request: web.Request, source: Source) -> int:
    """How many documents of a source are in its collections."""
    wanted = DocumentFilter(source.tenant, source_id=source.id)
    totals = request.app[PARTS].index.totals(wanted)
    return sum(one.documents for one in totals if one.state != DELETED)


def listed_types() -> list[tuple[SourceType[Any, Any], str]]:
    """The types that one can make a source of, with what they are called."""
    return [(kind, type_name(name)) for name, kind in served().items() if kind.lists]


async def show_new(request: web.Request) -> Page:
    """The form of a type, or the choice of types."""
    caller_of(request).require_admin("create sources")
    kind = _kind(request)
    if kind is None:
        return Page("source_types.html", "New source", partial(_types))
    name = type_name(kind.name)
    return Page("source_new.html", f"New source: {name.lower()}", partial(_form, request, kind, {}, None))


async def _types() -> Context:
    return {"types": listed_types()}


def _kind(request: web.Request) -> SourceType[Any, Any] | None:
    name = query_text(request, "type")
    if name is None:
        return None
    found = served().get(require_type_name(name))
    if found is None or not found.lists:
        raise BadRequest(f"no source of type {name} can be made here")
    return found


async def _form(
    request: web.Request, kind: SourceType[Any, Any], values: Mapping[str, str], error: str | None
) -> Context:
    parts = request.app[PARTS]
    fields = fields_of(kind)
    return {
        "kind": kind,
        "name": type_name(kind.name),
        "fields": [one for one in fields if one.required],
        "more": [one for one in fields if not one.required],
        "values": values,
        "error": error,
        "found": None,
        "credentials": await credentials_for(request, kind),
        "models": parts.gateway.models.names,
        "has_sparse": parts.gateway.sparse is not None,
        "database": DEFAULT_DATABASE,
        "has_target": any(one.name == "collection_name" for one in fields),
        "collections": sorted(
            {name for _, name in parts.catalogue.browse.targets(scope_of(caller_of(request)))}
        ),
    }


async def credentials_for(request: web.Request, kind: SourceType[Any, Any]) -> list[tuple[int, str]]:
    """The saved credentials that sources of a type may use; none for who may not see them."""
    wanted = CREDENTIAL_KINDS.get(kind.name, ())
    if not wanted:
        return []
    try:
        found = await credentials.listed(request.app[PARTS], caller_of(request))
    except HttpError:
        return []
    return [(one.id, f"{one.name} ({one.kind})") for one in found if one.kind in wanted]


async def create(request: web.Request) -> web.StreamResponse:
    """Make a source; run it if that is asked for. What is refused is said above the form, filled in again."""
    form = await read_form(request)
    parts, caller = request.app[PARTS], caller_of(request)
    caller.require_admin("create sources")
    kind = SOURCE_TYPES[require_type_name(form.required("type", "the type"))]
    try:
        if form.ticked("check"):
            return await _checked(request, kind, form)
        source = await sources.make(parts, caller, _payload(kind, fields_of(kind), form))
        if not form.ticked("run"):
            return see_other(f"/sources/{source.id}", "The source is there. Run it when you like.")
        payload = CreateJobPayload(target_collection_name=form.text("target"))
        run = await run_source(parts, caller, source, payload)
    except RequestError as error:
        context = await _form(request, kind, form.values, str(error))
        status = error.status if isinstance(error, HttpError) else 400
        return render(request, Page("source_new.html", "New source"), context, status)
    return see_other(f"/invocations/{run}")


async def _checked(request: web.Request, kind: SourceType[Any, Any], form: Form) -> web.StreamResponse:
    """The form again, with what the source would sync and what it would skip. Nothing is made."""
    parts, caller = request.app[PARTS], caller_of(request)
    body = {
        kind.name: payload_of(fields_of(kind), form),
        "database_name": form.text("database") or DEFAULT_DATABASE,
    }
    try:
        payload = CheckSourcePayload.model_validate(body)
    except ValidationError as error:
        raise BadRequest(describe_invalid(error, "the source")) from error
    found = await check(parts, caller, payload)
    context = await _form(request, kind, form.values, None)
    return render(request, Page("source_new.html", "New source"), {**context, "found": found})


def _payload(kind: SourceType[Any, Any], fields: Sequence[FormField], form: Form) -> CreateSourcePayload:
    body: dict[str, Any] = {
        kind.name: payload_of(fields, form),
        "database_name": form.text("database") or DEFAULT_DATABASE,
    }
    embedding: dict[str, Any] = {}
    if (model := form.text("model")) is not None:
        embedding["dense"] = {"model": model}
    if form.ticked("sparse"):
        embedding["sparse"] = {"model": BM25}
    if embedding:
        body["embedding"] = embedding
    has_target = any(one.name == "collection_name" for one in fields)
    if (schedule := schedule_from(form, None if has_target else form.text("target"))) is not None:
        body["schedule"] = schedule
    if form.ticked("run") and form.text("target") is None and not has_target:
        raise BadRequest("Collection is missing: a run needs to know where documents go")
    try:
        return CreateSourcePayload.model_validate(body)
    except ValidationError as error:
        raise BadRequest(describe_invalid(error, "the source")) from error
