"""`headrace sync`: a folder, a file or a website into a collection, followed until it is there."""

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
from schemas.sources import FOLDER, WEB_SCRAPE, SourceType
from schemas.sources.folder import FolderSource
from schemas.sources.web_scrape import WebScrapeSource

#: Between two looks at a run where the event stream broke off.
_POLL_S = 0.5
#: Failed documents that are told by name; the API has them all.
_MOST_FAILURES = 1000
#: Documents whose warnings are told by name: guessed encodings may concern a whole folder.
_MOST_WARNED = 10
_UNFINISHED = frozenset({"pending", "processing"})


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What goes where. `path` is absolute, on the disk of the gateway, or the URL of `website`."""

    path: str
    database: str
    collection: str
    include: tuple[str, ...] = ()
    allow_empty: bool = False
    exclude: tuple[str, ...] = ()
    hidden: bool = False
    main_content: bool = False
    website: WebScrapeSource | None = None


def looked_for(request: SyncRequest) -> str:
    """What a run of the request lists, in words."""
    if request.website is not None:
        return f"pages of {WEB_SCRAPE.shown(request.website)}"
    chosen = f" that match {', '.join(request.include)}" if request.include else ""
    chosen += f" beside {', '.join(request.exclude)}" if request.exclude else ""
    return f"files{chosen} in {request.path}"


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What a sync came to; `failures` are the documents that failed, at most 1,000 of them, `skipped` as many
    that were left out on purpose, `warned` the first of those with warnings."""

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
    """Run the source of a request, which is made if there is none; its id and the invocation's.

    A gateway that has answered once and then goes away is waited for; whatever its last answer would have
    been, there is one source and one run.
    """
    source_id = await wanted_source_id(client, request, say)
    key = secrets.token_hex(16)

    def create() -> Awaitable[str]:
        return client.create_invocation(source_id, request.collection, request.allow_empty, key)

    return source_id, await reconnecting(client, create, say, PROXY_ERRORS)


def folder_payload(
    path: str,
    include: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    hidden: bool = False,
    main_content: bool = False,
) -> dict[str, object]:
    """The config of a folder source; what is not asked for is not sent, so that an older gateway takes it."""
    asked = {
        "include_globs": list(include or ()),
        "exclude_globs": list(exclude or ()),
        "include_hidden": hidden,
        "main_content": main_content,
    }
    return {"path": path} | {name: value for name, value in asked.items() if value}


def wanted_source(request: SyncRequest) -> FolderSource | WebScrapeSource:
    """The source of a request. Raises pydantic's ValidationError for what no gateway takes."""
    return request.website or FolderSource(
        path=request.path,
        include_globs=normalized(request.include),
        exclude_globs=normalized(request.exclude),
        include_hidden=request.hidden,
        main_content=request.main_content,
    )


def _payload(wanted: FolderSource | WebScrapeSource) -> dict[str, object]:
    """The config of a source; what is not asked for is not sent."""
    if isinstance(wanted, WebScrapeSource):
        return wanted.model_dump(exclude_none=True)
    chosen = wanted.include_globs, wanted.exclude_globs, wanted.include_hidden, wanted.main_content
    return folder_payload(wanted.path, *chosen)


async def wanted_source_id(
    client: GatewayClient, request: SyncRequest, say: Callable[[str], None] = lambda message: None
) -> str:
    """The id of the source that reads this path or site into this collection, as the request wants it.

    One that fills the collection already is changed if it chooses otherwise; else it is made. Raises
    RequestError when another source of the collection would bring the same documents.
    """
    wanted = wanted_source(request)
    kind: SourceType[Any, Any] = FOLDER if request.website is None else WEB_SCRAPE
    config, payload = kind.configure(wanted), {kind.name: _payload(wanted)}
    filling = await client.sources(
        database_name=request.database, source_type=kind.name, collection_name=request.collection
    )
    known = [(source.id, kind.form.model_validate(source.form.model_dump())) for source in filling]
    same = [(id_, form) for id_, form in known if kind.same_origin(kind.configure(form), config)]
    for source_id, form in sorted(same, key=lambda found: found[1] != wanted):  # an equal one first
        if form != wanted:
            change = partial(client.change_source, source_id, payload)
            await reconnecting(client, change, say, PROXY_ERRORS)
        return source_id
    for source_id, form in known:
        if kind.overlaps(kind.configure(form), config):
            raise RequestError(_overlapping(request, source_id, kind.shown(form)))
    create = partial(client.create_source, {**payload, "database_name": request.database})
    try:  # a second try finds what the first has made, and is told its id
        return await reconnecting(client, create, say, PROXY_ERRORS)
    except ApiError as error:
        if error.source_id is None:
            raise
        return error.source_id


def _overlapping(request: SyncRequest, source_id: str, shown: str) -> str:
    return (
        f"{shown} is synced into collection {request.collection!r} already, so documents of {request.path} "
        "would be there twice. Sync that one again, choose another collection, or take its documents out: "
        f"headrace sources delete {source_id} --documents"
    )


async def follow(
    client: GatewayClient,
    invocation_id: str,
    show: Callable[[InvocationProgress], None],
    say: Callable[[str], None] = lambda message: None,
) -> InvocationProgress:
    """Show every change of a run until it ends; its last state.

    Listens to the event stream; where that breaks off, looks again and again until it is back. A gateway that
    is away is waited for, and `say` told. Raises TransientError, with what is known of the run, when it stays
    away for `client.reconnect_s` seconds.
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
            await asyncio.sleep(_POLL_S)


async def _states(client: GatewayClient, invocation_id: str) -> AsyncIterator[InvocationProgress]:
    """What the stream says, then one look at the run itself, as the stream may end before the run does."""
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
    """Wait for the gateway. Raises TransientError, with what is known of the run, when it stays away."""
    try:
        await outage.wait(error)
    except TransientError as given_up:
        raise TransientError(f"{given_up}. {_known(invocation_id, last)}") from error


def _known(invocation_id: str, last: InvocationProgress | None) -> str:
    """What is known of a run whose end is not, and how to see it."""
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
    """A result for programs."""
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
