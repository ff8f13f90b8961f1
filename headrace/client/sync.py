"""`headrace sync`: sync files, a repository, a website or a bucket, and follow the run to its end."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pydantic import ValidationError

from headrace.client.gateway import ApiError, GatewayClient
from headrace.client.progress import counted, listed, status_of
from headrace.client.reconnect import PROXY_ERRORS, Outage, reconnecting
from schemas.api import DocumentOutcome, InvocationProgress
from schemas.errors import RequestError, TransientError
from schemas.globs import normalized
from schemas.sources import FOLDER, GITHUB, S3_BUCKET, WEB_SCRAPE, SourceType
from schemas.sources.folder import FolderSource
from schemas.sources.github import GithubSource
from schemas.sources.s3 import S3Source
from schemas.sources.web_scrape import WebScrapeSource

#: Poll interval while the event stream is interrupted.
POLL_S = 0.5
#: Maximum of failed documents in a result; the API has them all.
_MOST_FAILURES = 1000
#: Maximum of documents with warnings in a result: guessed encodings may concern a whole folder.
_MOST_WARNED = 10
#: Members of a run's payload that are true or absent.
RUN_FLAGS = ("allow_empty", "allow_mass_delete", "full_check")
_UNFINISHED = frozenset({"pending", "processing"})


#: Sources that are no folder.
RemoteSource = GithubSource | S3Source | WebScrapeSource
_KINDS: dict[type, SourceType[Any, Any]] = {
    FolderSource: FOLDER,
    GithubSource: GITHUB,
    S3Source: S3_BUCKET,
    WebScrapeSource: WEB_SCRAPE,
}
#: What a run of them lists.
_DOCUMENTS = {GithubSource: "files", S3Source: "objects", WebScrapeSource: "pages"}


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What to sync into which collection.

    Attributes:
        path: absolute path on the gateway's disk; or the address of `origin`.
        origin: the source, if it is no folder.
        ref: the branch or commit of a repository (`ref_identifier`).
        keeps: members that an existing source keeps, because the request does not set them.
    """

    path: str
    database: str
    collection: str
    include: tuple[str, ...] = ()
    allow_empty: bool = False
    exclude: tuple[str, ...] = ()
    hidden: bool = False
    main_content: bool = False
    origin: RemoteSource | None = None
    ref: dict[str, str] | None = None
    keeps: tuple[str, ...] = ()
    allow_mass_delete: bool = False
    full_check: bool = False

    @property
    def options(self) -> dict[str, object]:
        """Members of the run's payload besides its target (`schemas.api.CreateJobPayload`)."""
        options: dict[str, object] = {name: True for name in RUN_FLAGS if getattr(self, name)}
        return options if self.ref is None else {**options, "ref_identifier": self.ref}


def looked_for(request: SyncRequest) -> str:
    """A description of what the run lists, for messages."""
    if request.origin is not None:
        kind = type(request.origin)
        return f"{_DOCUMENTS[kind]} of {_KINDS[kind].shown(request.origin)}"
    chosen = f" that match {', '.join(request.include)}" if request.include else ""
    chosen += f" beside {', '.join(request.exclude)}" if request.exclude else ""
    return f"files{chosen} in {request.path}"


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The result of a sync. `failures` and `skipped` have at most 1,000 documents each, `warned` the first
    ten with warnings."""

    source_id: str
    progress: InvocationProgress
    failures: list[DocumentOutcome]
    seconds: float
    warned: list[DocumentOutcome] = field(default_factory=list)
    skipped: list[DocumentOutcome] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the run is complete and no document failed."""
        return status_of(self.progress.status) == "complete" and not self.progress.counts.failed


async def begin(
    client: GatewayClient, request: SyncRequest, say: Callable[[str], None] = lambda message: None
) -> tuple[str, str]:
    """Create the source of a request if it does not exist, and run it. Returns the ids of source and
    invocation.

    Reconnects to a gateway that goes away. Lost responses create no second source or run.
    """
    source_id = await wanted_source_id(client, request, say)
    key = secrets.token_hex(16)

    def create() -> Awaitable[str]:
        return client.create_invocation(source_id, request.collection, request.options, key)

    return source_id, await reconnecting(client, create, say, PROXY_ERRORS)


