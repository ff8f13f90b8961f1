"""`headrace sync`: a folder or file into a collection, followed until it is there."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from headrace.client.gateway import ApiError, GatewayClient
from headrace.client.progress import PENDING, listed, status_of
from schemas.api import DocumentOutcome, InHand, InvocationProgress
from schemas.errors import RequestError, TransientError
from schemas.globs import normalized
from schemas.sources import FOLDER
from schemas.sources.folder import FolderSource

#: Between two looks at a run where the event stream broke off.
_POLL_S = 0.5
#: A gateway that is away for longer than its restart takes is given up.
_PATIENCE_S = 60.0
#: A run in which nothing moves for this long is looked into. A long document alone takes as long, seldom; a
#: part that died is back within 30 s.
_STALLED_S = 30.0
#: Failed documents that are told by name; the API has them all.
_MOST_FAILURES = 1000
#: Documents whose warnings are told by name: guessed encodings may concern a whole folder.
_MOST_WARNED = 10
#: What a run waits for is told of at most so many documents at once.
_MOST_WAITED_FOR = 3
_NOTHING = (
    "all parts answer, and no stage has had a document in hand for more than a few seconds: "
    "documents of other runs are before it"
)
_UNFINISHED = frozenset({"pending", "processing"})


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What goes where. `path` is absolute, on the disk of the gateway."""

    path: str
    database: str
    collection: str
    include: tuple[str, ...] = ()
    allow_empty: bool = False
    exclude: tuple[str, ...] = ()
    hidden: bool = False


def looked_for(request: SyncRequest) -> str:
    """What a run of the request lists, in words."""
    chosen = f" that match {', '.join(request.include)}" if request.include else ""
    chosen += f" beside {', '.join(request.exclude)}" if request.exclude else ""
    return f"files{chosen} in {request.path}"


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What a sync came to; `failures` are the documents that failed, at most 1,000 of them, `warned` the
    first of those with warnings."""

    source_id: str
    progress: InvocationProgress
    failures: list[DocumentOutcome]
    seconds: float
    warned: list[DocumentOutcome] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the run is complete and no document failed."""
        return status_of(self.progress.status) == "complete" and not self.progress.counts.failed


async def begin(client: GatewayClient, request: SyncRequest) -> tuple[str, str]:
    """Run the source of a folder, which is made if there is none; its id and the invocation's."""
    source_id = await folder_source(client, request)
    return source_id, await client.create_invocation(source_id, request.collection, request.allow_empty)


def folder_payload(
    path: str, include: Sequence[str] | None, exclude: Sequence[str] | None, hidden: bool
) -> dict[str, object]:
    """The config of a folder source; what is not asked for is not sent, so that an older gateway takes it."""
    asked = {
        "include_globs": list(include or ()),
        "exclude_globs": list(exclude or ()),
        "include_hidden": hidden,
    }
    return {"path": path} | {name: value for name, value in asked.items() if value}


async def folder_source(client: GatewayClient, request: SyncRequest) -> str:
    """The id of the source that reads this path into this collection, with the patterns of the request.

    One that fills the collection already is changed if its patterns are others; else it is made. Raises
    RequestError when a source fills the collection from a folder above or below.
    """
    wanted = FolderSource(
        path=request.path,
        include_globs=normalized(request.include),
        exclude_globs=normalized(request.exclude),
        include_hidden=request.hidden,
    )
    chosen = wanted.include_globs, wanted.exclude_globs, wanted.include_hidden
    payload = {FOLDER.name: folder_payload(wanted.path, *chosen)}
    filling = await client.sources(
        database_name=request.database, source_type=FOLDER.name, collection_name=request.collection
    )
    known = [(source.id, FolderSource.model_validate(source.form.model_dump())) for source in filling]
    same = [(source_id, form) for source_id, form in known if form.path == request.path]
    for source_id, form in sorted(same, key=lambda found: found[1] != wanted):  # an equal one first
        if form != wanted:
            await client.change_source(source_id, payload)
        return source_id
    for source_id, form in known:
        if FOLDER.overlaps(FOLDER.configure(form), FOLDER.configure(wanted)):
            raise RequestError(_overlapping(request, source_id, form))
    try:
        return await client.create_source({**payload, "database_name": request.database})
    except ApiError as error:
        if error.source_id is None:
            raise
        return error.source_id


def _overlapping(request: SyncRequest, source_id: str, form: FolderSource) -> str:
    return (
        f"{FOLDER.shown(form)} is synced into collection {request.collection!r} already, so documents of "
        f"{request.path} would be there twice. Sync {form.path} again, choose another collection, or take "
        f"its documents out: headrace sources delete {source_id} --documents"
    )


