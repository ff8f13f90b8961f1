"""An attempt at an invocation: its numbers, its window, and what ends it."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import DocumentError, TransientError
from schemas.events import (
    Document,
    DocumentUpserted,
    Embedding,
    Payload,
    RunListed,
    RunStarted,
    Status,
)
from services.connectors.invocations import Invocations
from services.connectors.runs import Attempt, RunEnded
from streams.engine.outputs import Send
from streams.topics import DOCUMENTS
from tests.services.connectors.fakes import Pipeline, Tracking
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


async def on_a_slow_pipeline(window: int, stalled_s: float = 900) -> tuple[Tracking, Pipeline, Attempt]:
    """An attempt that has begun, and whose documents are indexed when they are told to be."""
    tracking = Tracking()
    pipeline = Pipeline(tracking)
    pipeline.slow = True
    attempt = Attempt("run-1", 0, Invocations(tracking, stalled_s=stalled_s), pipeline, window)
    await attempt.begin()
    return tracking, pipeline, attempt


async def run_through(window: int, kinds: list[bool], slow: bool = False) -> tuple[Pipeline, Tracking]:
    tracking = Tracking()
    pipeline = Pipeline(tracking)
    attempt = Attempt("run-1", 0, Invocations(tracking), pipeline, window)
    assert await attempt.begin()
    for sent in kinds:
        if sent:
            await attempt.add([upsert(attempt)])
        else:
            await attempt.unchanged()
    await attempt.complete()
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
    attempt = Attempt("run-1", 0, Invocations(tracking), pipeline, 10)

    assert await attempt.begin()
    [started] = pipeline.of(RunStarted)
    assert isinstance(started, RunStarted)
    assert (started.attempt, tracking.attempt) == (attempt.token, attempt.token)
    assert 0 <= attempt.token < 2**63


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.COMPLETE, Status.FAILED])
async def test_nothing_is_emitted_for_an_invocation_that_has_ended(status: Status) -> None:
    tracking = Tracking()
    pipeline = Pipeline(tracking)
    tracking.becomes(status)

    assert not await Attempt("run-1", 0, Invocations(tracking), pipeline, 10).begin()
    assert not pipeline.sends


async def test_an_invocation_that_is_cancelled_while_its_attempt_begins_is_dropped() -> None:
    tracking = Tracking()
    pipeline = Pipeline(tracking)
    tracking.answers = False
    beginning = asyncio.create_task(Attempt("run-1", 0, Invocations(tracking), pipeline, 10).begin())
    await eventually(lambda: len(pipeline.sends) == 1)

    tracking.becomes(Status.CANCELLED)

    assert not await beginning
    assert len(pipeline.sends) == 1


async def test_a_tracking_that_does_not_answer_is_asked_again_later() -> None:
    tracking = Tracking()
    tracking.answers = False

    with pytest.raises(TransientError, match="has not taken up invocation run-1"):
        await Attempt("run-1", 0, Invocations(tracking, answer_s=0.01), Pipeline(tracking), 10).begin()


class TrackingAt:
    """How far tracking has come on `progress`."""

    def __init__(self) -> None:
        self.written, self.counted = 7, 3

    async def end(self, invocation_id: str) -> int:
        return self.written

    async def position(self, invocation_id: str) -> int:
        return self.counted


async def test_a_run_that_nobody_created_fails_once_tracking_has_counted_an_attempt_behind_it() -> None:
    tracking, at = Tracking(), TrackingAt()
    tracking.exists = tracking.answers = False
    invocations = Invocations(tracking, at, unknown_s=0.01)

    async def begin() -> None:
        await Attempt("run-1", 0, invocations, Pipeline(tracking), 10).begin()

    for _ in range(8):  # tracking is away
        with pytest.raises(TransientError, match="has not taken up invocation run-1"):
            await begin()
    at.written, at.counted = 15, 7  # it is back: all that was written before the second attempt is counted
    with pytest.raises(TransientError, match="has not taken up invocation run-1"):
        await begin()
    at.counted = 8
    with pytest.raises(DocumentError, match="nobody has created invocation run-1"):
        await begin()


async def test_a_run_whose_invocation_is_known_late_goes_on() -> None:
    tracking, at = Tracking(), TrackingAt()
    tracking.exists, at.counted = False, 99
    invocations = Invocations(tracking, at, unknown_s=0.01)
    with pytest.raises(TransientError, match="has not taken up invocation run-1"):
        await Attempt("run-1", 0, Invocations(tracking, unknown_s=0.01), Pipeline(tracking), 10).begin()

    tracking.exists = True

    assert await Attempt("run-1", 0, invocations, Pipeline(tracking), 10).begin()


async def test_a_superseded_attempt_starts_over() -> None:
    tracking, pipeline, attempt = await on_a_slow_pipeline(window=1)
    await attempt.add([upsert(attempt)])
    adding = asyncio.create_task(attempt.add([upsert(attempt)]))
    await asyncio.sleep(0)

    tracking.becomes(attempt=attempt.token + 1)

    with pytest.raises(TransientError, match="another attempt has taken over"):
        await adding
    assert len(pipeline.of(DocumentUpserted)) == 1


async def test_what_is_sent_to_a_topic_made_anew_meanwhile_ends_no_run() -> None:
    async def lost() -> None:
        raise TransientError("`documents` was made anew")

    tracking = Tracking()
    pipeline = Pipeline(tracking)
    attempt = Attempt("run-1", 0, Invocations(tracking), pipeline, 10, lost)
    await attempt.begin()
    await attempt.add([upsert(attempt)])

    with pytest.raises(TransientError, match="made anew"):
        await attempt.documents_done()


async def test_a_run_of_which_nothing_moves_any_more_is_begun_anew() -> None:
    _, _, attempt = await on_a_slow_pipeline(window=5, stalled_s=0.01)
    await attempt.add([upsert(attempt)])

    with pytest.raises(TransientError, match="nothing of invocation run-1 moves"):
        await attempt.complete()


async def test_a_run_that_was_cancelled_does_not_wait_for_room() -> None:
    tracking, _, attempt = await on_a_slow_pipeline(window=1)
    await attempt.add([upsert(attempt)])

    adding = asyncio.create_task(attempt.add([upsert(attempt)]))
    await asyncio.sleep(0)
    assert not adding.done()
    tracking.becomes(Status.CANCELLED)

    with pytest.raises(RunEnded):
        await asyncio.wait_for(adding, 30)


async def test_documents_that_need_no_work_fill_no_window() -> None:
    _, pipeline, attempt = await on_a_slow_pipeline(window=2)
    await attempt.add([upsert(attempt)])

    async with asyncio.timeout(30):
        for _ in range(1_000):
            await attempt.unchanged()
        await attempt.add([upsert(attempt)])

    assert len(pipeline.of(DocumentUpserted)) == 2
