"""What endpoints are told, and when a delivery is tried again."""

import json
from datetime import timedelta
from typing import Any

import pytest

from schemas.events import Counts, Status, WebhookAttempt
from services.notifying.message import DELAYS, after, body_of, delivery_of, wants
from tests.services.notifying.world import NOON, endpoint, run


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, True),
        ({"database": "d"}, True),
        ({"database": "other"}, False),
        ({"source_id": "s"}, True),
        ({"source_id": "other"}, False),
        ({"tenant": "other"}, False),
        ({"events": ["invocation.failed"]}, False),
        ({"created_at": NOON + timedelta(seconds=1)}, False),
    ],
)
def test_an_endpoint_is_told_of_runs_of_its_own(fields: dict[str, Any], wanted: bool) -> None:
    assert wants(endpoint(**fields), run()) is wanted


def test_a_run_that_was_requested_later_is_told_although_the_brokers_clock_is_slow() -> None:
    slow = run(created_at=NOON + timedelta(seconds=2), finished_at=NOON - timedelta(days=3))
    assert wants(endpoint(created_at=NOON + timedelta(seconds=1)), slow)
    assert not wants(endpoint(created_at=NOON + timedelta(seconds=3)), slow)


def test_a_run_that_goes_on_is_no_news() -> None:
    assert not wants(endpoint(), run(status=Status.PROCESSING, finished_at=None))


def test_one_end_of_a_run_is_one_delivery_and_a_later_end_another() -> None:
    """A document that failed and was replayed completes its run."""
    ids = {delivery_of(endpoint(), run(status=status), NOON).id for status in (Status.FAILED, Status.FAILED)}
    assert len(ids) == 1
    assert delivery_of(endpoint(), run(), NOON).id not in ids
    assert delivery_of(endpoint(id_="two"), run(status=Status.FAILED), NOON).id not in ids


def test_the_body_says_what_was_done_not_only_that_it_ended() -> None:
    body = json.loads(body_of(run(counts=Counts(indexed=3, failed=1), total=4)))
    assert (body["type"], body["timestamp"]) == ("invocation.complete", NOON.isoformat())
    counts = body["data"]["counts"]
    assert (counts["indexed"], counts["failed"], body["data"]["total"]) == (3, 1, 4)


def test_a_delivery_is_tried_for_a_day_and_then_has_failed() -> None:
    delivery, now = delivery_of(endpoint(), run(), NOON), NOON
    while delivery.state == "pending":
        now = delivery.next_at or now
        delivery = after(delivery, WebhookAttempt(at=now, status=500), None, now)
    assert (delivery.state, delivery.tries) == ("failed", len(DELAYS) + 1)
    assert timedelta(hours=20) < now - NOON < timedelta(hours=28)


@pytest.mark.parametrize(("status", "state"), [(204, "delivered"), (302, "pending"), (410, "failed")])
def test_what_a_status_means(status: int, state: str) -> None:
    first = delivery_of(endpoint(), run(), NOON)
    assert after(first, WebhookAttempt(at=NOON, status=status), None, NOON).state == state


def test_a_receiver_that_asks_for_time_gets_it_within_limits() -> None:
    first = delivery_of(endpoint(), run(), NOON)
    busy = WebhookAttempt(at=NOON, status=429)
    assert after(first, busy, 600.0, NOON).next_at == NOON + timedelta(minutes=10)
    assert after(first, busy, 10.0**9, NOON).next_at == NOON + timedelta(hours=8)
