"""The notifying stage: writes a delivery for each endpoint of a run that has ended, and attempts them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import ClassVar

import structlog

from schemas.events import Invocation, WebhookDelivery, WebhookEndpoint
from services.notifying import metrics
from services.notifying.message import after, delivery_of, ended_at, given_up, wants
from services.notifying.sending import Sender
from streams.engine.outputs import Send
from streams.engine.stage import Context, Outcome, PunctuatedStage, Record
from streams.state.webhooks import DELIVERED, PENDING, Webhooks, milliseconds
from streams.topics import INVOCATIONS, WEBHOOK_DELIVERIES, Topic

log = structlog.get_logger(__name__)

#: Attempts of one endpoint at once, and of all: a receiver that hangs keeps four waiting, all its own.
_OF_ENDPOINT, _OF_ALL = 4, 64
#: Records of one transaction beside outcomes of attempts.
_MOST_AT_ONCE = 100
_LOOK_SECONDS = 30.0
_FAILED_SECONDS = 2.0
#: While some partitions are not read to their end.
_TURN_SECONDS = 0.25
#: A run that ended longer ago is told to nobody: its deliveries may have been forgotten.
_NEWS = timedelta(days=1)
#: How long a delivery is kept after it was created.
KEPT = timedelta(days=14)


def utc_now() -> datetime:
    """Now, in whole milliseconds, as topics keep it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class NotifyingStage(PunctuatedStage[Invocation]):
    """Owns partitions of `invocations`, and the deliveries in the partitions of the same numbers."""

    name: ClassVar[str] = "notifying"
    topic: ClassVar[Topic] = INVOCATIONS
    takes_tombstones: ClassVar[bool] = True

    def __init__(self, webhooks: Webhooks, sender: Sender, clock: Callable[[], datetime] = utc_now) -> None:
        self._webhooks, self._sender, self._clock = webhooks, sender, clock
        self._attempts: dict[str, asyncio.Task[None]] = {}
        self._endpoints: Counter[str] = Counter()
        #: Number of the newest attempt of each endpoint.
        self._turns: Counter[str] = Counter()
        self._numbers = count(1)
        #: What came of attempts, until the view shows that it is written.
        self._outcomes: dict[str, WebhookDelivery] = {}
        self._owned: set[int] = set()

    async def start(self) -> None:
        """Follow the topics."""
        await self._webhooks.start()
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop following; attempts that are under way are made again by the next owner."""
        tasks = [self._watching, *self._attempts.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._sender.close()
        await self._webhooks.close()

    async def process_batch(
        self, records: Sequence[Record[Invocation]], context: Context
    ) -> Sequence[Outcome]:
        """The deliveries of runs that have ended."""
        now = self._clock()
        news = [one.event if _is_news(one.event, now) else None for one in records]
        if any(news):
            await self._webhooks.refresh()
        made: set[str] = set()
        return [() if run is None else self._deliveries(run, now, made) for run in news]

    async def assigned(self, partitions: Sequence[int]) -> None:
        """Look at what is due in them."""
        self._owned.update(partitions)
        self.alarm.ring_in(0)

    async def revoked(self, partitions: Sequence[int]) -> None:
        """Others attempt their deliveries now; what came of attempts here and is not written is lost to
        them."""
        self._owned.difference_update(partitions)
        for id_ in [id_ for id_ in self._outcomes if self._webhooks.partition(id_) not in self._owned]:
            del self._outcomes[id_]
        for id_, task in self._attempts.items():
            if self._webhooks.partition(id_) not in self._owned:
                task.cancel()

    async def punctuate(self, partitions: Sequence[int]) -> Sequence[Send]:
        """Write what came of attempts, and begin those that are due."""
        self.alarm.ring_in(_FAILED_SECONDS)
        await self._webhooks.refresh()
        now = self._clock()
        sends = self._unwritten()
        for one in self._webhooks.lost(partitions, _MOST_AT_ONCE):
            sends.append(_send(given_up(one, "the endpoint was deleted", now)))
        sends += [
            Send(WEBHOOK_DELIVERIES, one.id, None, one.invocation_id or one.id)
            for one in self._webhooks.old(partitions, now - KEPT, _MOST_AT_ONCE)
        ]
        due = self._webhooks.due(partitions)
        ready = [endpoint_id for endpoint_id, next_ms in due.items() if next_ms <= milliseconds(now)]
        # Who has little under way is first, and of those who was last attempted longest ago.
        for endpoint_id in sorted(ready, key=lambda id_: (self._endpoints[id_], self._turns[id_])):
            self._begin(endpoint_id, partitions, now)
        later = [next_ms for next_ms in due.values() if next_ms > milliseconds(now)]
        wait = (min(later) - milliseconds(now)) / 1000 if later else _LOOK_SECONDS
        # What was just written is looked for once more, so that it is not kept in mind for ever.
        wait = min(wait, _FAILED_SECONDS if sends else _LOOK_SECONDS)
        if not self._owned.issubset(partitions):  # some are not read to their end yet
            wait = min(wait, _TURN_SECONDS)
        self.alarm.ring_in(wait)
        return sends

    def _deliveries(self, run: Invocation, now: datetime, made: set[str]) -> Sequence[Send]:
        """Those of one run that are not written yet."""
        sends = []
        for endpoint in self._webhooks.endpoints(run.tenant):
            if wants(endpoint, run):
                delivery = delivery_of(endpoint, run, now)
                if delivery.id not in made and self._webhooks.delivery(delivery.id) is None:
                    made.add(delivery.id)
                    sends.append(_send(delivery))
        return sends

    def _unwritten(self) -> list[Send]:
        sends = []
        for id_, outcome in list(self._outcomes.items()):
            known = self._webhooks.delivery(id_)
            if known is None or known.state != PENDING or known.tries != outcome.tries - 1:
                del self._outcomes[id_]  # it is written, or something else is
            else:
                sends.append(_send(outcome))
        return sends

    def _begin(self, endpoint_id: str, partitions: Sequence[int], now: datetime) -> None:
        endpoint = self._webhooks.endpoint(endpoint_id)
        if endpoint is None:
            del self._turns[endpoint_id]
            return
        for one in self._webhooks.due_of(endpoint_id, partitions, now, _OF_ENDPOINT + _MOST_AT_ONCE):
            if self._endpoints[endpoint_id] >= _OF_ENDPOINT or len(self._attempts) >= _OF_ALL:
                return
            if one.id not in self._attempts and one.id not in self._outcomes:
                self._endpoints[endpoint_id] += 1
                self._turns[endpoint_id] = next(self._numbers)
                self._attempts[one.id] = asyncio.create_task(self._attempt(endpoint, one))

    async def _attempt(self, endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> None:
        try:
            answer = await self._sender.send(endpoint, delivery)
            outcome = after(delivery, answer.attempt, answer.retry_after, self._clock())
            self._outcomes[delivery.id] = outcome
            metrics.ATTEMPTS.labels("delivered" if outcome.state == DELIVERED else "failed").inc()
            log.info(
                "webhook attempted",
                endpoint=endpoint.id,
                delivery=delivery.id,
                status=answer.attempt.status,
                error=answer.attempt.error,
                state=outcome.state,
            )
        finally:
            del self._attempts[delivery.id]
            self._endpoints[endpoint.id] -= 1
            self.alarm.ring_in(0)

    async def _watch(self) -> None:
        """What another process writes may be due before the next look: a test, an endpoint that resumes."""
        with self._webhooks.changed() as watch:
            while True:
                await watch.wait()
                self.alarm.ring_in(0)
                await asyncio.sleep(0.1)


def _is_news(run: Invocation | None, now: datetime) -> bool:
    ended = None if run is None else ended_at(run)  # None: a tombstone
    return ended is not None and ended > now - _NEWS


def _send(delivery: WebhookDelivery) -> Send:
    return Send(WEBHOOK_DELIVERIES, delivery.id, delivery, delivery.invocation_id or delivery.id)
