"""`/api/v1/keys`: API keys. A key is shown once, when it is created; only its hash is stored."""

import secrets
import uuid

from aiohttp import web

from api.access import Caller, hash_key
from api.clock import now
from api.dependencies import PARTS, Dependencies
from api.errors import BadRequest, Forbidden, NotFound
from api.requests import caller_of, path_id, read_body
from api.sync.options import require_tenant
from api.sync.render import json_response, key_of
from schemas.api import CreateKeyPayload, CreateKeyResponse, KeySummary
from schemas.events import ApiKey
from streams.engine.outputs import Send
from streams.topics import API_KEYS


async def list_keys(request: web.Request) -> web.Response:
    """List the keys of the tenant, or of all tenants for the preset key."""
    return json_response([*listed(request.app[PARTS], caller_of(request))])


def listed(parts: Dependencies, caller: Caller) -> list[KeySummary]:
    """The keys that a caller may see, the oldest first."""
    caller.require_unlimited("list keys")
    keys = parts.catalogue.keys(None if caller.preset else caller.tenant)
    return [key_of(key) for key in keys]


async def create_key(request: web.Request) -> web.Response:
    """Create a key."""
    parts, caller = request.app[PARTS], caller_of(request)
    caller.require_unlimited("create keys")
    made = await make(parts, caller, await read_body(request, CreateKeyPayload))
    return json_response(made, 201)


async def make(parts: Dependencies, caller: Caller, payload: CreateKeyPayload) -> CreateKeyResponse:
    """Keep a new key; the only time that it is shown."""
    caller.require_unlimited("create keys")
    if payload.databases is not None and not all(payload.databases):
        raise BadRequest("databases must not contain an empty name")
    tenant = _tenant(caller, payload)
    parts.doorkeeper.require_tenant(tenant)
    secret = f"hr_{secrets.token_urlsafe(32)}"
    key = ApiKey(
        id=str(uuid.uuid4()),
        name=payload.name,
        tenant=tenant,
        key_sha256=hash_key(secret),
        admin=payload.admin,
        databases=None if payload.databases is None else sorted(set(payload.databases)),
        created_at=now(),
    )
    await parts.catalogue.passed(await parts.write(Send(API_KEYS, key.id, key)))
    return CreateKeyResponse(**key_of(key).model_dump(), key=secret)


async def delete_key(request: web.Request) -> web.Response:
    """Revoke a key: at once here, within milliseconds at the other gateways."""
    await revoke(request.app[PARTS], caller_of(request), path_id(request, "key_id"))
    return web.Response(status=204)


async def revoke(parts: Dependencies, caller: Caller, key_id: str) -> None:
    """Revoke a key. Raises NotFound."""
    caller.require_unlimited("delete keys")
    await parts.catalogue.refresh()
    key = parts.catalogue.key(key_id)
    if key is None or not (caller.preset or key.tenant == caller.tenant):
        raise NotFound(f"key {key_id} does not exist")
    await parts.catalogue.passed(await parts.write(Send(API_KEYS, key_id, None)))


def _tenant(caller: Caller, payload: CreateKeyPayload) -> str:
    if payload.tenant is None or payload.tenant == caller.tenant:
        return caller.tenant
    if not caller.preset:
        raise Forbidden("only the preset admin key may create keys of other tenants")
    return require_tenant(payload.tenant)
