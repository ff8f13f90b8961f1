"""Which runs a run must wait for: those before it on the log, whatever the clocks say."""

import sqlite3
from datetime import timedelta

import pytest

from schemas.events import Invocation, Status
from services.connectors.invocations import OTHERS, SCHEMA, Invocations, OtherRun, fold_invocation
from streams.state.reader import ChangelogRecord
from tests.services.connectors.fakes import NOON, Tracking

DONE, GIVEN_UP, RUNNING = Status.COMPLETE, Status.FAILED, Status.PROCESSING


@pytest.mark.parametrize(
    ("attempts", "others", "expected"),
    [
        (1, [], False),
        (2, [], True),
        (1, [(DONE, 3)], False),
        (1, [(GIVEN_UP, 3)], True),
        (1, [(GIVEN_UP, 3), (DONE, 4)], False),
        (1, [(DONE, 3), (GIVEN_UP, 4)], True),
        (1, [(DONE, 4), (GIVEN_UP, 3)], False),
        (1, [(RUNNING, 4)], True),
        # Begun by an earlier release, which did not say where they stood.
        (1, [(DONE, None)], False),
        (1, [(GIVEN_UP, None)], True),
        (1, [(GIVEN_UP, None), (DONE, 4)], False),
        # Begun, and behind it: from before the topic was made anew.
        (1, [(GIVEN_UP, 700)], True),
        (1, [(GIVEN_UP, 700), (DONE, 4)], True),
        (1, [(DONE, 700), (DONE, 4)], False),
    ],
)
def test_a_second_attempt_and_a_run_after_one_that_was_given_up_have_something_to_wait_for(
    attempts: int, others: list[tuple[Status, int | None]], expected: bool
) -> None:
    tracking = Tracking()
    tracking.attempts = attempts
    tracking.other_runs = [OtherRun(status, offset) for status, offset in others]

    assert Invocations(tracking).broken_off("this-run", run_offset=5) is expected


class Table:
    """The view's table, without a topic."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.executescript(SCHEMA)

    def has(self, name: str, status: Status, offset: int | None, minutes: int = 0, **fields: object) -> None:
        """A run; its gateway's clock shows `minutes` past noon."""
        invocation = Invocation.model_validate(
            {
                "id": name,
                "tenant": "t",
                "database": "d",
                "collection": "c",
                "source_id": "source-1",
                "source_type": "folder",
                "single_document": False,
                "status": status,
                "attempts": 1,
                "created_at": NOON + timedelta(minutes=minutes),
                "run_offset": offset,
                **fields,
            }
        )
        fold_invocation(self._database, ChangelogRecord("invocations", 0, 0, name, invocation, 0))

    def others(self, name: str) -> list[OtherRun]:
        rows = self._database.execute(OTHERS, (name,)).fetchall()
        return [OtherRun(Status(status), offset) for status, offset in rows]


def test_only_runs_of_the_same_source_and_collection_that_have_begun_count() -> None:
    table = Table()
    table.has("this", RUNNING, 5)
    table.has("before", GIVEN_UP, 4)
    table.has("other collection", GIVEN_UP, 3, collection="another")
    table.has("other source", GIVEN_UP, 2, source_id="source-2")
    table.has("cancelled", Status.CANCELLED, None, attempts=0)
    table.has("waits", Status.PENDING, None, attempts=0)

    assert table.others("this") == [OtherRun(GIVEN_UP, 4)]


def test_the_run_before_is_the_one_before_it_on_the_log_though_a_clock_was_fast() -> None:
    table = Table()
    table.has("first", DONE, 1, minutes=10)  # asked for at a gateway whose clock is ten minutes fast
    table.has("second", GIVEN_UP, 2, minutes=1)
    table.has("third", RUNNING, 3, minutes=2)
    tracking = Tracking()
    tracking.other_runs = table.others("third")

    assert Invocations(tracking).broken_off("third", run_offset=3)
