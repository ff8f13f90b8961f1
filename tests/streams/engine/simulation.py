"""A partitioned log in memory that fails when it is told to: what the engine's laws are tested on."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from schemas.errors import TransientError
from schemas.events import ApiKey, DeadLetter
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Send
from streams.engine.stage import Context, Record, Stage
from streams.engine.window import Entry, Raw
from streams.partitions import Partition
from streams.topics import API_KEYS, SOURCES, Topic

INPUT: Topic = API_KEYS
OUTPUT: Topic = SOURCES


def event(number: int) -> ApiKey:
    """An event that says its number."""
    return ApiKey(
        id=str(number), name="", tenant="", key_sha256="", created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def record_of(send: Send) -> str:
    """`{partition}-{offset}` of the record that an event is made of."""
    letter = send.event
    return f"{letter.partition}-{letter.offset}" if isinstance(letter, DeadLetter) else send.key


class SimulatedLog:
    """Keeps what was produced and committed; acknowledges late, and at times has no room."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.produced: list[Send] = []
        self.acknowledged: set[str] = set()
        self.committed: dict[Partition, int] = defaultdict(int)
        self.paused: set[Partition] = set()
        self.commit_log: list[tuple[Partition, int, frozenset[str]]] = []

    def pause(self, partition: Partition) -> None:
        self.paused.add(partition)

    def resume(self, partition: Partition) -> None:
        self.paused.discard(partition)

    def produce(self, send: Send, headers: Headers | None = None) -> "asyncio.Future[RecordMetadata]":
        if self._dice.random() < 0.1:
            raise BufferError
        self.produced.append(send)
        future: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        delay = self._dice.choice([0, 0, 0.001, 0.003])
        asyncio.get_running_loop().call_later(delay, self._acknowledge, send, future)
        return future

    def _acknowledge(self, send: Send, future: "asyncio.Future[RecordMetadata]") -> None:
        self.acknowledged.add(f"{send.topic.name}:{record_of(send)}")
        if not future.done():
            future.set_result(RecordMetadata(send, 0, len(self.acknowledged)))

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        for partition, offset in offsets.items():
            self.committed[partition] = offset
            self.commit_log.append((partition, offset, frozenset(self.acknowledged)))

    async def transact(
        self, sends: Sequence[Send], offsets: Mapping[Partition, int], headers: Sequence[Headers] = ()
    ) -> list[RecordMetadata]:
        written = []
        for send in sends:
            self.produced.append(send)
            written.append(RecordMetadata(send, 0, len(self.produced)))
        self.commit(offsets)
        return written

    def check_alive(self) -> None:
        return


def entry(partition: int, offset: int, size: int = 10) -> Entry:
    """A record `{partition}-{offset}` whose event says the same."""
    key = f"{partition}-{offset}"
    made = Entry(INPUT.name, partition, offset, Raw(key.encode(), b"x" * size, {}))
    made.record = Record(INPUT.name, partition, offset, key, event(offset), 0)
    return made


class Moody(Stage[ApiKey]):
    """Copies its input; takes its time, fails transiently, and gives up on some records for good."""

    name = "moody"
    topic = INPUT

    def __init__(self, dice: random.Random, bad: set[str], concurrency: int = 8) -> None:
        self._dice, self._bad, self.concurrency = dice, bad, concurrency
        self.most_at_once = self._at_once = 0

    async def process(self, record: Record[ApiKey], context: Context) -> Sequence[Send]:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(self._dice.choice([0, 0, 0.001, 0.004]))
            if self._dice.random() < 0.15:
                raise TransientError("not now")
            if record.key in self._bad:
                raise ValueError("never")
            return [Send(OUTPUT, record.key, record.event)]
        finally:
            self._at_once -= 1
