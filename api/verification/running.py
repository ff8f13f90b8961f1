"""The comparisons of a gateway process: the one that runs, and the newest of each collection."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from api.errors import Conflict
from api.verification.verifier import Compared
from api.views.documents import Place
from schemas import api

#: Findings that are shown, and results that are kept.
MAX_FINDINGS = 1000
_KEPT = 100


@dataclass
class Verification:
    """One comparison and its state."""

    place: Place
    repair: bool
    rows_total: int
    started_at: datetime
    state: str = "running"
    rows_read: int = 0
    ended_at: datetime | None = None
    found: Compared | None = None
    differing: int | None = None
    error: str | None = None
    invocation_ids: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, found: Compared) -> None:
        """Note what was found. Of the documents that differ only those are kept that are shown: there may be
        hundreds of thousands, and results of many collections are kept."""
        self.differing = len(found.findings)
        self.found = replace(found, findings=found.findings[:MAX_FINDINGS], sources=(), others=())

    def shown(self) -> api.CollectionVerification:
        """As a body."""
        found = self.found
        return api.CollectionVerification.model_validate(
            {
                "database_name": self.place.database,
                "collection_name": self.place.collection,
                "state": self.state,
                "repair": self.repair,
                "rows_read": self.rows_read,
                "rows_total": self.rows_total,
                "started_at": self.started_at,
                "ended_at": self.ended_at,
                "error": self.error,
                "documents": found.documents if found else None,
                "sparse_rows": found.sparse_rows if found else None,
                "unknown_rows": found.unknown_rows if found else None,
                "changed_meanwhile": found.changed_meanwhile if found else None,
                "differing": self.differing,
                "findings": list(found.findings) if found else [],
                "invocation_ids": self.invocation_ids,
                "remarks": self.remarks,
            }
        )


class Verifications:
    """The comparisons of a gateway process: the one that runs, and the newest of each collection."""

    def __init__(self) -> None:
        self._newest: OrderedDict[Place, Verification] = OrderedDict()
        self._running: asyncio.Task[None] | None = None

    def newest(self, place: Place) -> Verification | None:
        """The newest comparison of a collection."""
        return self._newest.get(place)

    def start(self, verification: Verification, work: Callable[[], "asyncio.Task[None]"]) -> None:
        """Begin one. Raises Conflict while another one runs."""
        if self._running is not None and not self._running.done():
            busy, asked = next(reversed(self._newest)), verification.place
            alike = (busy.tenant, busy.database) == (asked.tenant, asked.database)
            which = (
                f"collection {busy.collection!r}" if alike else "another collection"
            )  # or a stranger's name
            raise Conflict(f"{which} is being compared; one at a time runs in a gateway; try again later")
        self._newest.pop(verification.place, None)
        self._newest[verification.place] = verification
        if len(self._newest) > _KEPT:
            self._newest.popitem(last=False)
        self._running = work()

    async def close(self) -> None:
        """Stop what runs."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)


async def follow(verification: Verification, every_s: float) -> AsyncIterator[bool]:
    """True at every change, False after `every_s` seconds without one; ends with the comparison."""
    while verification.state == "running":
        verification.changed.clear()
        try:
            async with asyncio.timeout(every_s):
                await verification.changed.wait()
        except TimeoutError:
            yield False
        else:
            yield True
