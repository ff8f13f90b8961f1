"""`POST /api/v1/sources/check`: what a source would sync. Nothing is written."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from api.access import Caller
from api.admin.credentials import as_app
from api.clock import now
from api.dependencies import MOST_CHECKS, PARTS, Dependencies
from api.errors import BadRequest, TooManyRequests
from api.requests import caller_of, read_body
from api.sync.options import embedding_of
from api.sync.render import json_response
from api.sync.schedules import schedule_of
from api.sync.source_types import source_type
from schemas.api import CheckSourcePayload, SourceCheck
from schemas.base import Event
from schemas.sources import SOURCE_TYPES

#: The credential id for a payload that contains its secret (`services.connectors.preview`).
_INLINE = 1


async def check_source(request: web.Request) -> web.Response:
    """Preview what a run of a source would sync, within limits."""
    parts, caller = request.app[PARTS], caller_of(request)
    caller.require_admin("check sources")
    return json_response(await check(parts, caller, await read_body(request, CheckSourcePayload)))


async def check(parts: Dependencies, caller: Caller, payload: CheckSourcePayload) -> SourceCheck:
    """A preview of what a run of a source would sync, within limits."""
    caller.require_admin("check sources")
    kind = source_type(payload.source_type)
    if not kind.lists or parts.gateway.preview is None:
        raise BadRequest(f"a source of type {kind.name} cannot be checked: nothing lists its documents")
    embedding_of(payload.embedding, payload.embedding_model, parts.gateway.models)
    schedule_of(payload.schedule, payload.timezone, now())
    if payload.database_name is not None:
        await parts.require_database(caller, payload.database_name)
    form, secret = payload.form, None
    if (inline := kind.inline_secret(form)) is not None:
        form, secret = kind.with_credential(form, _INLINE), inline.members
    else:
        form = await as_app(parts, caller, form)
    config = kind.configure(form)
    async with _slot(parts.checks):
        config, found = await parts.gateway.preview.look(
            kind.name, config, caller.tenant, secret, payload.limit, payload.seconds
        )
    if payload.database_name is not None:
        others = await _overlapping(parts, caller.tenant, payload.database_name, kind.name, config)
        found = found.model_copy(update={"overlapping_source_ids": others})
    return found


@asynccontextmanager
async def _slot(slots: asyncio.Semaphore) -> AsyncIterator[None]:
    if slots.locked():
        raise TooManyRequests(f"{MOST_CHECKS} checks of sources are under way here; try again later")
    async with slots:
        yield


async def _overlapping(
    parts: Dependencies, tenant: str, database: str, kind: str, config: Event
) -> list[str]:
    """Sources that sync the same documents."""
    await parts.catalogue.refresh()
    known = parts.catalogue.all_sources(tenant, database, kind)
    return [other.id for other in known if SOURCE_TYPES[kind].overlaps(config, other.config)]
