"""What is asked of completion webhooks. An admin key that is limited to databases sees their endpoints."""

import json
import uuid
from urllib.parse import urlsplit

from yarl import URL

from api.access import Caller
from api.clock import now
from api.cursor import cursor_of, values_of
from api.dependencies import Dependencies
from api.errors import BadRequest, NotFound
from api.requests import uuid_of
from api.sync.options import require_text
from schemas import api
from schemas.checks import check_database_name
from schemas.events import WebhookDelivery, WebhookEndpoint
from streams.engine.outputs import Send
from streams.http.addresses import host_fault
from streams.secrets import Secrets, SecretsKey
from streams.state.webhooks import (
    PENDING,
    SECRET,
    context_of,
    is_allowed,
    milliseconds,
    rotated,
    to_allow,
)
from streams.topics import WEBHOOK_DELIVERIES, WEBHOOK_ENDPOINTS

EVENTS = ("invocation.complete", "invocation.failed", "invocation.cancelled")
_TEST = "webhook.test"
#: Endpoints of a tenant: each run is a delivery for each.
MAX_ENDPOINTS = 100


async def list_endpoints(parts: Dependencies, caller: Caller) -> list[api.EndpointSummary]:
    """The endpoints that the caller may see, the oldest first."""
    caller.require_admin("see webhook endpoints")
    return [summary_of(one) for one in parts.webhooks.endpoints(caller.tenant) if _may_see(caller, one)]


async def create_endpoint(
    parts: Dependencies, caller: Caller, wanted: api.CreateEndpointPayload
) -> api.CreatedEndpoint:
    """A new endpoint, with its secret.

    Raises Forbidden for a key that is not an admin's, or that is limited and names no database of its own;
    BadRequest for a URL that may not be asked; NotFound for a source that does not exist.
    """
    caller.require_admin("create webhook endpoints")
    database, source = wanted.database_name, None
    if wanted.source_id is not None:
        source = await parts.source(caller, uuid_of("source_id", wanted.source_id))
        if database not in (None, source.database):
            raise BadRequest(f"source {source.id} is of database {source.database!r}, not {database!r}")
        database = source.database
    if database is None:
        caller.require_unlimited("create webhook endpoints of all databases")
    else:
        check_database_name(database)
        caller.require_database(database)
    _check_url(parts, wanted.url)
    await parts.webhooks.refresh()
    if len(parts.webhooks.endpoints(caller.tenant)) >= MAX_ENDPOINTS:
        raise BadRequest(f"the tenant has {MAX_ENDPOINTS} webhook endpoints; delete one first")
    id_, secret = str(uuid.uuid4()), _new_secret()
    endpoint = WebhookEndpoint(
        id=id_,
        tenant=caller.tenant,
        url=wanted.url,
        database=database,
        source_id=None if source is None else source.id,
        events=list(dict.fromkeys(wanted.events or EVENTS)),
        description=wanted.description,
        secret=_secrets(parts).seal({SECRET: secret}, context_of(id_, caller.tenant)),
        created_at=now(),
    )
    await _keep(parts, endpoint)
    return api.CreatedEndpoint(**dict(summary_of(endpoint)), secret=secret)


async def find_endpoint(parts: Dependencies, caller: Caller, endpoint_id: str) -> WebhookEndpoint:
    """An endpoint that the caller may see. Raises NotFound."""
    caller.require_admin("see webhook endpoints")
    found = parts.webhooks.endpoint(endpoint_id)
    if found is None:
        await parts.webhooks.refresh()
        found = parts.webhooks.endpoint(endpoint_id)
    if found is None or found.tenant != caller.tenant or not _may_see(caller, found):
        raise NotFound(f"webhook endpoint {endpoint_id} does not exist")
    return found


async def change_endpoint(
    parts: Dependencies, caller: Caller, endpoint_id: str, wanted: api.ChangeEndpointPayload
) -> api.EndpointSummary:
    """Change URL, events, description, or whether it is enabled."""
    changes = {name: value for name, value in wanted.model_dump().items() if value is not None}
    async with parts.changing.of(endpoint_id):
        found = await find_endpoint(parts, caller, endpoint_id)
        if wanted.url is not None:
            _check_url(parts, wanted.url)
        changed = found.model_copy(update=changes)
        await _keep(parts, changed)
    return summary_of(changed)


async def rotate_secret(parts: Dependencies, caller: Caller, endpoint_id: str) -> api.CreatedEndpoint:
    """A new secret for an endpoint, shown only once. The one before signs, too, for a day."""
    secret = _new_secret()
    async with parts.changing.of(endpoint_id):
        found = await find_endpoint(parts, caller, endpoint_id)
        secrets, context = _secrets(parts), context_of(found.id, found.tenant)
        members = rotated(secrets.open(found.secret, context), secret, now())
        await _keep(parts, found.model_copy(update={"secret": secrets.seal(members, context)}))
    return api.CreatedEndpoint(**dict(summary_of(found)), secret=secret)


async def delete_endpoint(parts: Dependencies, caller: Caller, endpoint_id: str) -> None:
    """Delete an endpoint. What is pending for it fails."""
    async with parts.changing.of(endpoint_id):  # a concurrent change would restore it
        found = await find_endpoint(parts, caller, endpoint_id)
        await parts.webhooks.passed(await parts.write(Send(WEBHOOK_ENDPOINTS, found.id, None)))


