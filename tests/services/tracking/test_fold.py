"""The laws of the fold: a set, not a sum; exact, whatever the log does."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import SingleObjectCodec
from schemas.errors import ContractError
from schemas.events import (
    FINAL_STEPS,
    CancelRequested,
    Counts,
    Invocation,
    OrdinalRange,
    Passed,
    Progress,
    ProgressBlock,
    RunFailed,
    RunListed,
    Status,
    Step,
)
from services.tracking.bitmaps import BLOCK, MAX_ORDINALS, MAX_RANGE, Ordinals
from services.tracking.fold import LAST_ERRORS, ProgressEvent, fold
from services.tracking.state import InvocationState
from tests.services.tracking.runs import (
    RUN,
    Fate,
    created,
    folded,
    listed,
    logs,
    ordinals_of,
    passed,
    plain_counts,
    started,
)

Log = tuple[list[ProgressEvent], list[Fate]]


class Topics:
    """The two compacted topics, as bytes: what survives a crash."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}
        self._codec = SingleObjectCodec()

    def write(self, state: InvocationState) -> None:
        for key, block in state.blocks():
            if block is None:
                del self.rows[key]  # a tombstone for what was never written would be a waste: KeyError
            else:
                self.rows[key] = self._codec.encode(block, "progress-blocks")
        self.rows[RUN] = self._codec.encode(state.summary(), "invocations")

    def restored(self) -> InvocationState:
        events = {key: self._codec.decode(value) for key, value in self.rows.items()}
        summary = events.pop(RUN)
        assert isinstance(summary, Invocation)
        blocks = [event for event in events.values() if isinstance(event, ProgressBlock)]
        return InvocationState.restored(summary, blocks)


@settings(max_examples=50, deadline=None)
@given(logs())
def test_any_order_duplicates_and_older_attempts_end_in_the_plain_counts(log: Log) -> None:
    events, fates = log

    summary = folded(events).summary()

    assert summary.counts == plain_counts(fates)
    assert summary.status is Status.COMPLETE
    assert summary.total == len(fates)


@settings(max_examples=50, deadline=None)
@given(logs())
def test_a_run_is_complete_exactly_when_everything_is_accounted_for(log: Log) -> None:
    state = InvocationState(created())
    total, ended = None, set[int]()
    for at, event in enumerate(log[0]):
        fold(state, event, at)
        if getattr(event, "attempt", None) == 99:
            total = event.total if isinstance(event, RunListed) and event.final else total
            if isinstance(event, Progress) and event.stage in FINAL_STEPS:
                ended |= ordinals_of(event)
        complete = total is not None and ended == set(range(total))
        assert (state.summary().status is Status.COMPLETE) == complete


@settings(max_examples=50, deadline=None)
@given(logs(), st.data())
def test_a_restart_with_a_replay_anywhere_changes_nothing(log: Log, data: st.DataObject) -> None:
    events, fates = log
    topics, state, at = Topics(), InvocationState(created()), 0
    while at < len(events):
        upto = data.draw(st.integers(at + 1, len(events)), "end of the batch")
        folded(events[at:upto], state)
        topics.write(state)
        if data.draw(st.booleans(), "crash"):
            state = topics.restored()
            at = data.draw(st.integers(0, upto), "read again from")
            folded(events[at:upto], state)
        at = upto

    topics.write(state)
    summary = topics.restored().summary()
    assert summary.counts == plain_counts(fates)
    assert summary.status is Status.COMPLETE
    failing = any(fate.end is Step.FAILED for fate in fates)
    assert any("failed" in key for key in topics.rows) == failing
    assert failing or list(topics.rows) == [RUN]


@settings(max_examples=50, deadline=None)
@given(logs())
def test_events_that_change_nothing_are_not_written(log: Log) -> None:
    state = folded(log[0])
    list(state.blocks())
    state.summary()

    folded([event for event in log[0] if not isinstance(event, CancelRequested)], state)

    assert not state.changed


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_restored_state_goes_on_as_the_first_would_have(data: st.DataObject) -> None:
    events, _ = data.draw(logs())
    cut = data.draw(st.integers(1, len(events)))
    topics, state = Topics(), folded(events[:cut])
    topics.write(state)

    assert folded(events[cut:], topics.restored()).summary() == folded(events[cut:], state).summary()


