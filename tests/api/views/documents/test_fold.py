"""The index of documents, without a broker: states and failures folded into SQLite."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.views.documents.fold import FAILURES_MS, fold_documents
from api.views.documents.tables import TABLES
from schemas.events import (
    Document,
    DocumentState,
    Embedding,
    Event,
    InvocationCreated,
    Passed,
    Progress,
    RunListed,
    RunPosition,
    Step,
)
from schemas.ids import document_id
from schemas.markers import INBOX_RUN, MARKER_NAMESPACE
from streams.state.reader import ChangelogRecord
from streams.topics import DOCUMENT_STATES, PROGRESS

START = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = "b9a4f649-f642-566c-a1b4-06de9bad2a09"

Told = tuple[Event | None, int]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def document(key: str, run: str = "r1", custom_id: str | None = None) -> Document:
    return Document(
        tenant="t",
        database="d",
        collection="c",
        document_key=key,
        namespace=SOURCE,
        custom_id=custom_id,
        version_key="v",
        embedding=Embedding(model="m"),
        source_id=SOURCE,
        run=RunPosition(invocation_id=run, attempt=1, ordinal=0),
    )


def state(key: str, seconds: float, run: str = "r1", **fields: object) -> Told:
    made = DocumentState(
        document=document(key, run, custom_id=fields.pop("custom_id", None)),  # type: ignore[arg-type]
        sequence=1,
        fingerprint="f",
        indexed_at=at(seconds),
        **{"complete": True, "chunks": 3, "collection_id": "cid", **fields},  # type: ignore[arg-type]
    )
    return made, round(at(seconds).timestamp() * 1000)


def created(run: str, seconds: float, single: bool = False) -> Told:
    made = InvocationCreated(
        invocation_id=run,
        tenant="t",
        database="d",
        collection="c",
        source_id=SOURCE,
        source_type="folder",
        single_document=single,
        created_at=at(seconds),
    )
    return made, round(at(seconds).timestamp() * 1000)


def outcome(key: str, seconds: float, run: str = "r1", step: Step = Step.FAILED) -> Told:
    passed = [Passed(ordinal=0, document_key=key, error="broken")]
    made = Progress(invocation_id=run, attempt=1, stage=step, passed=passed)
    return made, round(at(seconds).timestamp() * 1000)


def listed(run: str, seconds: float) -> Told:
    return RunListed(invocation_id=run, attempt=1, total=1), round(at(seconds).timestamp() * 1000)


def empty() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.executescript(TABLES)
    return database


def fold(database: sqlite3.Connection, *told: Told) -> dict[str, tuple[str, str | None, int]]:
    """Fold records; state, error and chunks of every document by its key."""
    for event, at_ms in told:
        topic = DOCUMENT_STATES if isinstance(event, DocumentState) else PROGRESS
        key = document_id(event.document) if isinstance(event, DocumentState) else "run"
        fold_documents(database, ChangelogRecord(topic.name, 0, 0, key, event, at_ms))
    rows = database.execute("SELECT key, state, error, chunks FROM documents").fetchall()
    assert len({row[0] for row in rows}) == len(rows)
    return {key: (state_, error, chunks) for key, state_, error, chunks in rows}


def test_a_document_is_indexed_being_indexed_or_deleted() -> None:
    assert fold(
        empty(),
        state("a", 1),
        state("b", 1, complete=False, parts=2, parts_done=[0]),
        state("c", 1),
        state("c", 2, deleted=True),
    ) == {"a": ("indexed", None, 3), "b": ("indexing", None, 3), "c": ("deleted", None, 0)}


def test_a_failure_shows_whether_or_not_an_older_version_is_indexed() -> None:
    told = (created("r2", 5), state("old", 1), outcome("old", 6, "r2"), outcome("new", 6, "r2"))
    assert fold(empty(), *told) == {"old": ("failed", "broken", 3), "new": ("failed", "broken", 0)}


def test_a_document_that_is_indexed_after_all_has_not_failed() -> None:
    """Its dead letter was replayed: the same run, later."""
    told = (created("r1", 0), outcome("a", 1), state("a", 2))
    assert fold(empty(), *told) == {"a": ("indexed", None, 3)}


def test_a_file_that_is_gone_at_the_next_run_no_longer_counts_as_failed() -> None:
    database = empty()
    fold(database, created("r1", 0), outcome("gone", 1), outcome("kept", 1))
    found = fold(database, created("r2", 5), outcome("kept", 6, "r2"), listed("r2", 7))
    assert found == {"kept": ("failed", "broken", 0)}


def test_a_run_of_one_document_says_nothing_of_others() -> None:
    database = empty()
    fold(database, created("r1", 0), outcome("a", 1))
    assert "a" in fold(database, created("r2", 5, single=True), listed("r2", 7))


def test_failures_are_forgotten_when_their_topic_has_forgotten_them() -> None:
    database = empty()
    fold(database, created("r1", 0), outcome("a", 1))
    assert fold(database, created("r2", FAILURES_MS / 1000 + 1, single=True)) == {}


def test_a_document_that_is_skipped_has_not_failed() -> None:
    told = (created("r1", 0), outcome("a", 1), created("r2", 5), outcome("a", 6, "r2", Step.SKIPPED))
    assert fold(empty(), *told) == {}


@pytest.mark.parametrize("first", ["state", "failure"])
def test_an_object_with_a_custom_id_is_one_document(first: str) -> None:
    told = [state("a", 1, custom_id="mine"), outcome("a", 6, "r2")]
    ordered = told if first == "state" else told[::-1]
    assert fold(empty(), created("r2", 5), *ordered) == {"a": ("failed", "broken", 3)}


def test_barrier_markers_are_no_documents() -> None:
    made, at_ms = state("0", 1, deleted=True)
    assert isinstance(made, DocumentState)
    marker = made.document.model_copy(update={"namespace": f"{MARKER_NAMESPACE}{SOURCE}"})
    assert fold(empty(), (made.model_copy(update={"document": marker}), at_ms)) == {}


_OF_STATES = st.builds(
    lambda key, run, complete, deleted: [("state", key, run, complete, deleted)],
    st.sampled_from("ab"),
    st.sampled_from(["r1", "r2"]),
    st.booleans(),
    st.booleans(),
)
_OF_FAILURES = st.builds(
    lambda key, run: [("failure", key, run, True, False)],
    st.sampled_from("ab"),
    st.sampled_from(["r1", "r2"]),
)


@given(st.lists(_OF_STATES | _OF_FAILURES, max_size=8), st.integers(0, 8))
def test_it_does_not_matter_which_topic_is_read_first(log: list[list[tuple[str, ...]]], split: int) -> None:
    """Within a topic the order stands; between the two it does not."""
    runs = [created("r1", 0), created("r2", 0)]
    told = []
    for number, [(kind, key, run, complete, deleted)] in enumerate(log, 1):
        fields = {"complete": complete, "deleted": deleted}
        told.append(state(key, number, run, **fields) if kind == "state" else outcome(key, number, run))
    states = [one for one in told if isinstance(one[0], DocumentState)]
    failures = [one for one in told if not isinstance(one[0], DocumentState)]
    by_time = fold(empty(), *runs, *told)

    assert fold(empty(), *runs, *states, *failures) == by_time
    assert fold(empty(), *runs, *failures, *states) == by_time
    mixed = [*states[:split], *failures, *states[split:]]
    assert fold(empty(), *runs, *mixed) == by_time


@given(st.lists(_OF_STATES | _OF_FAILURES, max_size=8))
def test_totals_are_what_counting_gives(log: list[list[tuple[str, ...]]]) -> None:
    database = empty()
    fold(database, created("r1", 0), created("r2", 0))
    for number, [(kind, key, run, complete, deleted)] in enumerate(log, 1):
        fields = {"complete": complete, "deleted": deleted}
        fold(database, state(key, number, run, **fields) if kind == "state" else outcome(key, number, run))

    totals = "SELECT state, sum(documents), sum(chunks) FROM totals WHERE documents GROUP BY state"
    counted = "SELECT state, count(*), sum(chunks) FROM documents GROUP BY state"
    assert database.execute(totals).fetchall() == database.execute(counted).fetchall()


def test_a_document_of_the_inbox_names_no_invocation() -> None:
    database = empty()

    fold(database, state("a", 1, run=f"{INBOX_RUN}1"), state("b", 1))

    assert database.execute("SELECT run FROM documents ORDER BY key").fetchall() == [(None,), ("r1",)]