async def list_deliveries(
    parts: Dependencies,
    caller: Caller,
    endpoint_id: str,
    state: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> api.DeliveryPage:
    """Deliveries of an endpoint with their attempts, newest first."""
    found = await find_endpoint(parts, caller, endpoint_id)
    behind = None
    if cursor is not None:
        created, id_ = values_of(cursor, (int, str))
        behind = (int(created), str(id_))
    rows = parts.webhooks.page(found.id, state, behind, limit + 1)
    shown, last = rows[:limit], rows[:limit][-1:]
    more = [cursor_of(milliseconds(one.created_at), one.id) for one in last if len(rows) > limit]
    return api.DeliveryPage(
        deliveries=[delivery_of(one) for one in shown], next_cursor=more[0] if more else None
    )


async def show_delivery(
    parts: Dependencies, caller: Caller, endpoint_id: str, delivery_id: str
) -> api.DeliverySummary:
    """One delivery with its attempts. Raises NotFound."""
    return delivery_of(await _delivery(parts, caller, endpoint_id, delivery_id))


async def _delivery(
    parts: Dependencies, caller: Caller, endpoint_id: str, delivery_id: str
) -> WebhookDelivery:
    endpoint = await find_endpoint(parts, caller, endpoint_id)
    found = parts.webhooks.delivery(delivery_id)
    if found is None or found.endpoint_id != endpoint.id:
        raise NotFound(f"delivery {delivery_id[:80]} of webhook endpoint {endpoint.id} does not exist")
    return found


async def retry_delivery(
    parts: Dependencies, caller: Caller, endpoint_id: str, delivery_id: str
) -> api.DeliverySummary:
    """Attempt a delivery now, and for another day if need be; it keeps its id."""
    found = await _delivery(parts, caller, endpoint_id, delivery_id)
    changes = {"state": PENDING, "tries": 0, "next_at": now(), "ended_at": None}
    return await _send(parts, found.model_copy(update=changes))


async def send_test(parts: Dependencies, caller: Caller, endpoint_id: str) -> api.DeliverySummary:
    """Send an event of type `webhook.test`, to see whether the receiver takes it."""
    endpoint = await find_endpoint(parts, caller, endpoint_id)
    at = now()
    body = {"type": _TEST, "timestamp": at.isoformat(), "data": {"endpoint_id": endpoint.id}}
    made = WebhookDelivery(
        id=f"msg_{uuid.uuid4().hex}",
        endpoint_id=endpoint.id,
        tenant=endpoint.tenant,
        event_type=_TEST,
        body=json.dumps(body),
        next_at=at,
        created_at=at,
    )
    return await _send(parts, made)


def summary_of(one: WebhookEndpoint) -> api.EndpointSummary:
    """An endpoint as a body."""
    return api.EndpointSummary.model_validate(
        {
            "id": one.id,
            "url": one.url,
            "database_name": one.database,
            "source_id": one.source_id,
            "events": one.events,
            "description": one.description,
            "enabled": one.enabled,
            "created_at": one.created_at,
        }
    )


def delivery_of(one: WebhookDelivery) -> api.DeliverySummary:
    """A delivery as a body."""
    shown = one.model_dump(exclude={"tenant", "body"})
    return api.DeliverySummary.model_validate({**shown, "invocation_id": one.invocation_id or None})


def _may_see(caller: Caller, endpoint: WebhookEndpoint) -> bool:
    return caller.databases is None or endpoint.database in caller.databases


def _check_url(parts: Dependencies, url: str) -> None:
    """Raises BadRequest for a URL that may not be asked. The address is checked again at each attempt."""
    require_text("url", url)
    try:
        parsed = urlsplit(url)
        right = parsed.scheme in ("http", "https") and bool(parsed.hostname) and URL(url).host is not None
        port = parsed.port
    except ValueError:
        right, port = False, None
    if not right or port == 0 or parsed.username is not None:
        raise BadRequest(
            f"url {url[:200]!r} is no URL of a receiver: expected https://host/path, without a user"
        )
    allowed = parts.gateway.webhook_allowed_hosts
    if is_allowed(url, allowed):
        return
    if fault := host_fault(url, to_allow):
        raise BadRequest(f"url: {fault}")
    if parsed.scheme != "https":
        raise BadRequest(f"url: expected https, found {parsed.scheme}; {to_allow(parsed.netloc)}")


def _new_secret() -> str:
    return f"whsec_{SecretsKey.new().text}"


def _secrets(parts: Dependencies) -> Secrets:
    if parts.gateway.credentials is None:
        raise BadRequest("this gateway keeps no secrets, so it has no webhook endpoints")
    return parts.gateway.credentials.secrets


async def _keep(parts: Dependencies, endpoint: WebhookEndpoint) -> None:
    await parts.webhooks.passed(await parts.write(Send(WEBHOOK_ENDPOINTS, endpoint.id, endpoint)))


async def _send(parts: Dependencies, delivery: WebhookDelivery) -> api.DeliverySummary:
    key = delivery.invocation_id or delivery.id
    await parts.webhooks.passed(await parts.write(Send(WEBHOOK_DELIVERIES, delivery.id, delivery, key)))
    return delivery_of(delivery)