@pytest.mark.parametrize("single", [False, True])
def test_a_cancel_is_accepted_until_a_run_has_ended_or_an_upload_has_begun_and_always_answered(
    single: bool,
) -> None:
    def after(*events: ProgressEvent) -> Status:
        state = folded(events, InvocationState(created(single_document=single)))
        state.summary()
        fold(state, CancelRequested(invocation_id=RUN), 0)
        assert state.changed
        summary = state.summary()
        assert (summary.finished_at is None) == (summary.status is Status.PROCESSING)
        return summary.status

    assert after() is Status.CANCELLED
    assert after(started(1)) is (Status.PROCESSING if single else Status.CANCELLED)
    assert after(started(1), listed(1, 0)) is Status.COMPLETE


def test_what_a_cancelled_run_has_under_way_goes_on_being_counted() -> None:
    cancel = CancelRequested(invocation_id=RUN)
    state = folded([started(1), cancel, passed(1, Step.INDEXED, 0), listed(1, 1), started(2)])

    summary = state.summary()
    assert (summary.status, summary.counts.indexed, summary.attempts) == (Status.CANCELLED, 1, 1)


def test_a_cancelled_run_does_not_start() -> None:
    state = folded([CancelRequested(invocation_id=RUN), started(1), listed(1, 0)])

    assert state.summary().status is Status.CANCELLED
    assert state.summary().attempt is None


def test_an_empty_run_is_complete_when_it_is_listed() -> None:
    assert folded([started(1)]).summary().status is Status.PROCESSING
    assert folded([started(1), listed(1, 0)]).summary().status is Status.COMPLETE


@pytest.mark.parametrize("restarts", [False, True])
def test_a_total_that_is_not_final_is_shown_and_ends_nothing(restarts: bool) -> None:
    begun = started(1).model_copy(update={"run_offset": 7})
    state = folded([begun, passed(1, Step.INDEXED, 0), listed(1, 1, final=False)], InvocationState(created()))
    summary = state.summary()
    assert (summary.status, summary.total, summary.run_offset) == (Status.PROCESSING, 1, 7)
    if restarts:
        blocks = [block for _, block in state.blocks() if block is not None]
        state = InvocationState.restored(summary, blocks)

    folded([listed(1, 1)], state)

    assert state.summary().status is Status.COMPLETE
    assert state.summary().run_offset == 7


def test_a_run_that_fails_keeps_counting_what_was_under_way() -> None:
    state = folded(
        [
            started(1),
            RunFailed(invocation_id=RUN, attempt=1, error="the folder is gone"),
            passed(1, Step.INDEXED, Passed(ordinal=0, chunks=3)),
        ]
    )

    summary = state.summary()
    assert (summary.status, summary.error) == (Status.FAILED, "the folder is gone")
    assert (summary.counts.indexed, summary.counts.chunks) == (1, 3)


def test_only_the_current_attempt_can_fail_the_run() -> None:
    state = folded([started(1), started(2), RunFailed(invocation_id=RUN, attempt=1, error="no")])

    assert state.summary().status is Status.PROCESSING
    assert state.summary().attempts == 2


def test_a_run_over_which_its_connectors_died_fails_whichever_attempt_it_is_at() -> None:
    """The connector that gives it up is a new process, and knows of no attempt."""
    state = folded([started(7), RunFailed(invocation_id=RUN, attempt=0, error="has ended its worker twice")])

    assert state.summary().status is Status.FAILED
    assert state.summary().error == "has ended its worker twice"


def test_an_upload_run_that_failed_stays_failed_whatever_is_still_indexed() -> None:
    failed = RunFailed(invocation_id=RUN, attempt=1, error="gone")
    events: list[ProgressEvent] = [started(1), listed(1, 1), failed, passed(1, Step.INDEXED, 0)]
    summary = folded(events, InvocationState(created(single_document=True))).summary()

    assert (summary.status, summary.error, summary.total) == (Status.FAILED, "gone", None)


def test_a_new_attempt_begins_without_the_errors_and_the_total_of_the_older() -> None:
    broken = passed(1, Step.FAILED, Passed(ordinal=0, document_key="a", error="no"))
    state = folded([started(1), listed(1, 2), broken, started(2), listed(1, 0)])

    summary = state.summary()
    assert (summary.status, summary.total, summary.last_errors) == (Status.PROCESSING, None, [])