def folder_payload(
    path: str,
    include: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    hidden: bool = False,
    main_content: bool = False,
) -> dict[str, object]:
    """The config of a folder source. Defaults are omitted, so that older gateways accept it."""
    asked = {
        "include_globs": list(include or ()),
        "exclude_globs": list(exclude or ()),
        "include_hidden": hidden,
        "main_content": main_content,
    }
    return {"path": path} | {name: value for name, value in asked.items() if value}


def wanted_source(request: SyncRequest) -> FolderSource | RemoteSource:
    """The source of a request. Raises pydantic's ValidationError for an invalid source."""
    return request.origin or FolderSource(
        path=request.path,
        include_globs=normalized(request.include),
        exclude_globs=normalized(request.exclude),
        include_hidden=request.hidden,
        main_content=request.main_content,
    )


def _payload(wanted: FolderSource | RemoteSource) -> dict[str, object]:
    """The config of a source, without defaults."""
    if not isinstance(wanted, FolderSource):
        return wanted.model_dump(exclude_none=True)
    chosen = wanted.include_globs, wanted.exclude_globs, wanted.include_hidden, wanted.main_content
    return folder_payload(wanted.path, *chosen)


async def wanted_source_id(
    client: GatewayClient, request: SyncRequest, say: Callable[[str], None] = lambda message: None
) -> str:
    """The id of the source that reads this origin into this collection.

    A source that already fills the collection is changed to the request's patterns; otherwise a source is
    created. Raises RequestError if another source of the collection has the same documents.
    """
    wanted = wanted_source(request)
    kind = _KINDS[type(wanted)]
    config, payload = kind.configure(wanted), {kind.name: _payload(wanted)}
    filling = await client.sources(
        database_name=request.database, source_type=kind.name, collection_name=request.collection
    )
    known = [(source.id, kind.form.model_validate(source.form.model_dump())) for source in filling]
    same = [(id_, form) for id_, form in known if _is_same(kind, kind.configure(form), config)]
    for source_id, form in sorted(same, key=lambda found: found[1] != wanted):  # an equal one first
        changed = _keeping(wanted, form, request.keeps)
        if form != changed:
            change = partial(client.change_source, source_id, {kind.name: _payload(changed)})
            await reconnecting(client, change, say, PROXY_ERRORS)
        return source_id
    for source_id, form in known:
        if kind.overlaps(kind.configure(form), config):
            raise RequestError(_overlapping(request, source_id, kind, form))
    create = partial(client.create_source, {**payload, "database_name": request.database})
    try:  # a repeated request is answered with the id of the source that the first one created
        return await reconnecting(client, create, say, PROXY_ERRORS)
    except ApiError as error:
        if error.source_id is None:
            raise
        return error.source_id


def _is_same(kind: SourceType[Any, Any], one: Any, other: Any) -> bool:
    """Whether a source is the one that is asked for, as it may be chosen otherwise now. Another prefix of a
    bucket is another source: changing it would delete what the first one has brought."""
    same_prefix = kind is not S3_BUCKET or one.path_prefix == other.path_prefix
    return same_prefix and kind.same_origin(one, other)


def _keeping(wanted: Any, known: Any, names: Sequence[str]) -> Any:
    """What is wanted of a source, with these members as they are. Branches that it follows into other
    collections stay."""
    kept = {name: getattr(known, name) for name in names}
    if isinstance(wanted, GithubSource) and wanted.follow:
        asked = {one.target_collection_name for one in wanted.follow}
        others = [one for one in known.follow or () if one.target_collection_name not in asked]
        kept["follow"] = [*others, *wanted.follow]
    return wanted.model_copy(update=kept)


def _overlapping(request: SyncRequest, source_id: str, kind: SourceType[Any, Any], known: Any) -> str:
    return (
        f"{kind.shown(known)} is synced into collection {request.collection!r} already, and "
        f"{kind.shown(wanted_source(request))} {kind.overlap_reason}. Sync that one again, choose another "
        f"collection, or take its documents out: headrace sources delete {source_id} --documents"
    )


