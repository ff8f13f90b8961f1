"""From a message of Kafka to an entry of a window."""

from __future__ import annotations  # confluent's Message is generic for type checkers alone

from typing import Any

from confluent_kafka import Message

from schemas.codec import Codec
from schemas.errors import ContractError
from streams.engine.stage import Record
from streams.engine.window import Entry, Raw
from streams.kafka.cluster import Cluster
from streams.topics import Topic


class Incoming:
    """Decodes the messages of a topic."""

    def __init__(self, cluster: Cluster, codec: Codec, topic: Topic) -> None:
        self._cluster, self._codec, self._topic = cluster, codec, topic

    def entry(self, message: Message[Any, Any]) -> Entry:
        """The message as it came, with the record that it holds or the ContractError that says why none."""
        topic, partition, offset = self._topic.name, message.partition() or 0, message.offset() or 0
        headers: Any = message.headers() or []
        raw = Raw(message.key(), message.value(), {key: value or b"" for key, value in headers})
        entry = Entry(topic, partition, offset, raw)
        try:
            event = self._codec.decode(raw.value or b"")
            if not isinstance(event, self._topic.records):
                raise ContractError(f"a {type(event).__name__} does not belong here")
        except ContractError as error:
            entry.error = ContractError(f"{topic}[{partition}]@{offset}: {error}")
            return entry
        key = (raw.key or b"").decode(errors="replace")
        stamp = message.timestamp()[1]
        entry.record = Record(topic, partition, offset, key, event, stamp, raw.headers)
        return entry
