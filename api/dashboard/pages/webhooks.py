"""Completion webhooks: endpoints, their secrets (shown once), and what became of each delivery."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import ValidationError

from api.dashboard.forms import Form, read_form
from api.dashboard.page import Context, Page
from api.dashboard.rendering import render, see_other
from api.dashboard.scope import scope_of
from api.dashboard.shown.names import name_of
from api.dependencies import PARTS
from api.endpoints import queries
from api.errors import BadRequest, HttpError, describe_invalid
from api.requests import caller_of, path_id, query_choice, query_text
from schemas.api import ChangeEndpointPayload, CreatedEndpoint, CreateEndpointPayload, EndpointSummary
from schemas.errors import RequestError
from streams.state.webhooks import STATES

PATH = "/webhook-endpoints"
_PAGE = 50
#: What the ends of runs are called.
EVENT_NAMES: Mapping[str, str] = {event: event.removeprefix("invocation.") for event in queries.EVENTS}


async def show(request: web.Request) -> Page:
    """The list, and the form of a new one."""
    caller_of(request).require_admin("see webhook endpoints")
    return Page("webhooks.html", "Webhooks", partial(_load, request, {}))


async def _load(request: web.Request, values: Mapping[str, str], error: str | None = None) -> Context:
    parts, caller = request.app[PARTS], caller_of(request)
    found = await queries.list_endpoints(parts, caller)
    newest = {one.id: parts.webhooks.page(one.id, None, None, 1) for one in found}
    asked = {"source_id": query_text(request, "source_id") or ""}
    return {
        "endpoints": found,
        "newest": {id_: queries.delivery_of(rows[0]) for id_, rows in newest.items() if rows},
        "sources": _source_names(request, found),
        "events": EVENT_NAMES,
        "databases": sorted({name for name, _ in parts.catalogue.browse.targets(scope_of(caller))}),
        "needs_database": caller.databases is not None,
        "values": values or asked,
        "chosen": EVENT_NAMES,
        "error": error,
    }


def _source_names(request: web.Request, found: list[EndpointSummary]) -> dict[str, str]:
    catalogue = request.app[PARTS].catalogue
    sources = (catalogue.source(one.source_id) for one in found if one.source_id is not None)
    return {source.id: name_of(source) for source in sources if source is not None}


async def create(request: web.Request) -> web.StreamResponse:
    """Make an endpoint, and show its secret: it is on this page and nowhere else."""
    form, parts = await read_form(request), request.app[PARTS]
    body = {"url": form.required("url", "URL"), "events": form.all("event"), **_scope(form)}
    try:
        wanted = CreateEndpointPayload.model_validate({name: value for name, value in body.items() if value})
        made = await queries.create_endpoint(parts, caller_of(request), wanted)
    except (ValidationError, RequestError) as error:
        context = await _load(request, form.values, _said(error))
        context = {**context, "chosen": form.all("event")}
        return render(request, Page("webhooks.html", "Webhooks"), context, _status(error))
    return await _with_secret(request, made)


def _scope(form: Form) -> dict[str, str | None]:
    return {
        "database_name": form.text("database"),
        "source_id": form.text("source_id"),
        "description": form.text("description"),
    }


def _said(error: ValidationError | RequestError) -> str:
    return describe_invalid(error, "the webhook") if isinstance(error, ValidationError) else str(error)


def _status(error: Exception) -> int:
    return error.status if isinstance(error, HttpError) else 400


async def show_one(request: web.Request) -> Page:
    """One endpoint with its deliveries."""
    found = await queries.find_endpoint(request.app[PARTS], caller_of(request), _id(request))
    return _page(request, queries.summary_of(found))


def _page(request: web.Request, one: EndpointSummary) -> Page:
    return Page(
        "webhook.html", name_of_url(one.url), partial(_load_one, request, one.id), live=True, every_s=1.0
    )


def name_of_url(url: str) -> str:
    """An endpoint in a heading: its host and path."""
    split = urlsplit(url)
    return f"{split.netloc}{split.path if split.path != '/' else ''}"


async def _load_one(
    request: web.Request, endpoint_id: str, secret: str | None = None, error: str | None = None
) -> Context:
    parts, caller = request.app[PARTS], caller_of(request)
    one = queries.summary_of(await queries.find_endpoint(parts, caller, endpoint_id))
    state = query_choice(request, "state", STATES)
    after = query_text(request, "after")
    found = await queries.list_deliveries(parts, caller, endpoint_id, state, after, _PAGE)
    return {
        "one": one,
        "source_name": _source_names(request, [one]).get(one.source_id or ""),
        "deliveries": found.deliveries,
        "next": found.next_cursor,
        "state": state,
        "states": STATES,
        "events": EVENT_NAMES,
        "secret": secret,
        "error": error,
    }


async def _with_secret(request: web.Request, made: CreatedEndpoint) -> web.Response:
    """The page of an endpoint with its secret: an answer to a form, which nothing keeps."""
    page = Page("webhook.html", name_of_url(made.url))
    return render(request, page, await _load_one(request, made.id, made.secret))


async def change(request: web.Request) -> web.StreamResponse:
    """Change URL, events or description; pause or resume."""
    form, parts, id_ = await read_form(request), request.app[PARTS], _id(request)
    try:
        await queries.change_endpoint(parts, caller_of(request), id_, _changes(form))
    except (ValidationError, BadRequest) as error:
        found = await queries.find_endpoint(parts, caller_of(request), id_)
        page = Page("webhook.html", name_of_url(found.url))
        return render(request, page, await _load_one(request, id_, error=_said(error)), 400)
    said = {"pause": "It is paused: deliveries wait until it is resumed.", "resume": "It is told again."}
    return see_other(f"{PATH}/{id_}", said.get(form.text("action") or "", "The webhook is changed."))


def _changes(form: Form) -> ChangeEndpointPayload:
    action = form.text("action")
    if action in ("pause", "resume"):
        return ChangeEndpointPayload(enabled=action == "resume")
    body: dict[str, Any] = {
        "url": form.required("url", "URL"),
        "events": form.all("event"),
        "description": form.text("description") or "",
    }
    if not body["events"]:
        raise BadRequest("no event is ticked: the webhook would be told nothing; pause it instead")
    return ChangeEndpointPayload.model_validate(body)


async def rotate(request: web.Request) -> web.StreamResponse:
    """Give it another secret, and show that."""
    await read_form(request)
    made = await queries.rotate_secret(request.app[PARTS], caller_of(request), _id(request))
    return await _with_secret(request, made)


async def delete(request: web.Request) -> web.StreamResponse:
    """Delete it."""
    await read_form(request)
    await queries.delete_endpoint(request.app[PARTS], caller_of(request), _id(request))
    return see_other(PATH, "The webhook is deleted. What was pending for it fails.")


async def test(request: web.Request) -> web.StreamResponse:
    """Send a test event."""
    await read_form(request)
    id_ = _id(request)
    await queries.send_test(request.app[PARTS], caller_of(request), id_)
    return see_other(f"{PATH}/{id_}", "A test event is on its way.")


async def redeliver(request: web.Request) -> web.StreamResponse:
    """Attempt a delivery again."""
    form, id_ = await read_form(request), _id(request)
    delivery = form.required("delivery", "The delivery")
    await queries.retry_delivery(request.app[PARTS], caller_of(request), id_, delivery)
    return see_other(f"{PATH}/{id_}", "It is delivered again, under the same id.")


def _id(request: web.Request) -> str:
    return path_id(request, "endpoint_id")
