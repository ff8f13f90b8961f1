"""Tries of a stage: what is tried again, how long, and who of a batch is to blame."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from schemas.errors import (
    ContractError,
    CorruptDocument,
    DocumentError,
    DocumentTooLarge,
    FencedError,
    RateLimited,
    TransientError,
)
from schemas.events import ApiKey
from streams.engine import deadline as limit_module
from streams.engine.backoff import backoff
from streams.engine.outputs import Output, Send
from streams.engine.retries import RECORD_SECONDS, Attempts, Later
from streams.engine.stage import BatchStage, Context, Outcome, Record, Stage, StatefulStage
from streams.engine.window import Entry
from tests.streams.engine import virtual_time
from tests.streams.engine.simulation import INPUT, OUTPUT, entry

Raise = Callable[[str, int], Exception | None]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Drawing a traceback takes longer than what is tested."""
    with capture_logs():
        yield


class NoContext:
    """Offers nothing; these stages ask for nothing."""

    def check_alive(self) -> None:
        return

    async def emit(self, outputs: Sequence[Output]) -> None:
        raise NotImplementedError


class Single(Stage[ApiKey]):
    """Raises what it is told to for a key and a try (from 1)."""

    name = "single"
    topic = INPUT

    def __init__(self, raises: Raise) -> None:
        self._raises = raises
        self.tries: dict[str, int] = {}

    def outputs(self, record: Record[ApiKey]) -> list[Send]:
        number = self.tries[record.key] = self.tries.get(record.key, 0) + 1
        if error := self._raises(record.key, number):
            raise error
        return [Send(OUTPUT, record.key, record.event)]

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
        return self.outputs(record)


class Batches(BatchStage[ApiKey]):
    """The same for a whole batch: one bad record fails it."""

    name = "batches"
    topic = INPUT

    def __init__(self, raises: Raise) -> None:
        self._single = Single(raises)
        self.sizes: list[int] = []

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        self.sizes.append(len(records))
        return [self._single.outputs(record) for record in records]


def no_wait(attempt: int, error: Exception) -> float:
    return 0.0


def attempts(
    stage: Stage[Any] | BatchStage[Any],
    wait: Callable[[int, Exception], float] = no_wait,
    seconds: float = RECORD_SECONDS,
) -> Attempts:
    return Attempts(stage, lambda place: NoContext(), wait, seconds)


async def final(tries: Attempts, group: list[Entry]) -> list[Outcome]:
    """Outcomes after as many tries as it takes, those that are due again one after the other."""
    settled: dict[Entry, Outcome] = {}
    while waiting := [entry for entry in group if entry not in settled]:
        found = zip(waiting, await tries.outcomes(waiting), strict=True)
        settled |= {made: outcome for made, outcome in found if not isinstance(outcome, Later)}
    return [settled[made] for made in group]


class Text:
    """What a stage works on."""


@pytest.mark.parametrize("kind", [DocumentError, ValueError])
async def test_an_error_that_waits_does_not_keep_what_was_worked_on(kind: type[Exception]) -> None:
    worked_on: list[weakref.ref[Text]] = []

    class Failing(Single):
        async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
            text = Text()
            worked_on.append(weakref.ref(text))
            try:
                raise LookupError
            except LookupError as error:
                raise kind("no") from error

    gc.disable()
    try:
        [outcome] = await final(attempts(Failing(lambda key, number: None)), [entry(0, 0)])

        assert isinstance(outcome, kind)
        assert worked_on[-1]() is None
    finally:
        gc.enable()


async def test_a_transient_error_is_tried_again_until_it_succeeds_whatever_that_takes() -> None:
    stage = Single(lambda key, number: TransientError("away") if number <= 500 else None)
    made = entry(0, 0)

    [outcome] = await final(attempts(stage), [made])

    assert not isinstance(outcome, Exception)
    assert made.attempt == 501


async def test_the_wait_is_what_the_other_side_asked_for() -> None:
    stage = Single(lambda key, number: RateLimited("slow", 33.25) if number == 1 else None)

    assert await attempts(stage, backoff).outcomes([entry(0, 0)]) == [Later(33.25)]


@pytest.mark.parametrize("error", [DocumentError("never"), CorruptDocument("never"), ContractError("never")])
async def test_a_permanent_error_is_not_tried_again(error: Exception) -> None:
    stage = Single(lambda key, number: error)

    assert await attempts(stage).outcomes([entry(0, 0)]) == [error]
    assert stage.tries == {"0-0": 1}


