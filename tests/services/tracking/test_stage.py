"""The tracking stage on its stores, without a broker: what it writes, and what it keeps in memory."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from schemas.codec import SingleObjectCodec
from schemas.errors import ContractError, DocumentError
from schemas.events import (
    CancelRequested,
    Invocation,
    Passed,
    ProgressBlock,
    RecordsExpired,
    RunFailed,
    Status,
    Step,
)
from services.tracking import TrackingStage
from services.tracking.stage import Incoming
from streams.engine.log import RecordMetadata
from streams.engine.outputs import Output, Send
from streams.engine.stage import Outcome, Record
from streams.kafka.cluster import Cluster
from streams.topics import INVOCATIONS, PROGRESS_BLOCKS
from tests.services.tracking.runs import BEGUN, RUN, created, listed, passed, started

PARTITION = 3


class Context:
    def check_alive(self) -> None: ...

    async def emit(self, outputs: Sequence[Output]) -> None: ...


class Driven:
    """A stage whose outputs are written to its stores after every batch, as the engine does it."""

    def __init__(self, folder: Path, **cached: int) -> None:
        self._folder, self._offset, self._cached = folder, 0, cached
        self.stage = self.opened()

    def opened(self) -> TrackingStage:
        return TrackingStage.opened(Cluster("nowhere:1"), SingleObjectCodec(), self._folder, **self._cached)

    async def batch(self, *events: Incoming) -> tuple[Sequence[Outcome], list[Send]]:
        """Outcomes of a batch and what was written."""
        records = [
            Record("progress", PARTITION, at, getattr(event, "invocation_id", "/"), event, 1_772_366_400_000)
            for at, event in enumerate(events)
        ]
        outcomes = await self.stage.process_batch(records, Context())
        sends = [output for outcome in outcomes for output in _outputs(outcome)]
        written = []
        for send in sends:
            self._offset += 1
            written.append(RecordMetadata(send, PARTITION, self._offset))
        for store in self.stage.stores:
            store.apply(written)
        return outcomes, sends

    async def restart(self) -> None:
        await self.stage.close()
        self.stage = self.opened()


def _outputs(outcome: Outcome) -> Iterable[Send]:
    if isinstance(outcome, Exception):
        return []
    return [output for output in outcome if isinstance(output, Send)]


@pytest.fixture
async def driven(tmp_path: Path) -> AsyncIterator[Driven]:
    made = Driven(tmp_path)
    yield made
    await made.stage.close()


def summaries(sends: Iterable[Send]) -> list[Invocation]:
    return [send.event for send in sends if isinstance(send.event, Invocation)]


async def test_a_batch_writes_each_invocation_and_each_changed_block_once(driven: Driven) -> None:
    _, sends = await driven.batch(
        created("a"),
        started(1, "a"),
        *(passed(1, Step.PARSED, n, invocation_id="a") for n in range(100)),
        created("b"),
    )

    assert [(send.topic, send.key, send.partition_key) for send in sends] == [
        (PROGRESS_BLOCKS, "a/parsed/0", "a"),
        (INVOCATIONS, "a", None),
        (INVOCATIONS, "b", None),
    ]
    assert [summary.status for summary in summaries(sends)] == [Status.PROCESSING, Status.PENDING]


async def test_repeated_progress_writes_nothing(driven: Driven) -> None:
    report = passed(1, Step.PARSED, 7, invocation_id="a")
    await driven.batch(created("a"), started(1, "a"), report)

    _, sends = await driven.batch(created("a"), started(1, "a"), report, report)

    assert sends == []


async def test_a_refused_cancel_writes_the_summary_again(driven: Driven) -> None:
    await driven.batch(created("a", single_document=True), started(1, "a"))

    _, sends = await driven.batch(CancelRequested(invocation_id="a"))

    [summary] = summaries(sends)
    assert summary.status is Status.PROCESSING


async def test_progress_of_an_invocation_that_nobody_created_is_passed_over(driven: Driven) -> None:
    outcomes, sends = await driven.batch(
        started(1, "x"), CancelRequested(invocation_id="x"), listed(1, 0, "x")
    )

    assert (list(outcomes), sends) == ([(), (), []], [])


async def test_an_impossible_record_costs_only_itself(driven: Driven) -> None:
    outcomes, sends = await driven.batch(
        created("a"),
        started(1, "a"),
        listed(1, 1, "a"),
        listed(1, -1, "a"),
        passed(1, Step.INDEXED, -1, invocation_id="a"),
    )
    assert [type(outcome) for outcome in outcomes[3:]] == [ContractError, ContractError]
    assert summaries(sends)[0].total == 1


@pytest.mark.parametrize("lost", ["restart", "revoked", "shrunk", "nothing"])
async def test_state_goes_on_whatever_is_lost_from_memory(tmp_path: Path, lost: str) -> None:
    driven = Driven(tmp_path, **({"cached_invocations": 0} if lost == "shrunk" else {}))
    total = 6
    await driven.batch(created("a"), created("b"), started(1, "a"), started(1, "b"), listed(1, total, "a"))
    sends: list[Send] = []
    for ordinal in range(total):
        entry = Passed(ordinal=ordinal, document_key=f"{ordinal}", chunks=2, error="no")
        end = Step.FAILED if ordinal == 4 else Step.INDEXED
        _, sends = await driven.batch(passed(1, end, entry, invocation_id="a"))
        if lost == "restart":
            await driven.restart()
        if lost == "revoked":
            await driven.stage.revoked([PARTITION, 9])

    [summary] = summaries(sends)
    assert (summary.status, summary.counts.indexed, summary.counts.failed) == (Status.COMPLETE, 5, 1)
    assert summary.counts.chunks == 10
    assert {send.key: send.event is None for send in sends if send.topic is PROGRESS_BLOCKS} == {
        "a/parsed/0": True,
        "a/chunked/0": True,
        "a/embedded/0": True,
        "a/indexed/0": True,
    }
    await driven.stage.close()


async def test_partitions_that_stay_keep_their_invocations_in_memory(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    await driven.batch(created("a"))
    await driven.stage.revoked([PARTITION + 1])
    monkeypatch.setattr(driven.stage.stores[0], "get", None)  # it is not asked

    _, sends = await driven.batch(started(1, "a"))

    assert summaries(sends)[0].attempt == 1


async def test_memory_is_bounded_by_the_least_recently_used(
    tmp_path: Path,
) -> None:
    driven = Driven(tmp_path, cached_blocks=2)
    for name in "abcb":
        await driven.batch(created(name), started(1, name), passed(1, Step.PARSED, 0, invocation_id=name))
    await driven.batch(created("d"), passed(1, Step.PARSED, 70_000, invocation_id="a"))

    assert driven.stage.in_memory == ["c", "b", "d", "a"]
    await driven.batch(started(2, "d"))
    assert driven.stage.in_memory == ["a", "d"]
    await driven.stage.close()


def test_blocks_are_found_by_their_invocation(tmp_path: Path) -> None:
    opened = TrackingStage.opened(Cluster("nowhere:1"), SingleObjectCodec(), tmp_path)
    block = ProgressBlock(invocation_id="a", attempt=1, stage=Step.PARSED, block=0, bitmap=b"")
    blocks = opened.stores[1]
    blocks.apply([RecordMetadata(Send(PROGRESS_BLOCKS, "a/parsed/0", block), 0, 0)])

    assert list(blocks.scan(0, "a")) == [("a/parsed/0", block)]
    assert list(blocks.scan(0, "b")) == []


def expired(topic: str, before: datetime) -> RecordsExpired:
    return RecordsExpired(stage="indexing", topic=topic, partition=3, first=5, next=9, before=before)


LATER = BEGUN + timedelta(days=8)


async def test_records_that_expired_end_the_runs_that_may_have_lost_some_of_them(driven: Driven) -> None:
    await driven.batch(
        *(created(name) for name in ("running", "done", "pending")), started(1, "running"), started(2, "done")
    )
    await driven.batch(listed(2, 0, "done"))

    _, sends = await driven.batch(expired("embeddings", LATER))

    [ended] = [send.event for send in sends]
    assert isinstance(ended, Invocation)
    assert (ended.id, ended.status) == ("running", Status.FAILED)
    assert "4 records of embeddings[3] expired before indexing had read them" in (ended.error or "")

    _, sends = await driven.batch(expired("embeddings", LATER))
    assert not sends
    _, sends = await driven.batch(expired("runs.folder", LATER))
    assert [send.key for send in sends] == ["pending"]


async def test_runs_that_began_after_what_expired_go_on(driven: Driven) -> None:
    await driven.batch(created(), started(1))

    _, sends = await driven.batch(expired("embeddings", BEGUN))

    assert not sends


async def test_an_upload_that_was_not_lost_completes_after_all(driven: Driven) -> None:
    await driven.batch(created(single_document=True), started(1), listed(1, 1))
    await driven.restart()
    await driven.batch(expired("embeddings", LATER))

    _, [send] = await driven.batch(passed(1, Step.INDEXED, 0))

    assert isinstance(send.event, Invocation)
    assert (send.event.status, send.event.error) == (Status.COMPLETE, None)


async def test_an_event_that_cannot_be_folded_ends_its_run_with_the_reason(driven: Driven) -> None:
    event = passed(7, Step.PARSED, 0)
    record: Record[Incoming] = Record("progress", PARTITION, 4, RUN, event, 0)
    error = DocumentError("the record progress[0]@4 has ended its worker 2 times: ValueError: bad")

    [output] = driven.stage.failed(record, error)

    assert isinstance(output, Send)
    assert isinstance(output.event, RunFailed)
    assert (output.topic.name, output.key, output.event.attempt) == ("progress", RUN, 7)
    assert "ValueError: bad" in output.event.error
    failing: Record[Incoming] = Record("progress", PARTITION, 5, RUN, output.event, 0)
    assert driven.stage.failed(failing, error) == []  # or it would go on for ever
