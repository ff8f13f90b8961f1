"""`/api/v1/sources`: create, list, show, delete."""

import json

from aiohttp import web

from api.clock import now
from api.dependencies import PARTS, Dependencies
from api.errors import SourceExists
from api.requests import caller_of, page_of, path_id, read_body
from api.sync.options import chunking_of, embedding_of
from api.sync.render import json_response, source_of
from api.sync.source_types import source_type
from schemas.api import CreateSourcePayload, CreateSourceResponse
from schemas.events import FileUploadConfig, Source
from schemas.ids import source_id
from streams.engine.outputs import Send
from streams.topics import SOURCES


async def list_sources(request: web.Request) -> web.Response:
    """Sources of the tenant, newest first."""
    return json_response(
        [source_of(found) for found in request.app[PARTS].catalogue.sources(page_of(request))]
    )


async def create_source(request: web.Request) -> web.Response:
    """A new source; 409 when one with the same configuration exists."""
    parts, caller = request.app[PARTS], caller_of(request)
    caller.require_admin("create sources")
    payload = await read_body(request, CreateSourcePayload)
    name = payload.source_type
    kind = source_type(name)
    await parts.require_database(caller, payload.database_name)
    configs = kind.configure(payload, parts.gateway.folder_roots)
    source = _with_id(
        Source(
            id="",
            tenant=caller.tenant,
            database=payload.database_name,
            type=name,
            folder=configs.folder,
            file_upload=configs.file_upload,
            embedding=embedding_of(payload.embedding, payload.embedding_model, parts.gateway.models),
            chunking=chunking_of(payload.chunking, parts.gateway.chunking),
            created_at=now(),
        )
    )
    await parts.catalogue.refresh()
    if parts.catalogue.source(source.id) is not None:
        raise SourceExists(source.id)
    await _keep(parts, source)
    return json_response(CreateSourceResponse(source_id=source.id), 201)


async def get_source(request: web.Request) -> web.Response:
    """One source."""
    source = await request.app[PARTS].source(caller_of(request), path_id(request, "source_id"))
    return json_response(source_of(source))


async def delete_source(request: web.Request) -> web.Response:
    """Forget a source. Its documents stay in their collections, its runs go on."""
    parts, caller = request.app[PARTS], caller_of(request)
    caller.require_admin("delete sources")
    source = await parts.source(caller, path_id(request, "source_id"))
    await parts.catalogue.passed(await parts.write(Send(SOURCES, source.id, None)))
    return web.Response(status=204)


async def upload_source(parts: Dependencies, tenant: str, database: str) -> Source:
    """The source of a database's uploads; made when this is the first one. Two gateways make the same."""
    source = Source(
        id="",
        tenant=tenant,
        database=database,
        type="file_upload",
        file_upload=FileUploadConfig(),
        embedding=embedding_of(None, None, parts.gateway.models),
        chunking=chunking_of(None, parts.gateway.chunking),
        created_at=now(),
    )
    source = source.model_copy(update={"id": source_id(tenant, database, '{"file_upload":{}}')})
    known = parts.catalogue.source(source.id)
    if known is not None:
        return known
    await _keep(parts, source)
    return source


#: Fields of a folder's config that came after the first release, and what stands for their absence.
_LATER_FIELDS = {"exclude_globs": None, "include_hidden": False}


def _with_id(source: Source) -> Source:
    """The id follows from all that is configured, so that equal sources are one."""
    configuration = source.model_dump(mode="json", include={"type", source.type, "embedding", "chunking"})
    if folder := configuration.get("folder"):
        for name, default in _LATER_FIELDS.items():
            if folder[name] == default:  # the id is what it was before there was such a field
                del folder[name]
    canonical = json.dumps(configuration, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return source.model_copy(update={"id": source_id(source.tenant, source.database, canonical)})


async def _keep(parts: Dependencies, source: Source) -> None:
    await parts.catalogue.passed(await parts.write(Send(SOURCES, source.id, source)))