@pytest.mark.parametrize("late", range(4))
def test_an_upload_ends_though_a_connector_that_has_lost_it_starts_once_more(late: int) -> None:
    """Its document and its listing never come: the broker has refused them."""
    events: list[ProgressEvent] = [started(1), listed(1, 1), passed(1, Step.INDEXED, 0)]
    events.insert(late, started(2))

    for times in (1, 2):  # a replay changes nothing
        state = folded(events * times, InvocationState(created(single_document=True)))
        summary = state.summary()
        assert (summary.status, summary.attempt, summary.counts.indexed) == (Status.COMPLETE, 1, 1)


def test_a_run_can_fail_before_it_has_an_attempt() -> None:
    state = folded([RunFailed(invocation_id=RUN, attempt=1, error="no such folder")])

    assert state.summary().status is Status.FAILED


def test_a_failed_upload_fails_its_invocation_with_the_reason() -> None:
    broken = passed(1, Step.FAILED, Passed(ordinal=0, document_key="a.md", error="not a PDF"))
    state = folded([started(1), broken, listed(1, 1)], InvocationState(created(single_document=True)))

    summary = state.summary()
    assert (summary.status, summary.error) == (Status.FAILED, "not a PDF")
    assert list(state.blocks()) == []


def test_an_upload_whose_dead_letter_is_replayed_is_complete_after_all() -> None:
    state = folded(
        [started(1), listed(1, 1), passed(1, Step.FAILED, Passed(ordinal=0, document_key="a", error="no"))],
        InvocationState(created(single_document=True)),
    )
    state = InvocationState.restored(state.summary(), [])
    fold(state, passed(1, Step.INDEXED, Passed(ordinal=0, document_key="a", chunks=4)), 0)

    summary = state.summary()
    assert (summary.status, summary.error, summary.last_errors) == (Status.COMPLETE, None, [])
    assert summary.counts == Counts(parsed=1, chunked=1, embedded=1, indexed=1, chunks=4)


def test_a_failed_document_of_many_is_counted_and_can_be_indexed_after_the_end() -> None:
    topics = Topics()
    state = folded(
        [
            started(1),
            listed(1, 2),
            passed(1, Step.FAILED, Passed(ordinal=1, document_key="b", error="no")),
            passed(1, Step.INDEXED, Passed(ordinal=0, document_key="a", chunks=2)),
        ]
    )
    summary = state.summary()
    assert (summary.status, summary.counts.failed) == (Status.COMPLETE, 1)
    assert [failure.document_key for failure in summary.last_errors] == ["b"]

    topics.write(state)
    state = topics.restored()
    again = passed(1, Step.INDEXED, Passed(ordinal=1, document_key="b", chunks=5))
    folded([again, again, passed(1, Step.FAILED, 1)], state)
    topics.write(state)

    summary = topics.restored().summary()
    assert (summary.counts.indexed, summary.counts.failed, summary.counts.chunks) == (2, 0, 7)
    assert summary.last_errors == []
    assert list(topics.rows) == [RUN]


def test_the_last_errors_are_bounded_in_number_and_length() -> None:
    broken = [Passed(ordinal=n, document_key=f"{n}", error="x" * 100_000) for n in range(50)]
    summary = folded([started(1), passed(1, Step.FAILED, *broken)]).summary()

    assert [failure.document_key for failure in summary.last_errors] == [f"{n}" for n in range(40, 50)]
    assert len(summary.last_errors) == LAST_ERRORS
    assert len(SingleObjectCodec().encode(summary, "invocations")) < 100_000


@pytest.mark.parametrize("ordinal", [-1, MAX_ORDINALS])
def test_an_impossible_ordinal_breaks_the_contract_and_changes_nothing(ordinal: int) -> None:
    state = folded([started(1)])
    state.summary()
    with pytest.raises(ContractError, match="ordinal"):
        fold(state, passed(1, Step.INDEXED, 0, ordinal), 0)

    assert not state.changed
    assert state.summary().counts == Counts()


