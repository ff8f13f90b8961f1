"""Explain why a run makes no progress."""

import asyncio
import time
from collections.abc import Callable

from headrace.client.gateway import GatewayClient
from headrace.client.progress import PENDING, moved, status_of
from schemas.api import InHand, InvocationProgress
from schemas.errors import RequestError, TransientError

#: A run without progress for this long is examined. A single document rarely takes as long, and a crashed
#: component is back within 30 s.
_STALLED_S = 30.0
#: Maximum documents named at once.
_MOST_WAITED_FOR = 3
_NOTHING = (
    "all parts answer, and no stage has had a document in hand for more than a few seconds: "
    "documents of other runs are before it"
)
_LISTING = (
    "all parts answer, and the origin is still being listed: a website is read page by page, the whole of it "
    "before its first page is indexed"
)


class Stalls:
    """Reports why a run makes no progress, once for each reason.

    Args:
        say: called with a message for the user.
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
        """Note the current state of the run."""
        if self._last is None or moved(self._last, progress):
            self.moved_at = time.monotonic()
        self._last = progress

    async def watch(self) -> None:
        """Watch the run until cancelled."""
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
        """The reason, which identifies a stall while it lasts, and a message about it."""
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
        if self._last.total is None:
            return _LISTING, _LISTING
        return _NOTHING, _NOTHING

    async def _waits_for(self, invocation_id: str) -> list[InHand]:
        try:
            return (await self._client.progress(invocation_id)).waits_for
        except (TransientError, RequestError):
            return []


def _reason(one: InHand) -> str:
    return f"{one.stage} {one.collection_name} {one.document_key} {one.last_error}"


def in_words(one: InHand) -> str:
    """A message about a record that a stage is processing."""
    what = "a record" if one.of_this_invocation else "a document of another run"
    if one.document_key is not None:
        what = f"{one.document_key!r} (collection {one.collection_name})"
        what += "" if one.of_this_invocation else " of another run"
    error = f"; last error, in attempt {one.attempts - 1}: {one.last_error}" if one.last_error else ""
    return f"{one.stage} has worked on {what} for {one.seconds} s{error}"
