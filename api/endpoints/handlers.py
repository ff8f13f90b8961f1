"""The routes of completion webhooks."""

from aiohttp import web

from api.dependencies import PARTS
from api.endpoints import queries
from api.requests import MAX_LIMIT, caller_of, path_id, query_choice, query_number, query_text, read_body
from api.sync.render import json_response
from schemas.api import ChangeEndpointPayload, CreateEndpointPayload
from streams.state.webhooks import STATES


async def get_endpoints(request: web.Request) -> web.Response:
    """The endpoints of the tenant."""
    return json_response(list(await queries.list_endpoints(request.app[PARTS], caller_of(request))))


async def create(request: web.Request) -> web.Response:
    """A new endpoint."""
    parts, caller = request.app[PARTS], caller_of(request)
    caller.require_admin("create webhook endpoints")
    wanted = await read_body(request, CreateEndpointPayload)
    return json_response(await queries.create_endpoint(parts, caller, wanted), 201)


async def get_endpoint(request: web.Request) -> web.Response:
    """One endpoint."""
    found = await queries.find_endpoint(request.app[PARTS], caller_of(request), _id(request))
    return json_response(queries.summary_of(found))


async def change(request: web.Request) -> web.Response:
    """Change an endpoint."""
    parts, caller = request.app[PARTS], caller_of(request)
    caller.require_admin("change webhook endpoints")
    wanted = await read_body(request, ChangeEndpointPayload)
    return json_response(await queries.change_endpoint(parts, caller, _id(request), wanted))


async def delete(request: web.Request) -> web.Response:
    """Delete an endpoint."""
    await queries.delete_endpoint(request.app[PARTS], caller_of(request), _id(request))
    return web.Response(status=204)


async def get_deliveries(request: web.Request) -> web.Response:
    """A page of an endpoint's deliveries."""
    page = await queries.list_deliveries(
        request.app[PARTS],
        caller_of(request),
        _id(request),
        query_choice(request, "state", STATES),
        query_text(request, "cursor"),
        query_number(request, "limit", 100, MAX_LIMIT, least=1),
    )
    return json_response(page)


async def get_delivery(request: web.Request) -> web.Response:
    """One delivery with its attempts."""
    delivery = request.match_info["delivery_id"]
    found = await queries.show_delivery(request.app[PARTS], caller_of(request), _id(request), delivery)
    return json_response(found)


async def retry(request: web.Request) -> web.Response:
    """Attempt a delivery again."""
    delivery = request.match_info["delivery_id"]
    found = await queries.retry_delivery(request.app[PARTS], caller_of(request), _id(request), delivery)
    return json_response(found, 202)


async def rotate(request: web.Request) -> web.Response:
    """Give an endpoint another secret."""
    return json_response(await queries.rotate_secret(request.app[PARTS], caller_of(request), _id(request)))


async def test(request: web.Request) -> web.Response:
    """Send a test event."""
    return json_response(await queries.send_test(request.app[PARTS], caller_of(request), _id(request)), 202)


def _id(request: web.Request) -> str:
    return path_id(request, "endpoint_id")
