"""`/api/v1/invocations`, and the creation of invocations of a source."""

import uuid
from typing import Any

from aiohttp import web

from api.access import Caller
from api.clock import now
from api.dependencies import PARTS, Dependencies
from api.errors import BadRequest, NotAnswered, NotFound, Overlap, PreconditionFailed
from api.requests import caller_of, page_of, path_id, query_uuid, read_body
from api.sync.options import metadata_of, require_collection_name, require_custom_id, require_text
from api.sync.render import job_of, json_response
from api.sync.source_types import overlap, shown
from api.views.catalogue import ResultPage
from schemas.api import CancelJobResponse, CreateJobPayload, CreateJobResponse, LatestByKeysRequest
from schemas.events import (
    CancelRequested,
    Invocation,
    RunOptions,
    Source,
    Status,
    Upload,
    complete_options,
)
from schemas.runs import make_run
from schemas.sources import SOURCE_TYPES
from streams.engine.outputs import Send
from streams.engine.publishing.runs import write_run
from streams.topics import PROGRESS

#: Requests with the same value and the same body create only one run.
IDEMPOTENCY_HEADER = "Idempotency-Key"
MAX_IDEMPOTENCY_KEY = 255


async def create_invocation(request: web.Request) -> web.Response:
    """Run a source into a collection."""
    parts, caller = request.app[PARTS], caller_of(request)
    source = await parts.source(caller, path_id(request, "source_id"))
    payload = await read_body(request, CreateJobPayload)
    invocation_id = await run_source(parts, caller, source, payload, _id_of(request, source, payload))
    return json_response(CreateJobResponse(invocation_id=invocation_id), 201)


async def run_source(
    parts: Dependencies, caller: Caller, source: Source, payload: CreateJobPayload, id_: str | None = None
) -> str:
    """Validate the payload and request the run. Returns the invocation's id, which is `id_` if given."""
    collection = _target(source, payload)
    options = _options(source, payload)
    await parts.check_run(source)
    await parts.require_database(caller, source.database)
    await parts.open_collection(source.tenant, source.database, collection, source.embedding)
    await require_alone(parts, source, collection)
    return await start_run(
        parts,
        source,
        collection,
        options=options,
        object_key=payload.object_key,
        custom_id=payload.custom_id,
        allow_empty=payload.allow_empty,
        allow_mass_delete=payload.allow_mass_delete,
        full_check=payload.full_check,
        id_=id_,
    )


async def start_run(
    parts: Dependencies,
    source: Source,
    collection: str,
    upload: Upload | None = None,
    options: RunOptions | None = None,
    trigger: str = "api",
    object_key: str | None = None,
    custom_id: str | None = None,
    allow_empty: bool = False,
    allow_mass_delete: bool = False,
    full_check: bool = False,
    delete_documents: bool = False,
    id_: str | None = None,
) -> str:
    """Request a run, and wait until tracking has recorded it. Returns the invocation's id.

    A repeated request with the same `id_` is sent again, because the first may not have reached the topic.
    Tracking and connectors ignore duplicates.
    """
    run = make_run(
        source,
        collection,
        id_ or str(uuid.uuid4()),
        now(),
        trigger=trigger,
        options=options,
        object_key=object_key,
        custom_id=custom_id,
        upload=upload,
        allow_empty=allow_empty,
        allow_mass_delete=allow_mass_delete,
        full_check=full_check,
        delete_documents=delete_documents,
    )
    await write_run(run, parts.write)
    if not await parts.catalogue.shown(run.id, parts.gateway.wait_s):
        raise NotAnswered(
            f"invocation {run.id} was asked for, but tracking did not show it within "
            f"{parts.gateway.wait_s:g} s; is the service 'tracking' running? It goes on when tracking does"
        )
    return run.id


def _id_of(request: web.Request, source: Source, payload: CreateJobPayload) -> str | None:
    """The id of the invocation for a request with an idempotency key, the same on every gateway."""
    key = request.headers.get(IDEMPOTENCY_HEADER)
    if key is None:
        return None
    if len(require_text(IDEMPOTENCY_HEADER, key)) > MAX_IDEMPOTENCY_KEY:
        raise BadRequest(f"{IDEMPOTENCY_HEADER} must have at most {MAX_IDEMPOTENCY_KEY} characters")
    return str(uuid.uuid5(uuid.UUID(source.id), f"{key}\0{payload.model_dump_json()}"))


