"""What an endpoint is told of a run, and when a delivery is tried again. Pure."""

import json
import random
import uuid
from datetime import datetime, timedelta

from schemas.events import FINAL_STATUSES, Invocation, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from streams.state.webhooks import DELIVERED, FAILED, PENDING

_DELIVERIES = uuid.UUID("7c0d4c1e-5b1f-4f0f-9a55-0b7e6c8f2d11")

#: Seconds before the second, third, … try: a day in all, as the Standard Webhooks specification proposes.
DELAYS = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800)
#: Share by which a delay varies, so that what failed together is not tried again together.
_JITTER = 0.1
#: The longest `Retry-After` that is waited for.
_MOST_RETRY_AFTER = 28_800.0
#: Attempts that a delivery keeps.
_KEPT = 20
#: Statuses that say that no further try is wanted.
_GONE = 410


def event_type(run: Invocation) -> str:
    """The type of the event of a run that has ended."""
    return f"invocation.{run.status.value}"


def ended_at(run: Invocation) -> datetime | None:
    """When a run has ended; None if it goes on. Of two clocks: a run that was requested later than the
    broker's says that it has ended has ended since."""
    if run.status not in FINAL_STATUSES or run.finished_at is None:
        return None
    return max(run.created_at, run.finished_at)


def wants(endpoint: WebhookEndpoint, run: Invocation) -> bool:
    """Whether an endpoint is told of a run. Runs that ended before it was created are not its own."""
    ended = ended_at(run)
    if ended is None or endpoint.created_at > ended:
        return False
    if endpoint.tenant != run.tenant or event_type(run) not in endpoint.events:
        return False
    return endpoint.database in (None, run.database) and endpoint.source_id in (None, run.source_id)


def delivery_of(endpoint: WebhookEndpoint, run: Invocation, now: datetime) -> WebhookDelivery:
    """The delivery of a run's end. Its id follows from endpoint, run and status: it is made once."""
    name = "\0".join((endpoint.id, run.id, run.status.value))
    return WebhookDelivery(
        id=f"msg_{uuid.uuid5(_DELIVERIES, name).hex}",
        endpoint_id=endpoint.id,
        tenant=endpoint.tenant,
        event_type=event_type(run),
        invocation_id=run.id,
        body=body_of(run),
        next_at=now,
        created_at=now,
    )


def body_of(run: Invocation) -> str:
    """The payload, as the Standard Webhooks specification has it: type, timestamp, data."""
    ended = run.finished_at or run.created_at
    return json.dumps(
        {
            "type": event_type(run),
            "timestamp": ended.isoformat(),
            "data": {
                "invocation_id": run.id,
                "source_id": run.source_id,
                "source_type": run.source_type,
                "database_name": run.database,
                "collection_name": run.collection,
                "status": run.status.value,
                "trigger": run.trigger,
                "object_key": run.object_key,
                "total": run.total,
                "counts": run.counts.model_dump(),
                "error": run.error,
                "merged_into": run.merged_into,
                "created_at": run.created_at.isoformat(),
                "started_at": run.started_at.isoformat() if run.started_at else None,
                "finished_at": ended.isoformat(),
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def after(
    delivery: WebhookDelivery, attempt: WebhookAttempt, retry_after: float | None, now: datetime
) -> WebhookDelivery:
    """The delivery after an attempt: delivered, to be tried again, or failed for good."""
    tries = delivery.tries + 1
    made = {"tries": tries, "attempts": [*delivery.attempts, attempt][-_KEPT:]}
    if attempt.status is not None and 200 <= attempt.status < 300:
        ended = {"state": DELIVERED, "next_at": None, "ended_at": now}
    elif tries > len(DELAYS) or attempt.status == _GONE:
        ended = {"state": FAILED, "next_at": None, "ended_at": now}
    else:
        ended = {"state": PENDING, "next_at": now + _pause(tries, retry_after)}
    return delivery.model_copy(update={**made, **ended})


def given_up(delivery: WebhookDelivery, reason: str, now: datetime) -> WebhookDelivery:
    """The delivery, failed without another attempt."""
    attempts = [*delivery.attempts, WebhookAttempt(at=now, error=reason)][-_KEPT:]
    ended = {"state": FAILED, "next_at": None, "ended_at": now, "attempts": attempts}
    return delivery.model_copy(update=ended)


def _pause(tries: int, retry_after: float | None) -> timedelta:
    """The time before the next try, after so many."""
    seconds = DELAYS[tries - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  (no secret)
    asked = min(retry_after or 0.0, _MOST_RETRY_AFTER)
    return timedelta(milliseconds=round(max(seconds, asked) * 1000))
