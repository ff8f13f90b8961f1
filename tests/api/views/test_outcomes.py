import sqlite3
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from api.views import outcomes
from api.views.outcomes import fold_outcomes
from schemas.events import Event, Passed, Progress, RunStarted, Step
from schemas.markers import INBOX_RUN
from streams.state.reader import ChangelogRecord
from streams.topics import PROGRESS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY_MS = 24 * 60 * 60 * 1000
RUN = "run"

ended = st.builds(
    lambda attempt, stage, ordinals: Progress(
        invocation_id=RUN,
        attempt=attempt,
        stage=stage,
        passed=[Passed(ordinal=o, document_key=f"{o}.md") for o in ordinals],
    ),
    st.integers(1, 2),
    st.sampled_from([Step.INDEXED, Step.DELETED, Step.FAILED, Step.PARSED]),
    st.lists(st.integers(0, 4), max_size=4),
)
begun = st.builds(
    lambda attempt: RunStarted(invocation_id=RUN, attempt=attempt, started_at=NOW), st.integers(1, 2)
)


def empty() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.executescript(outcomes.OUTCOMES)
    return database


def fold(database: sqlite3.Connection, *events: Event, at_ms: int = 0) -> set[tuple[object, ...]]:
    """Fold events; all rows that there are then, as (run, attempt, ordinal, status)."""
    for event in events:
        fold_outcomes(database, ChangelogRecord(PROGRESS.name, 0, 0, RUN, event, at_ms))
    return set(database.execute("SELECT invocation_id, attempt, ordinal, status FROM outcomes"))


@given(st.lists(ended | begun, max_size=12))
def test_each_document_has_one_outcome_and_a_second_reading_changes_nothing(log: list[Event]) -> None:
    database = empty()
    first = fold(database, *log)
    assert len({row[:3] for row in first}) == len(first)
    assert fold(database, *log) == first


@given(st.permutations([Step.FAILED, Step.FAILED, Step.INDEXED]))
def test_a_success_shows_whenever_a_failure_arrives(stages: list[Step]) -> None:
    database = empty()
    for stage in stages:
        passed = [Passed(ordinal=0, document_key="a")]
        found = fold(database, Progress(invocation_id=RUN, attempt=1, stage=stage, passed=passed))
    assert found == {(RUN, 1, 0, "indexed")}


@given(st.permutations([Step.PARSED, Step.PARSED, Step.INDEXED, Step.EMBEDDED]))
def test_warnings_stand_with_the_outcome_in_whatever_order_they_come(stages: list[Step]) -> None:
    database = empty()
    for stage in stages:
        warnings = ["guessed"] if stage is Step.PARSED else []
        passed = [Passed(ordinal=0, document_key="a", warnings=warnings)]
        fold(database, Progress(invocation_id=RUN, attempt=1, stage=stage, passed=passed))

    assert warned(database) == [("indexed", '["guessed"]')]
    fold(database, RunStarted(invocation_id=RUN, attempt=2, started_at=NOW))
    assert warned(database) == []


def warned(database: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Status and warnings of the documents that have some."""
    rows = database.execute(outcomes.OF_ATTEMPT + "AND texts IS NOT NULL", (RUN, 1, None, None))
    return [(row[1], row[5]) for row in rows]


def test_a_new_attempt_clears_the_outcomes_of_the_older_ones() -> None:
    database = empty()
    passed = [Passed(ordinal=0, document_key="a")]
    fold(database, Progress(invocation_id=RUN, attempt=1, stage=Step.INDEXED, passed=passed))
    assert fold(database, RunStarted(invocation_id=RUN, attempt=2, started_at=NOW)) == set()


def test_outcomes_are_forgotten_when_their_topic_has_forgotten_them() -> None:
    database = empty()
    for run, day in (("old", 0), ("young", 2)):
        passed = [Passed(ordinal=0, document_key="a")]
        started = RunStarted(invocation_id=run, attempt=1, started_at=NOW)
        ended = Progress(invocation_id=run, attempt=1, stage=Step.INDEXED, passed=passed)
        fold(database, started, ended, at_ms=day * DAY_MS)
    later = RunStarted(invocation_id=RUN, attempt=1, started_at=NOW)
    assert fold(database, later, at_ms=8 * DAY_MS) == {("young", 1, 0, "indexed")}


def test_documents_of_the_inbox_are_not_kept_because_nobody_can_ask_for_them() -> None:
    database = empty()
    run = f"{INBOX_RUN}1"
    event = Progress(invocation_id=run, attempt=1, stage=Step.INDEXED, passed=[Passed(ordinal=0)])

    fold_outcomes(database, ChangelogRecord(PROGRESS.name, 0, 0, run, event, 0))

    assert database.execute("SELECT count(*) FROM outcomes").fetchone() == (0,)


def test_the_example_of_a_reason_is_the_error_of_the_document_that_is_named() -> None:
    database = empty()
    errors = {"a.pdf": "page 2 of 'a.pdf' is damaged", "z.pdf": "page 1 of 'z.pdf' is damaged"}
    passed = [
        Passed(ordinal=number, document_key=key, error=error)
        for number, (key, error) in enumerate(errors.items())
    ]
    fold(database, Progress(invocation_id=RUN, attempt=1, stage=Step.FAILED, passed=passed))

    ((reason, documents, example, key),) = database.execute(outcomes.BY_REASON, (RUN, 1, 10))

    assert (reason, documents) == ("page … of … is damaged", 2)
    assert example == errors[key]