async def follow(
    client: GatewayClient,
    invocation_id: str,
    show: Callable[[InvocationProgress], None],
    say: Callable[[str], None] = lambda message: None,
    poll_s: float = POLL_S,
) -> InvocationProgress:
    """Show every change of a run until it ends. Returns its final state.

    Reads the event stream; while the stream is interrupted, polls every `poll_s` seconds. Reconnects to a
    gateway that goes away, and reports it to `say`. Raises TransientError, with the last known state of the
    run, if the gateway does not answer for `client.reconnect_s` seconds.
    """
    outage, last = Outage(client.reconnect_s, say), None
    while True:
        try:
            async for progress in _states(client, invocation_id):
                outage.over()
                last = progress
                show(progress)
                if status_of(progress.status) not in _UNFINISHED:
                    return progress
        except (TransientError, ApiError) as error:
            await _wait(outage, error, invocation_id, last)
        else:
            await asyncio.sleep(poll_s)


async def _states(client: GatewayClient, invocation_id: str) -> AsyncIterator[InvocationProgress]:
    """The states from the event stream, then one from the run itself, because the stream may end earlier."""
    with contextlib.suppress(TransientError, ValidationError):
        async for name, data in client.events(f"/invocations/{invocation_id}/progress"):
            if name == "progress":
                yield InvocationProgress.model_validate_json(data)
    yield await client.progress(invocation_id)


async def _wait(
    outage: Outage,
    error: TransientError | ApiError,
    invocation_id: str,
    last: InvocationProgress | None,
) -> None:
    """Wait for the gateway. Raises TransientError, with the last known state of the run, if it stays away."""
    try:
        await outage.wait(error)
    except TransientError as given_up:
        raise TransientError(f"{given_up}. {_known(invocation_id, last)}") from error


def _known(invocation_id: str, last: InvocationProgress | None) -> str:
    """The last known state of a run, and how to see it later."""
    state = "asked for" if last is None else f"{status_of(last.status)} when last seen"
    if last is not None and last.total is not None:
        counts = last.counts
        state += f": {last.done:,} of {counted(last.total, 'document')} done"
        state += f" ({counts.indexed:,} written, {counts.failed:,} failed)"
    return f"The run was {state}; see it later: headrace invocations show {invocation_id}"


async def finish(
    client: GatewayClient,
    source_id: str,
    last: InvocationProgress,
    seconds: float,
    say: Callable[[str], None] = lambda message: None,
) -> SyncResult:
    """The result of a run that has ended. Waits for the gateway as `follow` does."""
    documents = partial(client.documents, last.invocation_id)
    failures: list[DocumentOutcome] = []
    skipped: list[DocumentOutcome] = []
    warned: list[DocumentOutcome] = []
    try:
        if last.counts.failed:
            failures = await reconnecting(client, partial(documents, "failed", _MOST_FAILURES), say)
        if last.counts.skipped:
            skipped = await reconnecting(client, partial(documents, "skipped", _MOST_FAILURES), say)
        if last.warnings:
            warned = await reconnecting(client, partial(documents, limit=_MOST_WARNED, warned=True), say)
    except TransientError as error:
        raise TransientError(f"{error}. {_known(last.invocation_id, last)}") from error
    return SyncResult(source_id, last, failures, seconds, warned, skipped)


def as_json(result: SyncResult) -> str:
    """The result as JSON."""
    counts, progress = result.progress.counts, result.progress
    return json.dumps(
        {
            "source_id": result.source_id,
            "invocation_id": progress.invocation_id,
            "status": status_of(progress.status),
            "listed": listed(progress),
            "written": counts.indexed,
            "deleted": counts.deleted,
            "unchanged": counts.unchanged,
            "failed": counts.failed,
            "chunks": counts.chunks,
            "seconds": round(result.seconds, 3),
            "merged_into": progress.merged_into,
            "skipped": {skipped.reason: skipped.count for skipped in progress.skipped},
            "skipped_documents": [
                {"document_key": s.document_key, "reason": s.reason} for s in result.skipped
            ],
            "failures": [{"document_key": f.document_key, "error": f.error} for f in result.failures],
            "with_warnings": progress.warnings,
            "warnings": [{"document_key": w.document_key, "warnings": w.warnings} for w in result.warned],
        },
        ensure_ascii=False,
        indent=2,
    )