async def test_what_nobody_foresaw_has_three_tries_and_waits_of_the_network_do_not_count() -> None:
    def raises(key: str, number: int) -> Exception:
        return TransientError("away") if number in (2, 4) else KeyError("a bug")

    stage = Single(raises)
    made = entry(0, 0)

    [outcome] = await final(attempts(stage), [made])

    assert isinstance(outcome, KeyError)
    assert stage.tries == {"0-0": 5}
    assert made.attempt == 5


async def test_a_record_that_did_not_decode_is_not_tried() -> None:
    stage = Single(lambda key, number: None)
    broken, sound = entry(0, 0), entry(0, 1)
    broken.error, broken.record = ContractError("no avro"), None

    outcomes = await attempts(Batches(lambda key, number: None)).outcomes([broken, sound])

    assert outcomes[0] is broken.error
    assert not isinstance(outcomes[1], Exception)
    assert await attempts(stage).outcomes([broken]) == [broken.error]
    assert not stage.tries


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(2, 12),
    bad=st.sets(st.integers(0, 11), max_size=4),
    kind=st.sampled_from([DocumentError, ContractError, ZeroDivisionError]),
)
def test_a_bad_record_costs_a_batch_only_itself(count: int, bad: set[int], kind: type[Exception]) -> None:
    culprits = {f"0-{offset}" for offset in bad if offset < count}
    stage = Batches(lambda key, number: kind("mine") if key in culprits else None)

    outcomes = asyncio.run(final(attempts(stage), [entry(0, offset) for offset in range(count)]))

    failed = {f"0-{at}" for at, outcome in enumerate(outcomes) if isinstance(outcome, kind)}
    assert failed == culprits
    assert len(outcomes) == count
    assert stage.sizes[0] == count
    if kind is not ZeroDivisionError:  # which has two tries more
        assert stage.sizes[1:] == ([1] * count if culprits else [])


async def test_a_batch_whose_neighbour_is_away_is_due_again_as_a_whole() -> None:
    stage = Batches(lambda key, number: TransientError("away") if number == 1 and key == "0-0" else None)
    made = [entry(0, 0), entry(0, 1)]

    assert await attempts(stage, lambda attempt, error: attempt).outcomes(made) == [Later(1), Later(1)]
    assert [one.attempt for one in made] == [2, 2]
    await final(attempts(stage), made)

    assert stage.sizes == [2, 2]


async def test_a_batch_may_say_which_of_its_records_are_due_again() -> None:
    class Choosy(Batches):
        async def process_batch(
            self, records: Sequence[Record[ApiKey]], context: Context
        ) -> Sequence[Outcome]:
            return [TransientError("away") if record.offset == 1 else () for record in records]

    made = [entry(0, offset) for offset in range(3)]

    assert await attempts(Choosy(lambda key, number: None)).outcomes(made) == [(), Later(0), ()]
    assert [one.attempt for one in made] == [1, 2, 1]


async def test_a_stateful_batch_with_a_bad_record_is_cut_for_each_rests_on_what_was_written() -> None:
    class Folding(StatefulStage[ApiKey], Batches):
        name = "folding"

    stage = Folding(lambda key, number: DocumentError("never") if key == "0-1" else None)
    made = [entry(0, offset) for offset in range(3)]

    assert await attempts(stage).outcomes(made) == [Later(0), Later(0), Later(0)]
    assert [one.attempt for one in made] == [2, 2, 2]
    [outcome] = await attempts(stage).outcomes(made[1:2])
    assert isinstance(outcome, DocumentError)


async def test_behind_a_record_that_is_due_again_nothing_of_its_partition_is_tried_alone() -> None:
    def raises(key: str, number: int) -> Exception | None:
        return {"0-0": DocumentError("never"), "0-1": TransientError("away")}.get(key)

    stage = Batches(raises)
    made = [entry(0, 0), entry(0, 1), entry(0, 2), entry(1, 0)]

    outcomes = await attempts(stage).outcomes(made)

    assert isinstance(outcomes[0], DocumentError)
    assert outcomes[1:3] == [Later(0), Later(0)]
    assert not isinstance(outcomes[3], Later)
    assert [one.attempt for one in made] == [1, 2, 1, 1]


async def test_a_fence_stops_at_once() -> None:
    stage = Single(lambda key, number: FencedError("away"))

    with pytest.raises(FencedError):
        await attempts(stage).outcomes([entry(0, 0)])
    assert stage.tries == {"0-0": 1}


class Hanging:
    """Never comes to an end with the records of these keys, nor, if it is stubborn, when it is cancelled."""

    def __init__(self, keys: set[str], stubborn: bool) -> None:
        self._keys, self._stubborn = keys, stubborn
        self.go_on = asyncio.Event()

    async def work(self, record: Record[ApiKey]) -> list[Send]:
        while record.key in self._keys and not self.go_on.is_set():
            try:
                await self.go_on.wait()
            except asyncio.CancelledError:
                if not self._stubborn:
                    raise
        return [Send(OUTPUT, record.key, record.event)]


