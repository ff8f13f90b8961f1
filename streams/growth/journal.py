"""Writes the layout and the moved records. All writes are transactions under one id, so of two commands only
the later one writes."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from confluent_kafka import KafkaException, Producer

from schemas.codec import Codec
from schemas.errors import FencedError, TransientError
from schemas.events import TopicLayout
from streams.kafka.cluster import CLIENT_LOG, Cluster
from streams.state.layout import KEY, SETTLED, read_layout
from streams.topics import LAYOUT, MAX_LETTER_BYTES, Topic

_ID = "grow"
_SECONDS = 60.0
#: Records and bytes of a transaction, at most, so that it takes far less than it may: a letter may be 1.5 MB.
_RECORDS, _BYTES = 2_000, 16 * 1024 * 1024
#: How often the layout is written anew, as a sign of life.
BEAT_SECONDS = 3.0
#: Lines that the layout keeps of what was said, each of at most so many characters.
_STEPS, _LETTERS = 40, 300
#: What is waited for changes every second; only the newest such line is kept.
WAITING = "waiting"


class Left(Exception):
    """The process that grows is to end, and another one goes on."""


class GrowthJournal:
    """One command's access to the layout, and its producer.

    Args:
        leave: when it is set, `beat` raises Left.

    Attributes:
        layout: the newest one.
    """

    def __init__(self, cluster: Cluster, codec: Codec, leave: threading.Event | None = None) -> None:
        self._cluster, self._codec, self._leave = cluster, codec, leave
        self._noted = float("-inf")
        self._waiting = self._bytes = 0
        self._failures: list[str] = []
        self._producer = Producer(
            cluster.client(
                transactional_id=cluster.name(_ID),
                compression_type="lz4",
                message_max_bytes=MAX_LETTER_BYTES + 65_536,
                message_timeout_ms=int(_SECONDS * 1000) - 1_000,
                transaction_timeout_ms=int(_SECONDS * 1000),
                # Partitions that were just added are looked for at once.
                topic_metadata_refresh_interval_ms=1_000,
            ),
            logger=CLIENT_LOG,
        )
        try:
            self._producer.init_transactions(_SECONDS)
        except KafkaException as error:
            raise TransientError(f"transactions cannot begin: {error.args[0].str()}") from error
        self.layout = read_layout(cluster, codec)

    def write(self, topic: Topic, partition: int, key: bytes, value: bytes) -> None:
        """Write a record, in a transaction with others; `flush` ends the last one."""
        if not self._waiting:
            self._guarded(self._producer.begin_transaction)
        self._waiting += 1
        self._bytes += len(value)
        while True:
            try:
                self._producer.produce(
                    self._cluster.name(topic),
                    value,
                    key,
                    partition,
                    on_delivery=self._delivered,
                )
                break
            except BufferError:
                self._producer.poll(0.1)
        if self._waiting >= _RECORDS or self._bytes >= _BYTES:
            self.flush()

    def flush(self) -> None:
        """Commit what was written. Raises TransientError, FencedError if another command has taken over."""
        if not self._waiting:
            return
        self._waiting = self._bytes = 0
        self._guarded(lambda: self._producer.commit_transaction(_SECONDS))
        if self._failures:
            raise TransientError(f"records could not be written: {self._failures[0]}")

    def note(self, layout: TopicLayout) -> None:
        """Make this the newest layout."""
        layout = layout.model_copy(update={"told_at": datetime.now(UTC)})
        value = self._codec.encode(layout, LAYOUT.name)
        self.write(LAYOUT, 0, KEY.encode(), value)
        self.flush()
        self.layout, self._noted = layout, time.monotonic()

    def keep(self, copied: list[str]) -> None:
        """Set what has moved, to be noted with what comes next. It must have been flushed."""
        self.layout = self.layout.model_copy(update={"copied": copied})

    def begin(self, resumes: bool) -> TopicLayout:
        """Begin a growth, or take over one that is under way.

        Args:
            resumes: gateways go on with it if this process dies.
        """
        goes_on = self.layout.phase != SETTLED
        steps = [*self.layout.steps, "begun anew where it was"] if goes_on else []
        self.layout = self.layout.model_copy(update={"steps": steps, "resumes": resumes})
        if goes_on:
            self.note(self.layout)
        return self.layout

    def say(self, step: str) -> None:
        """Note what is done now."""
        said = self.layout.steps
        if said and said[-1].startswith(WAITING) and step.startswith(WAITING):
            said = said[:-1]
        steps = [*said, step if len(step) <= _LETTERS else f"{step[: _LETTERS - 1]}…"][-_STEPS:]
        self.note(self.layout.model_copy(update={"steps": steps}))

    def beat(self) -> None:
        """Give a sign of life, if it is time for one. Raises Left, and FencedError if another command has
        taken over or has given the growth up."""
        if self._leave is not None and self._leave.is_set():
            raise Left
        if time.monotonic() - self._noted > BEAT_SECONDS:
            self.note(self.layout)

    def _delivered(self, error: object, message: object) -> None:
        if error is not None:
            self._failures.append(str(error))

    def _guarded(self, call: Callable[[], object]) -> None:
        try:
            call()
        except KafkaException as error:
            reason = error.args[0]
            if reason.fatal() or self._is_fenced():
                raise FencedError("another `headrace topics grow` has begun, and goes on") from error
            raise TransientError(f"the transaction was refused: {reason.str()}") from error

    def _is_fenced(self) -> bool:
        """Whether another command writes by now, after an error that does not say so: a coordinator answers
        "unknown error" while it fences a producer that commits. Ends the transaction."""
        try:
            self._producer.abort_transaction(_SECONDS)
        except KafkaException as error:
            return bool(error.args[0].fatal())
        return False