async def follow(
    client: GatewayClient, invocation_id: str, show: Callable[[InvocationProgress], None]
) -> InvocationProgress:
    """Show every change of a run until it ends; its last state.

    Listens to the event stream; where that breaks off, looks again and again until it is back. Raises
    TransientError when the gateway stays away.
    """
    answered = time.monotonic()
    while True:
        with contextlib.suppress(TransientError):
            async for progress in _events(client, invocation_id):
                answered = time.monotonic()
                show(progress)
                if status_of(progress.status) not in _UNFINISHED:
                    return progress
        try:
            progress = await client.progress(invocation_id)
        except TransientError:
            if time.monotonic() - answered > _PATIENCE_S:
                raise
        else:
            answered = time.monotonic()
            show(progress)
            if status_of(progress.status) not in _UNFINISHED:
                return progress
        await asyncio.sleep(_POLL_S)


class Stalls:
    """Says why nothing moves in a run, once for each reason.

    Args:
        say: takes a sentence for a person.
        shortage: says which disk is full, if one is (`headrace.preflight.shortage`).
    """

    def __init__(
        self,
        client: GatewayClient,
        say: Callable[[str], None],
        shortage: Callable[[], str],
        after_s: float = _STALLED_S,
    ) -> None:
        self._client, self._say, self._shortage, self._after_s = client, say, shortage, after_s
        self._last: InvocationProgress | None = None
        self.moved_at = time.monotonic()

    def saw(self, progress: InvocationProgress) -> None:
        """The run is here now."""
        if self._last is None or _moved(self._last, progress):
            self.moved_at = time.monotonic()
        self._last = progress

    async def watch(self) -> None:
        """Look until cancelled."""
        told, moved_at = "", self.moved_at
        while True:
            if moved_at != self.moved_at:
                told, moved_at = "", self.moved_at
            still_s = time.monotonic() - moved_at
            await asyncio.sleep(max(self._after_s - still_s, self._after_s / 10))
            if moved_at != self.moved_at:
                continue
            reason, sentence = await self._why()
            if reason != told:
                told = reason
                self._say(f"nothing has moved for {time.monotonic() - moved_at:.0f} s: {sentence}")

    async def _why(self) -> tuple[str, str]:
        """The reason, which stays the same for as long as it lasts, and a sentence that tells it."""
        if full := self._shortage():
            return full, f"{full}; make room there, the run goes on by itself"
        if fault := await self._client.fault():
            return fault, f"{fault}; waiting until it does"
        if self._last is None:
            return _NOTHING, _NOTHING
        if waits_for := await self._waits_for(self._last.invocation_id):
            return _reason(waits_for[0]), "; ".join(in_words(one) for one in waits_for[:_MOST_WAITED_FOR])
        if remarks := await self._client.remarks():
            return remarks[0].partition(" for ")[0], "; ".join(remarks)
        if status_of(self._last.status) == "pending":
            return PENDING, PENDING
        return _NOTHING, _NOTHING

    async def _waits_for(self, invocation_id: str) -> list[InHand]:
        try:
            return (await self._client.progress(invocation_id)).waits_for
        except (TransientError, RequestError):
            return []


def _moved(before: InvocationProgress, now: InvocationProgress) -> bool:
    """Whether anything but the time has changed."""
    return any(
        getattr(before, what) != getattr(now, what) for what in ("status", "attempts", "total", "counts")
    )


def _reason(one: InHand) -> str:
    return f"{one.stage} {one.collection_name} {one.document_key} {one.last_error}"


def in_words(one: InHand) -> str:
    """What a stage has in hand, for a person."""
    what = "a record" if one.of_this_invocation else "a document of another run"
    if one.document_key is not None:
        what = f"{one.document_key!r} (collection {one.collection_name})"
        what += "" if one.of_this_invocation else " of another run"
    error = f"; last error, in attempt {one.attempts - 1}: {one.last_error}" if one.last_error else ""
    return f"{one.stage} has worked on {what} for {one.seconds} s{error}"


async def finish(
    client: GatewayClient, source_id: str, last: InvocationProgress, seconds: float
) -> SyncResult:
    """The result of a run that has ended."""
    failures = []
    if last.counts.failed:
        failures = await client.documents(last.invocation_id, "failed", _MOST_FAILURES)
    warned = []
    if last.warnings:
        warned = await client.documents(last.invocation_id, limit=_MOST_WARNED, warned=True)
    return SyncResult(source_id, last, failures, seconds, warned)


async def _events(client: GatewayClient, invocation_id: str) -> AsyncIterator[InvocationProgress]:
    async for name, data in client.events(f"/invocations/{invocation_id}/progress"):
        if name == "progress":
            yield InvocationProgress.model_validate_json(data)


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
            "skipped": {skipped.reason: skipped.count for skipped in progress.skipped},
            "failures": [{"document_key": f.document_key, "error": f.error} for f in result.failures],
            "with_warnings": progress.warnings,
            "warnings": [{"document_key": w.document_key, "warnings": w.warnings} for w in result.warned],
        },
        ensure_ascii=False,
        indent=2,
    )
