"""An attempt at an invocation: its numbers, its window, and what ends it."""

import asyncio
import sqlite3
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import TransientError
from schemas.events import (
    Document,
    DocumentUpserted,
    Embedding,
    Invocation,
    Payload,
    RunListed,
    RunStarted,
    Status,
    Step,
)
from services.connectors import runs as runs_module
from services.connectors.runs import Attempt, InvocationView
from streams.engine.outputs import Send
from streams.state.reader import ChangelogRecord
from streams.topics import DOCUMENTS
from tests.services.connectors.fakes import NOON, Pipeline, Tracking
from tests.waiting import eventually


def upsert(attempt: Attempt) -> Send:
    position = attempt.position()
    document = Document(
        tenant="t",
        database="d",
        collection="c",
        document_key=str(position.ordinal),
        embedding=Embedding(model="m"),
        run=position,
    )
    event = DocumentUpserted(document=document, content=Payload(size=0, sha256="", inline=b""))
    return Send(DOCUMENTS, "key", event)


async def on_a_slow_pipeline(window: int) -> tuple[Tracking, Pipeline, Attempt]:
    """An attempt that has begun, and whose documents are indexed when they are told to be."""
    tracking = Tracking()
    pipeline = Pipeline(tracking)
    pipeline.slow = True
    attempt = Attempt("run-1", tracking, pipeline, window)
    await attempt.begin()
    return tracking, pipeline, attempt


async def run_through(window: int, kinds: list[bool], slow: bool = False) -> tuple[Pipeline, Tracking]:
    tracking = Tracking()
    pipeline = Pipeline(tracking)
    attempt = Attempt("run-1", tracking, pipeline, window)
    assert await attempt.begin()
    for sent in kinds:
        if sent:
            await attempt.add([upsert(attempt)])
        else:
            await attempt.count(Step.UNCHANGED, "a.md")
    await attempt.end()
    return pipeline, tracking


@settings(max_examples=60, deadline=None)
@given(window=st.integers(1, 300), kinds=st.lists(st.booleans(), max_size=250))
def test_ordinals_are_dense_from_zero_and_no_more_than_the_window_is_in_flight(
    window: int, kinds: list[bool]
) -> None:
    pipeline, tracking = asyncio.run(run_through(window, kinds))

    assert sorted(pipeline.ordinals()) == list(range(len(kinds)))
    assert pipeline.most_in_flight <= window
    [listed] = pipeline.of(RunListed)
    assert isinstance(listed, RunListed)
    assert listed.total == len(kinds)
    assert pipeline.sends[-1].event is listed
    assert tracking.status is Status.COMPLETE


async def test_a_full_window_waits_for_what_is_in_flight() -> None:
    _, pipeline, attempt = await on_a_slow_pipeline(window=2)

    async def send_six() -> None:
        for _ in range(6):
            await attempt.add([upsert(attempt)])

    sending = asyncio.create_task(send_six())
    await eventually(lambda: len(pipeline.of(DocumentUpserted)) == 2)
    for _ in range(20):  # turns of the loop, in which it must not go on
        await asyncio.sleep(0)
    assert len(pipeline.of(DocumentUpserted)) == 2

    pipeline.index_all()
    await eventually(lambda: len(pipeline.of(DocumentUpserted)) == 4)
    pipeline.index_all()
    await sending


async def test_an_attempt_begins_when_tracking_has_taken_it_up() -> None:
    tracking = Tracking()
    pipeline = Pipeline(tracking)
    attempt = Attempt("run-1", tracking, pipeline, 10)

    assert await attempt.begin()
    [started] = pipeline.of(RunStarted)
    assert isinstance(started, RunStarted)
    assert (started.attempt, tracking.attempt) == (attempt.number, attempt.number)
    assert 0 <= attempt.number < 2**63


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.COMPLETE, Status.FAILED])
async def test_nothing_is_emitted_for_an_invocation_that_has_ended(status: Status) -> None:
    tracking = Tracking()
    pipeline = Pipeline(tracking)
    tracking.becomes(status)

    assert not await Attempt("run-1", tracking, pipeline, 10).begin()
    assert not pipeline.sends


