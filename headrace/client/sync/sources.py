"""The source of a request: the one that already fills the collection, changed if necessary, or a new one."""

import shlex
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from headrace.client.gateway import ApiError, GatewayClient
from headrace.client.progress import changed, status_of
from headrace.client.reconnect import PROXY_ERRORS, reconnecting
from headrace.client.sync.request import KINDS, SyncRequest, config_payload, wanted_source
from schemas.api import InvocationProgress, Source
from schemas.errors import RequestError, TransientError
from schemas.sources import S3_BUCKET, SourceType
from schemas.sources.github import GithubSource

#: Runs of a source among which those into other collections are looked for.
_MOST_RUNS = 1000
#: Members of a source that choose documents, and how the command calls them.
_OPTIONS = {
    "include_globs": "--include",
    "exclude_globs": "--exclude",
    "include_hidden": "--hidden",
    "main_content": "--main-content",
    "max_depth": "--max-depth",
    "page_limit": "--page-limit",
    "include_path_regexes": "--include-path",
    "exclude_path_regexes": "--exclude-path",
}


class SourceOfSync(NamedTuple):
    """A source by id; `new` if it was created for this one run (what is scheduled will be tried again)."""

    id: str
    new: bool


async def source_of_sync(
    client: GatewayClient, request: SyncRequest, say: Callable[[str], None] = lambda message: None
) -> SourceOfSync:
    """The source that reads this origin into this collection.

    A source that already fills the collection, or was made and fills nothing yet, is changed to the patterns
    that the request names, and gets the request's sparse model if it has none; otherwise a source is created.
    `say` is told what is changed, and what is kept. Raises RequestError if another source of the collection
    has the same documents.
    """
    wanted = wanted_source(request)
    kind = KINDS[type(wanted)]
    config, payload = kind.configure(wanted), {kind.name: config_payload(wanted)}
    sparse = {"embedding": {"sparse": {"model": request.sparse}}} if request.sparse else {}
    scheduled = {"schedule": request.schedule} if request.schedule else {}
    filling = await client.sources(
        database_name=request.database, source_type=kind.name, collection_name=request.collection
    )
    known = [(source, kind.form.model_validate(source.form.model_dump())) for source in filling]
    same = [
        found
        for found in known
        if _is_same(
            kind, kind.configure(found[1]), kind.configure(_at_store(wanted, found[1], request.keeps))
        )
    ]
    tried: set[str] = set()
    if not same:
        for source, form in known:
            if kind.overlaps(kind.configure(form), config):
                raise RequestError(_overlapping(request, source.id, kind, form))
        same, tried = await _unused(client, request, kind, config)
    for source, form in sorted(same, key=lambda found: found[1] != wanted):  # an identical one first
        # Patterns with which nothing was found are no choice to keep.
        keeps = [name for name in request.keeps if name not in _OPTIONS or source.id not in tried]
        then = _keeping(wanted, form, keeps)
        added = sparse if source.embedding.sparse is None else {}
        if added and filling:
            say("this run adds vectors for search by words to every document; text is not embedded again")
        _require_schedule(source, request)
        added = {**added, **scheduled}
        for said in differences(source.id, kind, form, then, wanted):
            say(said)
        if form != then or added:
            body = {kind.name: config_payload(then), **added}
            change = partial(client.change_source, source.id, body)
            await reconnecting(client, change, say, PROXY_ERRORS)
        return SourceOfSync(source.id, new=False)
    create = partial(
        client.create_source, {**payload, **sparse, **scheduled, "database_name": request.database}
    )
    try:  # a repeated request is answered with the id of the source that the first one created
        return SourceOfSync(await reconnecting(client, create, say, PROXY_ERRORS), new=not scheduled)
    except ApiError as error:
        if error.source_id is None:
            raise
        if scheduled:
            _require_schedule(await client.source(error.source_id), request)
            await client.patch_source(error.source_id, scheduled)
        return SourceOfSync(error.source_id, new=False)


async def removed_unless_listed(
    client: GatewayClient, source: SourceOfSync, run: InvocationProgress
) -> str | None:
    """Delete the source of a failed run that was its first, if it was created for it and has listed nothing:
    a typing error should not stay behind. Returns what to tell about it; None for other sources."""
    if not source.new or status_of(run.status) != "failed" or run.total is not None or changed(run.counts):
        return None
    try:
        runs = await client.invocations(2, source_id=source.id)
        if [one.id for one in runs] != [run.invocation_id]:
            return None
        await client.delete_source(source.id)
    except (ApiError, TransientError) as error:
        return f"source {source.id} stays ({error}); to remove it: headrace sources delete {source.id}"
    return f"source {source.id}, which this sync had created, is removed again: it has listed nothing"


