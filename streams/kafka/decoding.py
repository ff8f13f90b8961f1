"""From a message of Kafka to an entry of a window."""

from __future__ import annotations  # confluent's Message is generic for type checkers alone

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Message

from schemas.codec import Codec
from schemas.errors import ContractError, RequestError, TransientError
from schemas.events import Event
from streams.engine.stage import Record
from streams.engine.window import Entry, Raw
from streams.kafka.cluster import Cluster
from streams.topics import Topic


class Incoming:
    """Decodes the messages of a topic."""

    def __init__(self, cluster: Cluster, codec: Codec, topic: Topic) -> None:
        self._cluster, self._codec, self._topic = cluster, codec, topic

    def entry(self, message: Message[Any, Any]) -> Entry:
        """The message as it came, with the record that it holds or the ContractError that says why none.

        Raises TransientError or RequestError when the schema registry does not answer or refuses.
        """
        topic, partition, offset = self._topic.name, message.partition() or 0, message.offset() or 0
        headers, broken = headers_of(message)
        raw = Raw(message.key(), message.value(), headers)
        entry = Entry(topic, partition, offset, raw)
        try:
            if broken:
                raise broken
            event = decoded(self._codec, self._topic, raw.value or b"")
            key = (raw.key or b"").decode(errors="replace")
            entry.record = Record(topic, partition, offset, key, event, message.timestamp()[1], headers)
        except (TransientError, RequestError):  # of the registry, not of the record
            raise
        except Exception as error:  # whatever is wrong with one record costs that record alone
            entry.error = ContractError(f"{topic}[{partition}]@{offset}: {reason_of(error)}")
        return entry


def decoded(codec: Codec, topic: Topic, value: bytes) -> Event:
    """The event in a value. Raises ContractError, and what the registry's client raises."""
    event = codec.decode(value)
    if not isinstance(event, topic.records):
        raise ContractError(f"a {type(event).__name__} does not belong on topic {topic.name}")
    return event


def headers_of(message: Message[Any, Any]) -> tuple[Mapping[str, bytes], ContractError | None]:
    """The headers of a message, or why they cannot be read. To be called once for each message: after a name
    that is not UTF-8 confluent-kafka (2.16) raises SystemError, and a second call ends the process."""
    try:
        headers: Any = message.headers() or []
        return {name: value or b"" for name, value in headers}, None
    except Exception as error:
        return {}, ContractError(f"its headers cannot be read: {error.__cause__ or error}")


def reason_of(error: Exception) -> str:
    """What an error says: its name too, where nobody raised it on purpose."""
    return str(error) if isinstance(error, ContractError) else f"{type(error).__name__}: {error}"
