"""What became of a run: green only if it did what it was for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.dashboard.shown.verdicts import segments, speed, verdict
from schemas.events import Counts, Invocation, Status

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def run(status: Status = Status.COMPLETE, **fields: Any) -> Invocation:
    counts = Counts(**{name: fields.pop(name) for name in tuple(fields) if name in Counts.model_fields})
    made = {
        "id": "i",
        "tenant": "t",
        "database": "d",
        "collection": "c",
        "source_id": "s",
        "source_type": "folder",
        "single_document": False,
        "created_at": NOW,
        **fields,
    }
    return Invocation(status=status, counts=counts, **made)


@pytest.mark.parametrize(
    ("made", "tone", "label"),
    [
        (run(indexed=3, total=3), "good", "Complete"),
        (run(deleted=1, total=1), "good", "Complete"),
        (run(unchanged=3, total=3), "good", "No changes"),
        (run(total=0), "warn", "Nothing found"),
        (run(skipped=4, total=4), "warn", "Nothing indexed"),
        (run(indexed=2, failed=1, total=3), "warn", "1 failure"),
        (run(failed=2, total=2), "bad", "Nothing indexed"),
        (run(Status.FAILED, error="no such folder"), "bad", "Failed"),
        (run(Status.CANCELLED), "idle", "Cancelled"),
        (run(merged_into="other"), "idle", "Merged"),
        (run(Status.PROCESSING, attempts=2), "busy", "Running, attempt 2"),
        (run(Status.PENDING), "busy", "Waiting"),
        (run(total=0, source_type="file_upload"), "idle", "Nothing to do"),
    ],
)
def test_a_run_that_moved_nothing_where_something_was_expected_is_not_green(
    made: Invocation, tone: str, label: str
) -> None:
    found = verdict(made, NOW)
    assert (found.tone, found.label) == (tone, label)


def test_a_run_that_does_not_begin_within_a_minute_says_why_that_may_be() -> None:
    found = verdict(run(Status.PENDING), NOW + timedelta(minutes=3))
    assert found.tone == "warn"
    assert "waits for 3 min" in found.detail


def test_the_parts_of_a_bar_add_up_to_the_total() -> None:
    made = run(
        Status.PROCESSING, parsed=60, chunked=50, embedded=40, indexed=30, unchanged=20, failed=5, total=100
    )
    parts = segments(made)
    assert sum(one.count for one in parts) == 100
    assert {one.kind: one.count for one in parts} == {
        "indexed": 30,
        "unchanged": 20,
        "failed": 5,
        "work": 25,
        "waiting": 20,
    }
    assert sum(one.width for one in parts) == pytest.approx(1000)
    assert segments(run(Status.PENDING)) == []


def test_while_a_run_lists_there_is_no_time_left_and_later_there_is() -> None:
    began = NOW - timedelta(seconds=10)
    lists = run(Status.PROCESSING, started_at=began, indexed=20, chunks=50)
    found = speed(lists, NOW)
    assert found is not None
    assert (found.documents, found.chunks, found.left_s) == (2.0, 5.0, None)
    listed = speed(lists.model_copy(update={"total": 60}), NOW)
    assert listed is not None
    assert listed.left_s == 20.0
    again = speed(run(Status.PROCESSING, started_at=began, total=60, indexed=10, unchanged=30), NOW)
    assert again is not None
    assert again.left_s == 20.0  # those that are left are not found unchanged at once
    assert speed(run(Status.PENDING), NOW) is None