class HangingSingle(Stage[ApiKey], Hanging):
    name = "hanging"
    topic = INPUT

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
        return await self.work(record)


class HangingBatch(BatchStage[ApiKey], Hanging):
    name = "hanging"
    topic = INPUT

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        return [await self.work(record) for record in records]


class HangingStateful(StatefulStage[ApiKey], HangingBatch):
    name = "hanging"


@pytest.mark.parametrize("stubborn", [False, True])
@pytest.mark.parametrize("kind", [HangingSingle, HangingBatch])
async def test_a_record_past_its_time_fails_with_the_reason_whatever_the_task_does(
    monkeypatch: pytest.MonkeyPatch, kind: type[HangingSingle | HangingBatch], stubborn: bool
) -> None:
    monkeypatch.setattr(limit_module, "LEAVE_SECONDS", 0.05)
    stage = kind({"0-1"}, stubborn)
    group = [entry(0, 1)] if kind is HangingSingle else [entry(0, 0), entry(0, 1), entry(0, 2)]

    outcomes = await asyncio.wait_for(attempts(stage, seconds=0.05).outcomes(group), 30)
    stage.go_on.set()

    by_key = dict(zip([one.record.key for one in group if one.record], outcomes, strict=True))
    overdue = by_key.pop("0-1")
    assert isinstance(overdue, DocumentTooLarge)
    assert "hanging did not finish it within 0.05 s (HEADRACE_RECORD_SECONDS)" in str(overdue)
    assert all(isinstance(outcome, list) for outcome in by_key.values())


async def test_who_of_a_stateful_batch_takes_too_long_is_found_and_fails() -> None:
    stage = HangingStateful({"0-1"}, stubborn=False)
    tries = attempts(stage, seconds=0.05)
    group = [entry(0, offset) for offset in range(3)]

    assert await tries.outcomes(group) == [Later(0.0)] * 3
    alone = [await tries.outcomes([one]) for one in group]

    assert [isinstance(outcome, DocumentTooLarge) for [outcome] in alone] == [False, True, False]


async def test_a_stateful_batch_that_takes_no_notice_of_being_cancelled_ends_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limit_module, "LEAVE_SECONDS", 0.05)
    stage = HangingStateful({"0-1"}, stubborn=True)

    with pytest.raises(RuntimeError, match="ignores the cancellation"):
        await attempts(stage, seconds=0.05).outcomes([entry(0, 1)])
    stage.go_on.set()


async def test_work_that_takes_no_notice_of_being_cancelled_lets_its_partition_leave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limit_module, "LEAVE_SECONDS", 0.05)
    stage = HangingSingle({"0-1"}, stubborn=True)
    working = asyncio.create_task(attempts(stage).outcomes([entry(0, 1)]))
    await asyncio.sleep(0)
    working.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(working, 30)
    stage.go_on.set()


async def test_a_run_has_no_limit() -> None:
    class Runs(HangingSingle):
        sequential_keys = True

    stage = Runs({"0-1"}, stubborn=False)
    working = asyncio.create_task(attempts(stage, seconds=0.01).outcomes([entry(0, 1)]))
    done, _ = await asyncio.wait([working], timeout=0.1)
    assert not done
    stage.go_on.set()

    [outcome] = await working
    assert not isinstance(outcome, Exception)


async def test_a_time_out_of_a_stateful_stage_itself_is_no_end_of_the_worker() -> None:
    class Asking(StatefulStage[ApiKey], Batches):
        name = "asking"

    stage = Asking(lambda key, number: TimeoutError("no answer") if number == 1 else None)

    [outcome] = await final(attempts(stage), [entry(0, 0)])

    assert not isinstance(outcome, Exception)


def test_a_stateful_batch_that_comes_from_effect_to_effect_is_not_stuck() -> None:
    class Effects(StatefulStage[ApiKey]):
        name = "effects"
        topic = INPUT
        tries: Attempts

        async def process_batch(
            self, records: Sequence[Record[ApiKey]], context: Context
        ) -> Sequence[Outcome]:
            for _ in range(8):
                await asyncio.sleep(60)
                self.tries.alive()
            return [()]

    async def work() -> Sequence[Outcome | Later]:
        stage = Effects()
        stage.tries = attempts(stage)
        return await stage.tries.outcomes([entry(0, 0)])

    assert virtual_time.run(work()) == [()]
