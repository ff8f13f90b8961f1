"""Changing a source: its fields and its schedule, and pausing it."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from api.dashboard.forms import Form, read_form
from api.dashboard.page import Context, Page
from api.dashboard.pages.sources import credentials_for
from api.dashboard.rendering import render, see_other
from api.dashboard.shown.names import name_of
from api.dashboard.shown.schedules import schedule_from, schedule_of
from api.dashboard.shown.source_forms import fields_of, payload_of, values_of
from api.dependencies import PARTS
from api.errors import BadRequest, HttpError, describe_invalid
from api.requests import caller_of, path_id
from api.sync.changes import patch
from schemas.api import PatchSourcePayload
from schemas.errors import RequestError
from schemas.events import Source
from schemas.sources import SOURCE_TYPES


async def show(request: web.Request) -> Page:
    """The form with what is configured."""
    caller_of(request).require_admin("change sources")
    source = await _source(request)
    return Page("source_edit.html", f"Change {name_of(source)}", partial(_load, request, source, None, None))


async def _source(request: web.Request) -> Source:
    source = await request.app[PARTS].source(caller_of(request), path_id(request, "source_id"))
    if not SOURCE_TYPES[source.type].lists:
        raise BadRequest("the source of uploads has nothing to change")
    return source


async def _load(
    request: web.Request, source: Source, values: Mapping[str, str] | None, error: str | None
) -> Context:
    kind = SOURCE_TYPES[source.type]
    fields = fields_of(kind)
    known = values_of(fields, kind.form_of(source.config).model_dump(mode="json"))
    schedule = schedule_of(source, request.app[PARTS].catalogue)
    if schedule is not None:
        times = {"every": schedule.every, "cron": schedule.cron, "timezone": schedule.timezone}
        known |= {
            name: value for name, value in times.items() if value and (name != "timezone" or schedule.cron)
        }
    return {
        "source": source,
        "name": name_of(source),
        "fields": fields,
        "values": known if values is None else values,
        "error": error,
        "credentials": await credentials_for(request, kind),
        "has_target": kind.target(source.config) is not None,
        "target": (schedule.target_collection_name if schedule else None) or "",
    }


async def change(request: web.Request) -> web.StreamResponse:
    """Change the source. A secret that is left empty stays as it is."""
    form, source = await read_form(request), await _source(request)
    try:
        payload = _payload(source, form)
        await patch(request.app[PARTS], caller_of(request), source.id, payload)
    except RequestError as error:
        page = Page("source_edit.html", f"Change {name_of(source)}")
        context = await _load(request, source, form.values, str(error))
        return render(request, page, context, error.status if isinstance(error, HttpError) else 400)
    return see_other(f"/sources/{source.id}", "The source is changed. Its next run brings the difference.")


def _payload(source: Source, form: Form) -> PatchSourcePayload:
    fields = fields_of(SOURCE_TYPES[source.type])
    given = payload_of(fields, form)
    config: dict[str, Any] = {one.name: given.get(one.name) for one in fields if one.kind != "secret"}
    config |= {one.name: given[one.name] for one in fields if one.kind == "secret" and one.name in given}
    schedule = schedule_from(form, form.text("target"))
    try:
        return PatchSourcePayload.model_validate({source.type: config, "schedule": schedule})
    except ValidationError as error:
        raise BadRequest(describe_invalid(error, "the source")) from error


async def pause(request: web.Request) -> web.StreamResponse:
    """Pause the schedule of a source, or resume it from now on."""
    form, source = await read_form(request), await _source(request)
    paused = not form.ticked("resume")
    payload = PatchSourcePayload.model_validate({"schedule": {"paused": paused}})
    await patch(request.app[PARTS], caller_of(request), source.id, payload)
    said = (
        "The schedule is paused."
        if paused
        else "The schedule goes on; times that have passed are not made up for."
    )
    return see_other(f"/sources/{source.id}", said)
