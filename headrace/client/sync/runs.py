"""Start a run of a source, follow it to its end, and fetch its documents."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from pydantic import ValidationError

from headrace.client.gateway import ApiError, GatewayClient
from headrace.client.progress import counted, status_of
from headrace.client.reconnect import PROXY_ERRORS, Outage, reconnecting
from headrace.client.sync.request import SyncRequest
from headrace.client.sync.result import SyncResult
from headrace.client.sync.sources import SourceOfSync, removed_unless_listed, source_of_sync
from schemas.api import DocumentOutcome, InvocationProgress
from schemas.errors import TransientError

#: Poll interval while the event stream is interrupted.
POLL_S = 0.5
#: Maximum failed documents in a result; the API returns all of them.
_MOST_FAILURES = 1000
#: Maximum documents with warnings in a result: a whole folder may have guessed encodings.
_MOST_WARNED = 10
_UNFINISHED = frozenset({"pending", "processing"})


async def begin(
    client: GatewayClient, request: SyncRequest, say: Callable[[str], None] = lambda message: None
) -> tuple[SourceOfSync, str]:
    """Create the source of a request if it does not exist, and run it. Returns the source and the id of the
    invocation.

    Reconnects to a gateway that goes away. Lost responses create no second source or run.
    """
    source = await source_of_sync(client, request, say)
    key = secrets.token_hex(16)

    def create() -> Awaitable[str]:
        return client.create_invocation(source.id, request.collection, request.options, key)

    return source, await reconnecting(client, create, say, PROXY_ERRORS)


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
    source: SourceOfSync,
    last: InvocationProgress,
    seconds: float,
    say: Callable[[str], None] = lambda message: None,
) -> SyncResult:
    """The result of a run that has ended. Waits for the gateway as `follow` does. A source that was created
    for a run that failed before it had listed anything is removed."""
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
    remark = await removed_unless_listed(client, source, last)
    return SyncResult(source.id, last, failures, seconds, warned, skipped, remark)