def test_the_ranges_of_an_event_have_no_more_ordinals_than_a_few_blocks_hold() -> None:
    ranges = [OrdinalRange(first=n * BLOCK, count=BLOCK) for n in range(MAX_RANGE // BLOCK + 1)]
    told = Progress(invocation_id=RUN, attempt=1, stage=Step.UNCHANGED, passed=[], ranges=ranges)
    state = folded([started(1)])
    state.summary()
    with pytest.raises(ContractError, match="1,114,112 ordinals, expected at most 1,048,576"):
        fold(state, told, 0)

    assert not state.changed
    fold(state, told.model_copy(update={"ranges": ranges[:-1]}), 0)
    assert state.summary().counts.unchanged == MAX_RANGE


def test_an_impossible_total_breaks_the_contract() -> None:
    with pytest.raises(ContractError, match="total is -1"):
        folded([started(1), listed(1, -1)])
    with pytest.raises(ContractError, match="total is 2"):
        folded([started(1), listed(1, 2)], InvocationState(created(single_document=True)))


@pytest.mark.parametrize("total", [2, BLOCK, BLOCK + 1])
def test_ordinals_beyond_the_total_complete_nothing_early(total: int) -> None:
    beyond = passed(1, Step.INDEXED, total, total + BLOCK)
    most = passed(1, Step.UNCHANGED, *range(total - 1))
    state = folded([started(1), beyond, most, listed(1, total), beyond])
    assert state.summary().status is Status.PROCESSING
    assert state.summary().counts == Counts(unchanged=total - 1)

    fold(state, passed(1, Step.DELETED, total - 1), 0)
    assert state.summary().status is Status.COMPLETE


def test_blocks_meet_at_65536_ordinals() -> None:
    total = 2 * BLOCK + 2
    topics, state = Topics(), folded([started(1), listed(1, total)])
    ordinals = list(range(total))
    random.Random(3).shuffle(ordinals)
    for first in range(0, total, 10_000):
        topics.write(state)
        state = topics.restored()
        fold(state, passed(1, Step.INDEXED, *ordinals[first : first + 10_000]), 0)
    assert state.summary().status is Status.COMPLETE
    assert f"{RUN}/indexed/2" in topics.rows
    assert max(map(len, topics.rows.values())) < 8_400

    topics.write(state)
    assert list(topics.rows) == [RUN]


def test_a_new_attempt_removes_the_blocks_of_the_older() -> None:
    topics, state = Topics(), folded([started(1), passed(1, Step.PARSED, 0, BLOCK, 3 * BLOCK)])
    topics.write(state)
    assert len(topics.rows) == 4

    state = topics.restored()
    folded([started(2), passed(2, Step.PARSED, 0)], state)
    topics.write(state)
    assert sorted(topics.rows) == [RUN, f"{RUN}/parsed/0"]
    assert topics.restored().summary().counts == Counts(parsed=1)


def test_a_block_of_another_attempt_does_not_count_and_is_removed() -> None:
    old, new = folded([started(1), passed(1, Step.PARSED, 5)]), folded([started(2)])
    blocks = [block for _, block in old.blocks() if block]

    state = InvocationState.restored(new.summary(), blocks)
    fold(state, passed(2, Step.CHUNKED, 5), 0)

    assert state.summary().counts == Counts(parsed=1, chunked=1)
    state = InvocationState.restored(new.summary(), blocks)
    assert list(state.blocks()) == [(f"{RUN}/parsed/0", None)]


def test_a_million_documents_take_seconds() -> None:
    ordinals, begun = Ordinals(), time.process_time()
    for first in range(0, 1_000_000, 10_000):
        for ordinal in range(first, first + 10_000):
            ordinals.passed(Step.UNCHANGED if ordinal % 10 else Step.INDEXED, ordinal, 2, False)
        list(ordinals.changes(RUN, 1))

    assert (ordinals.covered, ordinals.chunks) == (1_000_000, 200_000)
    assert time.process_time() - begun < 20  # 1 s measured; a quadratic fold takes hours


def test_what_was_left_out_is_that_of_the_current_attempt_and_survives_a_restart() -> None:
    topics = Topics()
    state = folded(
        [created(), started(1), RunListed(invocation_id=RUN, attempt=1, total=0, left_out={"hidden": 2})]
    )
    assert state.summary().left_out == {"hidden": 2}

    topics.write(state)
    assert topics.restored().summary().left_out == {"hidden": 2}

    state = folded(
        [
            created(),
            started(1),
            started(2),
            RunListed(invocation_id=RUN, attempt=1, total=1, left_out={"x": 1}),
        ]
    )
    assert state.summary().left_out == {}
