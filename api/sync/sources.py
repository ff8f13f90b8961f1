"""`/api/v1/sources`: create, list, show, delete."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

from aiohttp import web

from api.access import Caller
from api.admin.credentials import signed_in
from api.clock import now
from api.dependencies import PARTS, Dependencies
from api.errors import BadRequest, SourceExists
from api.requests import caller_of, page_of, path_id, query_choice, query_text, read_body
from api.sync.changes import keep, require_alone_by_itself, with_version
from api.sync.invocations import start_run
from api.sync.options import chunking_of, embedding_of, require_collection_name
from api.sync.render import json_response, source_of
from api.sync.schedules import schedule_of
from api.sync.source_types import source_type
from api.views.catalogue import NO_LIMIT, Catalogue
from schemas import api
from schemas.api import (
    CreateSourcePayload,
    CreateSourceResponse,
    DeleteSourceResponse,
)
from schemas.events import Source, make_source
from schemas.ids import embedding_settings, source_id
from schemas.sources import FILE_UPLOAD, SOURCE_TYPES
from schemas.sources.file_upload import FileUploadConfig
from streams.engine.outputs import Send
from streams.topics import SOURCES


async def list_sources(request: web.Request) -> web.Response:
    """List sources of the tenant, newest first; with `collection_name`, those that sync into it."""
    catalogue, page = request.app[PARTS].catalogue, page_of(request)
    collection = query_text(request, "collection_name")
    if collection is None:
        return json_response([_shown(catalogue, found) for found in catalogue.sources(page)])
    require_collection_name(collection)
    everything = catalogue.sources(replace(page, limit=NO_LIMIT, offset=0))
    filling = [found for found in everything if catalogue.fills(found.id, collection)]
    some = filling[page.offset : page.offset + page.limit]
    return json_response([_shown(catalogue, found) for found in some])


async def create_source(request: web.Request) -> web.Response:
    """Create a source; 409 if one with the same configuration exists."""
    parts, caller = request.app[PARTS], caller_of(request)
    caller.require_admin("create sources")
    source = await make(parts, caller, await read_body(request, CreateSourcePayload))
    return json_response(CreateSourceResponse(source_id=source.id), 201)


async def make(parts: Dependencies, caller: Caller, payload: CreateSourcePayload) -> Source:
    """Validate and store a new source. Raises SourceExists if one with the same configuration exists."""
    caller.require_admin("create sources")
    kind = source_type(payload.source_type)
    await parts.require_database(caller, payload.database_name)
    embedding_of(payload.embedding, payload.embedding_model, parts.gateway.models)  # validate before saving
    async with signed_in(parts, caller, kind, payload.form) as form:
        config = await parts.check_origin(kind.name, kind.configure(form), caller.tenant)
    source = make_source(
        config,
        id="",
        tenant=caller.tenant,
        database=payload.database_name,
        type=kind.name,
        embedding=embedding_of(payload.embedding, payload.embedding_model, parts.gateway.models),
        chunking=chunking_of(payload.chunking, parts.gateway.chunking),
        created_at=now(),
        schedule=schedule_of(payload.schedule, payload.timezone, now()),
    )
    await parts.catalogue.refresh()
    known = parts.catalogue.all_sources(source.tenant, source.database, source.type)
    for other in known:
        if _configuration(other) == _configuration(source):
            raise SourceExists(other.id)
    number = await parts.origin_id(kind.name, config, caller.tenant)
    source = _with_id(source, {other.id for other in known}).model_copy(update={"origin_id": number})
    await require_alone_by_itself(parts, source)
    await keep(parts, source)
    return source


async def get_source(request: web.Request) -> web.Response:
    """One source."""
    parts = request.app[PARTS]
    source = await parts.source(caller_of(request), path_id(request, "source_id"))
    return with_version(json_response(_shown(parts.catalogue, source)), source)


def _shown(catalogue: Catalogue, source: Source) -> api.Source:
    return source_of(source, catalogue.newest_ended(source.id), catalogue.schedule_state(source.id))


async def delete_source(request: web.Request) -> web.Response:
    """Delete a source. Its documents stay in their collections and its runs continue, unless `documents=true`
    requests runs that delete them."""
    parts, caller = request.app[PARTS], caller_of(request)
    caller.require_admin("delete sources")
    source_id = path_id(request, "source_id")
    with_documents = query_choice(request, "documents", ("true", "false", "delete")) in ("true", "delete")
    async with parts.changing.of(source_id):  # a concurrent change would restore it
        runs = await forget(parts, caller, await parts.source(caller, source_id), with_documents)
    if runs is None:
        return web.Response(status=204)
    return json_response(DeleteSourceResponse(invocation_ids=runs), 202)


async def forget(
    parts: Dependencies, caller: Caller, source: Source, with_documents: bool
) -> list[str] | None:
    """Delete a source. Returns the ids of the invocations that delete its documents, if requested."""
    caller.require_admin("delete sources")
    runs = await _delete_documents(parts, source) if with_documents else None
    await parts.catalogue.passed(await parts.write(Send(SOURCES, source.id, None)))
    return runs


async def _delete_documents(parts: Dependencies, source: Source) -> list[str]:
    """Request a run for each collection, after all runs requested before. Returns their ids."""
    if not SOURCE_TYPES[source.type].lists:
        raise BadRequest(f"documents of a {source.type} source cannot be deleted with it: nothing lists them")
    await parts.catalogue.refresh()
    return [
        await start_run(parts, source, collection, delete_documents=True)
        for collection in parts.catalogue.targets(source.id)
    ]


async def upload_source(parts: Dependencies, tenant: str, database: str) -> Source:
    """The source of a database's uploads, created with the first upload. All gateways create the same one."""
    source = make_source(
        FileUploadConfig(),
        id=source_id(tenant, database, '{"file_upload":{}}'),
        tenant=tenant,
        database=database,
        type=FILE_UPLOAD.name,
        embedding=embedding_of(None, None, parts.gateway.models),
        chunking=chunking_of(None, parts.gateway.chunking),
        created_at=now(),
    )
    known = parts.catalogue.source(source.id)
    if known is not None:
        return known
    await keep(parts, source)
    return source


def _with_id(source: Source, taken: set[str]) -> Source:
    """The first free id among those derived from the configuration; the same on every gateway."""
    ids = (source_id(source.tenant, source.database, text) for text in _identities(source))
    return source.model_copy(update={"id": next(id_ for id_ in ids if id_ not in taken)})


def _identities(source: Source) -> Iterator[str]:
    """Identities to derive ids from: first without the mutable members, so that a source that is created
    again owns its former documents; then with them."""
    whole = _configuration(source)
    origin = SOURCE_TYPES[source.type].identity(source.config)
    dense = embedding_settings(source.embedding.model_copy(update={"sparse": None}))
    yield _canonical({**whole, source.type: origin, "embedding": dense})
    yield _canonical(whole)
    for number in count(2):
        yield _canonical({**whole, "number": number})


def _configuration(source: Source) -> dict[str, Any]:
    """The whole configuration with defaults."""
    configured = source.model_dump(mode="json", include={"type", source.type, "chunking"})
    return {**configured, "embedding": embedding_settings(source.embedding)}


def _canonical(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