def differences(
    source_id: str, kind: SourceType[Any, Any], form: Any, changed: Any, wanted: Any
) -> list[str]:
    """What a sync changes of a source, and what it keeps that a new source would not have."""
    known, then, new = (vars(kind.configure(one)) for one in (form, changed, wanted))
    names = [name for name in _OPTIONS if name in known]
    told = [
        f"this sync changes source {source_id}: {_option(name, known[name])} → {_option(name, then[name])}"
        for name in names
        if (known[name] or None) != (then[name] or None)
    ]
    kept = [_option(name, then[name]) for name in names if (then[name] or None) != (new[name] or None)]
    if kept:
        told.append(
            f"source {source_id} keeps {', '.join(kept)}; other options here, or `sources edit`, change that"
        )
    return told


def _option(name: str, value: Any) -> str:
    """A member of a source as an option of the command."""
    option = _OPTIONS[name]
    if isinstance(value, bool):
        return option if value else option.replace("--", "--no-", 1)
    if isinstance(value, list):
        return " ".join(f"{option} {shlex.quote(one)}" for one in value) or f"no {option}"
    return f"no {option}" if value is None else f"{option} {value}"


async def _unused(
    client: GatewayClient, request: SyncRequest, kind: SourceType[Any, Any], config: Any
) -> tuple[list[tuple[Source, Any]], set[str]]:
    """The sources of this origin that fill no collection and are to fill no other one, and the ids of those
    that have run, but found nothing."""
    found: list[tuple[Source, Any]] = []
    tried: set[str] = set()
    for source in await client.sources(database_name=request.database, source_type=kind.name):
        form = kind.form.model_validate(source.form.model_dump())
        known = kind.configure(form)
        meant = {kind.target(known), *kind.followed(known)}
        if source.schedule is not None:
            meant.add(source.schedule.target_collection_name)
        if _is_same(kind, known, config) and meant <= {None, "", request.collection}:
            runs = await client.invocations(_MOST_RUNS, source_id=source.id)
            if all(run.metadata.collection_name == request.collection for run in runs):
                found.append((source, form))
                tried.update({source.id} if runs else ())
    return found, tried


def _is_same(kind: SourceType[Any, Any], one: Any, other: Any) -> bool:
    """Whether this is the requested source, possibly with another selection. Another prefix of a bucket is
    another source: changing the prefix would delete the documents of the first."""
    same_prefix = kind is not S3_BUCKET or one.path_prefix == other.path_prefix
    return same_prefix and kind.same_origin(one, other)


def _at_store(wanted: Any, known: Any, keeps: Sequence[str]) -> Any:
    """The requested bucket at the store of the known one, if the request names none: what fills the
    collection already is what is meant."""
    kept = [name for name in ("endpoint_url",) if name in keeps]
    return wanted.model_copy(update={name: getattr(known, name) for name in kept})


def _keeping(wanted: Any, known: Any, names: Sequence[str]) -> Any:
    """The requested configuration, keeping these members of the known one. Branches that the source follows
    into other collections stay."""
    kept = {name: getattr(known, name) for name in names}
    if isinstance(wanted, GithubSource) and wanted.follow:
        asked = {one.target_collection_name for one in wanted.follow}
        others = [one for one in known.follow or () if one.target_collection_name not in asked]
        kept["follow"] = [*others, *wanted.follow]
    return wanted.model_copy(update=kept)


def _require_schedule(source: Source, request: SyncRequest) -> None:
    """Raises RequestError where the request's schedule would take the place of one for another collection."""
    known = source.schedule
    if request.schedule is None or known is None or known.target_collection_name == request.collection:
        return
    raise RequestError(
        f"source {source.id} runs by itself into {known.target_collection_name or 'its collections'} "
        f"already, and has one schedule: headrace sources edit {source.id} changes it"
    )


def _overlapping(request: SyncRequest, source_id: str, kind: SourceType[Any, Any], known: Any) -> str:
    return (
        f"{kind.shown(known)} is synced into collection {request.collection!r} already, and "
        f"{kind.shown(wanted_source(request))} {kind.overlap_reason}. Sync that one again, choose another "
        f"collection, or take its documents out: headrace sources delete {source_id} --documents"
    )