async def test_an_invocation_that_is_cancelled_while_its_attempt_begins_is_dropped() -> None:
    tracking = Tracking()
    pipeline = Pipeline(tracking)
    tracking.answers = False
    beginning = asyncio.create_task(Attempt("run-1", tracking, pipeline, 10).begin())
    await eventually(lambda: len(pipeline.sends) == 1)

    tracking.becomes(Status.CANCELLED)

    assert not await beginning
    assert len(pipeline.sends) == 1


async def test_a_tracking_that_does_not_answer_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_module, "_ANSWER_SECONDS", 0.01)
    tracking = Tracking()
    tracking.answers = False

    with pytest.raises(TransientError, match="has not taken up invocation run-1"):
        await Attempt("run-1", tracking, Pipeline(tracking), 10).begin()


async def test_a_superseded_attempt_starts_over() -> None:
    tracking, pipeline, attempt = await on_a_slow_pipeline(window=1)
    await attempt.add([upsert(attempt)])
    adding = asyncio.create_task(attempt.add([upsert(attempt)]))
    await asyncio.sleep(0)

    tracking.becomes(attempt=attempt.number + 1)

    with pytest.raises(TransientError, match="another attempt has taken over"):
        await adding
    assert len(pipeline.of(DocumentUpserted)) == 1


async def test_a_run_of_which_nothing_moves_any_more_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_module, "_STALLED_SECONDS", 0.01)
    _, _, attempt = await on_a_slow_pipeline(window=5)
    await attempt.add([upsert(attempt)])

    with pytest.raises(TransientError, match="nothing of invocation run-1 moves"):
        await attempt.end()


class Table(InvocationView):
    """The view's table, without a topic."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.row_factory = sqlite3.Row
        self._database.executescript(runs_module._SCHEMA)
        self._view = self  # type: ignore[assignment]

    def query(self, sql: str, values: tuple[str, ...]) -> list[sqlite3.Row]:
        return self._database.execute(sql, values).fetchall()

    def has(self, number: int, status: Status, attempts: int, collection: str = "c") -> None:
        """Run `number` of the source; a greater number is a newer run."""
        invocation = Invocation(
            id=f"run-{number}",
            tenant="t",
            database="d",
            collection=collection,
            source_id="source-1",
            source_type="folder",
            single_document=False,
            status=status,
            attempts=attempts,
            created_at=NOON + timedelta(minutes=number),
        )
        runs_module._fold(
            self._database, ChangelogRecord("invocations", 0, number, invocation.id, invocation, 0)
        )


@pytest.mark.parametrize(
    ("attempts", "before", "expected"),
    [
        (1, [], False),
        (2, [], True),
        (1, [(Status.COMPLETE, 1)], False),
        (1, [(Status.COMPLETE, 3)], False),
        (1, [(Status.FAILED, 1)], True),
        (1, [(Status.FAILED, 1), (Status.COMPLETE, 1)], False),
        (1, [(Status.COMPLETE, 1), (Status.FAILED, 1)], True),
        (1, [(Status.PROCESSING, 1)], True),
        (1, [(Status.CANCELLED, 0)], False),
        (1, [(Status.FAILED, 1), (Status.CANCELLED, 0)], True),
    ],
)
def test_a_second_attempt_and_a_run_after_one_that_was_given_up_have_something_to_wait_for(
    attempts: int, before: list[tuple[Status, int]], expected: bool
) -> None:
    table = Table()
    for number, (status, begun) in enumerate(before):
        table.has(number, status, begun)
    table.has(50, Status.FAILED, 1, "another collection")
    table.has(99, Status.PROCESSING, attempts)
    table.has(100, Status.PENDING, 0)

    assert table.broken_off("run-99") is expected


async def test_a_run_that_was_cancelled_does_not_wait_for_room() -> None:
    tracking, _, attempt = await on_a_slow_pipeline(window=1)
    await attempt.add([upsert(attempt)])

    adding = asyncio.create_task(attempt.add([upsert(attempt)]))
    await asyncio.sleep(0)
    assert not adding.done()
    tracking.becomes(Status.CANCELLED)

    await asyncio.wait_for(adding, 5)


async def test_documents_that_need_no_work_fill_no_window() -> None:
    _, pipeline, attempt = await on_a_slow_pipeline(window=2)
    await attempt.add([upsert(attempt)])

    async with asyncio.timeout(5):
        for _ in range(1_000):
            await attempt.count(Step.UNCHANGED, "a.md")
        await attempt.add([upsert(attempt)])

    assert len(pipeline.of(DocumentUpserted)) == 2
