"""`/health`: whether everything that the gateway needs answers. Needs no key, so it has few details."""

import asyncio

from aiohttp import web

from api.dependencies import PARTS, Dependencies
from api.errors import Unavailable
from api.sync.render import json_response
from api.views.stages import remarks
from schemas.api import HealthResponse
from schemas.errors import IngestError

#: How long each part has to answer.
_WITHIN_S = 2.0
#: Answers are kept this long: whoever asks a thousand times a second asks the broker once.
KEEP_S = 1.0


class Health:
    """Checks the broker, the views and Chroma, at most every `keep_s` seconds."""

    def __init__(self, parts: Dependencies, keep_s: float = KEEP_S) -> None:
        self._parts, self._keep_s = parts, keep_s
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._fault: str | None = None
        self._folded = -1

    async def fault(self) -> str | None:
        """The component that does not answer; None if all do."""
        async with self._asking:
            clock = asyncio.get_running_loop().time
            if clock() - self._asked_at >= self._keep_s:
                self._fault = await self._ask()
                self._asked_at = clock()
        return self._fault

    async def _ask(self) -> str | None:
        views, outcomes, chroma = await asyncio.gather(
            self._follows(), self._outcomes_follow(), self._parts.chroma.answers()
        )
        if not views:
            return (
                f"the view of sources and invocations did not catch up with the broker within {_WITHIN_S:g} s"
            )
        if not outcomes:
            return "the view of progress lags behind the broker"
        return None if chroma else "Chroma does not answer"

    async def _follows(self) -> bool:
        try:
            async with asyncio.timeout(_WITHIN_S):
                await self._parts.catalogue.refresh(_WITHIN_S)
        except (IngestError, TimeoutError):
            return False
        return True

    async def _outcomes_follow(self) -> bool:
        """Up to date, or at least progressing: a burst may keep this view behind for a while."""
        before, self._folded = self._folded, self._parts.outcomes.folded
        try:
            await self._parts.outcomes.refresh(_WITHIN_S)
        except IngestError:
            return self._parts.outcomes.folded > max(before, 0)
        return True


HEALTH = web.AppKey("health", Health)


async def health(request: web.Request) -> web.Response:
    """200 if the broker and Chroma answer and the views are up to date; else 503. `stages` describes stages
    that are stuck on a record, or do not report."""
    fault = await request.app[HEALTH].fault()
    if fault is not None:
        raise Unavailable(fault)
    stages = remarks(request.app[PARTS].catalogue.stages())
    return json_response(HealthResponse(broker="ok", views="ok", chroma="ok", stages=stages))