async def require_alone(
    parts: Dependencies, source: Source, collection: str, advice: str = "change what that source reads"
) -> None:
    """Raise Overlap if another source syncs the same documents into this collection.

    Args:
        advice: how the other source could be changed.
    """
    kind = SOURCE_TYPES[source.type]
    await parts.catalogue.refresh()
    for other in parts.catalogue.all_sources(source.tenant, source.database, source.type):
        if overlap(source, other) and parts.catalogue.fills(other.id, collection):
            raise Overlap(
                f"source {shown(other)} fills collection {collection!r} already, and "
                f"{kind.shown(kind.form_of(source.config))} {kind.overlap_reason}. Choose another "
                f"collection, {advice} (PUT /api/v1/sources/{other.id}), or delete it with its documents "
                f"(DELETE /api/v1/sources/{other.id}?documents=true, `headrace sources delete {other.id} "
                "--documents`)",
                other.id,
            )


def _target(source: Source, payload: CreateJobPayload) -> str:
    """The name of the target collection."""
    if not SOURCE_TYPES[source.type].lists:
        raise BadRequest(f"a {source.type} source runs by POST /api/v1/add-file, not here")
    name = payload.target_collection_name or SOURCE_TYPES[source.type].target(source.config)
    if name is None:
        raise BadRequest(f"target_collection_name is required for a source of type {source.type}")
    return require_collection_name(name)


def _options(source: Source, payload: CreateJobPayload) -> RunOptions | None:
    """The options of one run. Fields of other source types are refused."""
    changes: dict[str, Any] = {}
    if payload.custom_id is not None:
        changes["custom_id"] = require_custom_id(payload.custom_id)
    if payload.metadata is not None:
        changes["metadata"] = metadata_of(payload.metadata)
    options = SOURCE_TYPES[source.type].options_of(payload.model_copy(update=changes))
    asked = None if options is None else RunOptions.model_validate({source.type: options})
    return complete_options(source, asked)


async def list_invocations(request: web.Request) -> web.Response:
    """Invocations of a source, a database or the tenant, newest first."""
    parts, page = request.app[PARTS], page_of(request)
    source_id = query_uuid(request, "source_id")
    if source_id is None:
        return json_response([job_of(run) for run in parts.catalogue.invocations(page)])
    if page.database is not None:
        raise BadRequest("source_id and database_name cannot be given together")
    page = ResultPage(**{**vars(page), "source_id": source_id})
    found = parts.catalogue.invocations(page)
    if not found:  # no invocations, or no such source; a deleted source still has its history
        await _require_source(request, page)
        found = parts.catalogue.invocations(page)
    return json_response([job_of(run) for run in found])


async def _require_source(request: web.Request, page: ResultPage) -> None:
    history = ResultPage(tenant=page.tenant, source_id=page.source_id, limit=1)
    if not request.app[PARTS].catalogue.invocations(history):
        await request.app[PARTS].source(caller_of(request), page.source_id or "")


async def get_invocation(request: web.Request) -> web.Response:
    """One invocation."""
    run = await request.app[PARTS].invocation(caller_of(request), path_id(request, "invocation_id"))
    return json_response(job_of(run))


async def cancel_invocation(request: web.Request) -> web.Response:
    """Cancel an invocation, and wait for tracking's decision.

    A run that has started can be cancelled if its source lists (ours; the contract refuses it). Documents
    that it has sent are indexed; no more are sent or deleted.
    """
    parts = request.app[PARTS]
    run = await parts.invocation(caller_of(request), path_id(request, "invocation_id"))
    await cancel(parts, run)
    return json_response(CancelJobResponse(), 202)


async def cancel(parts: Dependencies, run: Invocation) -> None:
    """Cancel an invocation through tracking, and wait for the result. Raises PreconditionFailed if it is too
    late."""
    possible = {Status.PENDING} if run.single_document else {Status.PENDING, Status.PROCESSING}
    if run.status not in possible:
        raise PreconditionFailed(_too_late(run, run.status))
    await parts.write(Send(PROGRESS, run.id, CancelRequested(invocation_id=run.id)))
    # After any decision of tracking the invocation has none of these statuses.
    if not await parts.catalogue.leaves(run.id, possible, parts.gateway.wait_s):
        raise NotAnswered(
            f"tracking did not answer the cancellation of {run.id} within {parts.gateway.wait_s:g} s; "
            "is the service 'tracking' running?"
        )
    status = parts.catalogue.status(run.id)
    if status is None:
        raise NotFound(f"invocation {run.id} does not exist any more")
    if status != Status.CANCELLED:
        raise PreconditionFailed(_too_late(run, status))


def _too_late(run: Invocation, status: str) -> str:
    which = "a pending one of a single document" if run.single_document else "one that has not ended"
    return f"invocation {run.id} is {status}; only {which} can be cancelled"


async def latest_by_keys(request: web.Request) -> web.Response:
    """The newest invocation of each object key; keys that were never synced are absent."""
    parts, caller = request.app[PARTS], caller_of(request)
    source = await parts.source(caller, path_id(request, "source_id"))
    keys = (await read_body(request, LatestByKeysRequest)).object_keys
    found = parts.catalogue.latest_by_keys(source.id, keys)
    return json_response({key: job_of(run) for key, run in found.items()})
