"""`PUT` and `PATCH /api/v1/sources/{id}`: change a source and describe the effects.

A run contains the source as it was when the run was requested. So pending and processing runs keep the old
configuration, and the next run syncs the difference.
"""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ValidationError

from api.access import Caller
from api.admin.credentials import signed_in
from api.clock import now
from api.dependencies import PARTS, Dependencies
from api.errors import BadRequest, PreconditionFailed, describe_invalid
from api.requests import caller_of, path_id, read_body
from api.sync.effects import effects_of, fields_changed
from api.sync.invocations import require_alone
from api.sync.options import sparse_of
from api.sync.render import json_response, members_of
from api.sync.schedules import changed_schedule, same_schedule, schedule_of, scheduled_collections
from api.sync.source_types import shown, source_type
from schemas.api import (
    ChangedSource,
    ChangeSourcePayload,
    PatchSourcePayload,
    SourceChange,
    SourceEmbeddingConfig,
)
from schemas.base import Body, Event
from schemas.events import Embedding, Source
from schemas.ids import source_version
from schemas.sources import SOURCE_TYPES, SourceType
from streams.engine.outputs import Send
from streams.topics import SOURCES


async def change_source(request: web.Request) -> web.Response:
    """Select other documents of the same origin. The next run of each collection syncs the difference."""
    parts, caller = request.app[PARTS], caller_of(request)
    caller.require_admin("change sources")
    payload = await read_body(request, ChangeSourcePayload)
    source_id = path_id(request, "source_id")
    async with parts.changing.of(source_id):
        source = await _current(parts, caller, source_id, request.headers.get("If-Match", "*"))
        if payload.source_type != source.type:
            raise BadRequest(f"source {source.id} is of type {source.type}, found {payload.source_type}")
        fields = await _configured(parts, caller, source, payload.form)
        asked = schedule_of(payload.schedule, payload.timezone, now())
        if asked is not None and not same_schedule(source.schedule, asked):
            fields["schedule"] = asked
        fields["embedding"] = _changed_embedding(source, payload.embedding)
        changed = await _changed(parts, source, fields)
    return _answer(parts, source, changed)


async def patch_source(request: web.Request) -> web.Response:
    """Change single fields of a source (JSON Merge Patch)."""
    parts, caller = request.app[PARTS], caller_of(request)
    caller.require_admin("change sources")
    payload = await read_body(request, PatchSourcePayload)
    wanted = request.headers.get("If-Match", "*")
    source, changed = await patch(parts, caller, path_id(request, "source_id"), payload, wanted)
    return _answer(parts, source, changed)


async def patch(
    parts: Dependencies, caller: Caller, source_id: str, payload: PatchSourcePayload, wanted: str = "*"
) -> tuple[Source, Source]:
    """Change single fields. Returns the source before and after; `wanted` is the `If-Match` header."""
    caller.require_admin("change sources")
    async with parts.changing.of(source_id):
        source = await _current(parts, caller, source_id, wanted)
        fields: dict[str, Any] = {}
        if payload.parts:
            form = _patched_form(source, payload.parts)
            fields = await _configured(parts, caller, source, form)
        if "schedule" in payload.model_fields_set or payload.timezone is not None:
            fields["schedule"] = changed_schedule(source.schedule, payload, now())
        fields["embedding"] = _changed_embedding(source, payload.embedding)
        changed = await _changed(parts, source, fields)
    return source, changed


async def _current(parts: Dependencies, caller: Caller, source_id: str, wanted: str) -> Source:
    """The current version of the source. Raises PreconditionFailed if it is not the `wanted` one."""
    await parts.catalogue.refresh()
    source = await parts.source(caller, source_id)
    version = source_version(source)
    if wanted.strip() != "*" and version not in [tag.strip().strip('"') for tag in wanted.split(",")]:
        raise PreconditionFailed(
            f"source {source.id} is at version {version} now, If-Match asks for {wanted[:80]}: read it again"
        )
    return source


