"""Send events from lines of JSON to the topic `inbox`, and say of each line what became of it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from confluent_kafka import KafkaException, Producer

from schemas.errors import IngestError, TransientError
from schemas.ids import document_id
from schemas.inbox import Rules, read_object, said_by
from streams.kafka.cluster import CLIENT_LOG, Cluster
from streams.topics import INBOX, MAX_VALUE_BYTES

_SECONDS = 60.0
_BROKEN_OFF_SECONDS = 2.0
#: Which databases events may name and which models there are is checked by the inbox, whose settings count.
_FORM = Rules(allowed=("*",))


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a line: it is on the topic, or it is not for this reason."""

    line: int
    document_key: str = ""
    partition: int = -1
    offset: int = -1
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A line that is an event; `key` is the id of its document, so that its versions stay in order."""

    line: int
    key: str
    document_key: str
    value: bytes


def events_in(lines: Iterable[bytes], defaults: Mapping[str, object]) -> Iterator[Event | Answer]:
    """The event of each line, or the answer that says why it is none. Empty lines are skipped.

    Args:
        defaults: fields of lines that do not have them.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _event(number, line, defaults)


def _event(number: int, line: bytes, defaults: Mapping[str, object]) -> Event | Answer:
    try:
        fields = {**defaults, **read_object(line)}
        document = said_by(fields, _FORM).document
    except IngestError as error:
        return Answer(number, error=str(error))
    value = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    if len(value) > MAX_VALUE_BYTES:
        return Answer(
            number,
            document.document_key,
            error=f"the event has {len(value):,} bytes, at most {MAX_VALUE_BYTES:,} are possible; upload "
            "larger files, or sync them from a folder or bucket",
        )
    return Event(number, document_id(document), document.document_key, value)


def send_events(cluster: Cluster, events: Iterable[Event], tell: Callable[[Answer], None]) -> None:
    """Send events, and tell an answer for each as the broker acknowledges it. Blocks.

    Raises TransientError if the broker does not answer.
    """
    producer = Producer(
        cluster.client(
            enable_idempotence=True,
            partitioner="murmur2_random",
            compression_type="lz4",
            linger_ms=20,
            message_timeout_ms=int(_SECONDS * 1000),
        ),
        logger=CLIENT_LOG,
    )
    topic = cluster.name(INBOX)
    try:
        for event in events:
            _produce(producer, topic, event, tell)
    except BaseException:  # Ctrl-C: what is on its way has a moment to be told
        producer.flush(_BROKEN_OFF_SECONDS)
        raise
    if left := producer.flush(_SECONDS + 5):
        raise TransientError(f"{left:,} events were not sent: the broker does not answer")


def _produce(producer: Producer, topic: str, event: Event, tell: Callable[[Answer], None]) -> None:
    while True:
        try:
            producer.produce(topic, event.value, event.key, on_delivery=partial(_delivered, event, tell))
            producer.poll(0)
            return
        except BufferError:  # acknowledgements make room
            producer.poll(0.1)
        except KafkaException as error:
            tell(Answer(event.line, event.document_key, error=error.args[0].str()))
            return


def _delivered(event: Event, tell: Callable[[Answer], None], error: object, message: object) -> None:
    if error is not None:
        tell(Answer(event.line, event.document_key, error=f"not sent: {error.str()}"))  # type: ignore[attr-defined]
        return
    tell(Answer(event.line, event.document_key, message.partition(), message.offset()))  # type: ignore[attr-defined]
