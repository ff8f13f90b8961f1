"""What is written of a record whose outputs fit no message: as much as fits."""

import asyncio
import random
from collections.abc import Mapping, Sequence

import pytest

from schemas.codec import SingleObjectCodec
from schemas.errors import DocumentTooLarge
from schemas.events import ApiKey, DeadLetter, RunPosition, Step
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.publishing.group_commit import GroupCommit
from streams.engine.publishing.publisher import Publisher
from streams.engine.stage import Context, Record, Stage
from streams.engine.window import Entry
from streams.partitions import Partition
from streams.topics import DEAD_LETTERS, PROGRESS
from tests.streams.engine.simulation import INPUT, OUTPUT, SimulatedLog, entry, event

CODEC = SingleObjectCodec()
LARGEST_MESSAGE = 4_000
OUTPUTS = [Send(OUTPUT, "fits no message", event(0))]


class Strict(SimulatedLog):
    """Refuses a transaction with an event that is larger than `LARGEST_MESSAGE`, or of `OUTPUTS`."""

    async def transact(
        self, sends: Sequence[Send], offsets: Mapping[Partition, int], headers: Sequence[Headers] = ()
    ) -> list[RecordMetadata]:
        for send in sends:
            size = len(CODEC.encode(send.event, send.topic.name)) if send.event else 0
            if send in OUTPUTS or size > LARGEST_MESSAGE:
                raise DocumentTooLarge(f"{size:,} bytes")
        return await super().transact(sends, offsets, headers)


class Failing(Stage[ApiKey]):
    """Says of a document that failed as much as a test wants."""

    name = "failing"
    topic = INPUT
    transactional = True

    def __init__(self, document_key: str) -> None:
        self._key = document_key

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Output]:
        return OUTPUTS

    def failed(self, record: Record[ApiKey], error: Exception) -> Sequence[Output]:
        run = RunPosition(invocation_id="run", attempt=1, ordinal=0)
        return [ProgressReport(run, Step.FAILED, document_key=self._key, error=str(error))]


async def written_of(refused: Entry, key: str, shared: bool) -> list[Send]:
    """What `Failing` has written once its outputs were refused."""
    refused.outputs = OUTPUTS
    log, ends = Strict(random.Random(1)), list[BaseException]()
    publisher = Publisher(Failing(key), log, GroupCommit(log, ends.append) if shared else None)
    if shared:
        await asyncio.gather(*await publisher.hand_over([refused]))
    else:
        await publisher.transact([refused], {refused.place: refused.offset + 1})
    assert not ends
    assert log.committed[refused.place] == refused.offset + 1
    return log.produced


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(
    ("record_bytes", "key", "whole", "counted"),
    [
        pytest.param(10, "a.md", True, True, id="all fits"),
        pytest.param(5_000, "a.md", False, True, id="the letter fits without its record"),
        pytest.param(10, "a" * 5_000, True, False, id="what the stage says of it does not fit"),
        pytest.param(5_000, "a" * 5_000, False, False, id="only the bare letter fits"),
    ],
)
async def test_a_letter_keeps_its_record_and_its_document_is_counted_where_they_fit(
    shared: bool, record_bytes: int, key: str, whole: bool, counted: bool
) -> None:
    sends = await written_of(entry(0, 3, size=record_bytes), key, shared)

    [letter] = [send.event for send in sends if send.topic is DEAD_LETTERS]
    assert isinstance(letter, DeadLetter)
    assert (letter.offset, letter.whole, letter.value is not None) == (3, whole, whole)
    assert [send.topic for send in sends if send.topic is not DEAD_LETTERS] == [PROGRESS] * counted