def _patched_form(source: Source, parts: Mapping[str, Mapping[str, Any]]) -> Body:
    """The configuration of a source with some fields changed. Raises BadRequest for unknown fields."""
    other = [name for name in parts if name != source.type]
    if other:
        raise BadRequest(f"source {source.id} is of type {source.type}, found {', '.join(other)}")
    kind, changes = source_type(source.type), parts[source.type]
    unknown = [name for name in changes if name not in kind.form.model_fields]
    if unknown:
        names = ", ".join(f"{source.type}.{name[:80]}" for name in unknown[:5])
        known = ", ".join(kind.form.model_fields)
        raise BadRequest(f"unknown fields: {names}; {source.type} has {known}")
    before = kind.form_of(source.config).model_dump(mode="json", exclude_none=True)
    merged = {**kind.without_replaced(before, changes), **changes}
    given = {name: value for name, value in merged.items() if value is not None}
    try:
        found: Body = kind.form.model_validate_json(json.dumps(given))
    except ValidationError as error:
        raise BadRequest(describe_invalid(error, f"the body: {source.type}")) from error
    return found


async def _configured(parts: Dependencies, caller: Caller, source: Source, form: Body) -> dict[str, Any]:
    """The members of a source with this configuration. It is checked as in the creation of a source."""
    kind = source_type(source.type)
    async with signed_in(parts, caller, kind, form) as saved:
        config = await parts.check_origin(kind.name, kind.configure(saved), source.tenant)
        _require_same_origin(kind, source, config)
        number = await parts.origin_id(kind.name, config, source.tenant)
    return {source.type: config, "notice": None, "origin_id": number}


def _require_same_origin(kind: SourceType[Any, Any], source: Source, config: Event) -> None:
    if not kind.same_origin(config, source.config):
        raise BadRequest(
            f"source {shown(source)} cannot read {kind.shown(kind.form_of(config))} instead: that is another "
            "source; create it, and delete this one with its documents if it is to be replaced"
        )


def _changed_embedding(source: Source, config: SourceEmbeddingConfig | None) -> Embedding:
    """The embedding of a source with another sparse model, if one is given. The dense model stays, because a
    collection cannot contain vectors of two models."""
    if config is None or config.sparse is None:
        return source.embedding
    if config.dense is not None and config.dense.model != source.embedding.model:
        raise BadRequest(
            f"the dense model of source {source.id} is {source.embedding.model!r} and cannot be changed; "
            "create another source, into another collection"
        )
    return source.embedding.model_copy(update={"sparse": sparse_of(config, None)})


async def _changed(parts: Dependencies, source: Source, fields: Mapping[str, Any]) -> Source:
    """Store a source with changed members. An unchanged one is not written."""
    changed = source.model_copy(update=dict(fields))
    if changed == source:
        return source
    before = set() if changed.config != source.config else set(_by_itself(source))
    await require_alone_by_itself(parts, changed, before)
    await keep(parts, changed)
    return changed


def _by_itself(source: Source) -> list[str]:
    return [*SOURCE_TYPES[source.type].followed(source.config), *scheduled_collections(source)]


async def require_alone_by_itself(
    parts: Dependencies, source: Source, known: set[str] | frozenset[str] = frozenset()
) -> None:
    """Check the collections that pushes and the schedule sync into, so that errors occur now and not at each
    push. Raises Overlap if another source fills one, Conflict if runs could not write to it.

    Args:
        known: collections that the source already syncs automatically.
    """
    for collection in SOURCE_TYPES[source.type].followed(source.config):
        if collection not in known:
            await require_alone(parts, source, collection, "let that source follow the branch")
    for collection in scheduled_collections(source):
        if collection not in known:
            await require_alone(parts, source, collection, "give that source the schedule")
            await parts.open_collection(source.tenant, source.database, collection, source.embedding)


async def keep(parts: Dependencies, source: Source) -> None:
    """Store a source."""
    await parts.catalogue.passed(await parts.write(Send(SOURCES, source.id, source)))


def with_version(response: web.Response, source: Source) -> web.Response:
    """A response with the version of the source that it shows."""
    response.headers["ETag"] = f'"{source_version(source)}"'
    return response


def _answer(parts: Dependencies, source: Source, changed: Source) -> web.Response:
    catalogue = parts.catalogue
    fields = fields_changed(source, changed)
    unended = catalogue.unended(source.id) if fields else []
    change = SourceChange(
        fields=fields,
        effects=effects_of(source, changed, fields, catalogue.targets(source.id), len(unended)),
        version=source_version(changed),
        old_invocation_ids=unended,
    )
    members = members_of(changed, catalogue.newest_ended(source.id), catalogue.schedule_state(source.id))
    body: BaseModel = ChangedSource(**members, change=change)
    return with_version(json_response(body), changed)
