"""Decode Kafka messages into entries of a window."""

from __future__ import annotations  # confluent's Message is generic for type checkers alone

from typing import Any

from confluent_kafka import Message

from schemas.codec import Codec
from schemas.errors import ContractError, RequestError, TransientError
from streams.engine.stage import Record
from streams.engine.window import Entry, Raw
from streams.kafka.cluster import Cluster
from streams.kafka.messages import decoded, headers_of, reason_of
from streams.topics import Topic


class Incoming:
    """Decodes the messages of a stage's topics, whose records are of one kind.

    Args:
        tombstones: whether a record without a value is one with None as its event; otherwise it is broken.
    """

    def __init__(self, cluster: Cluster, codec: Codec, topic: Topic, tombstones: bool = False) -> None:
        self._cluster, self._codec, self._topic = cluster, codec, topic
        self._tombstones = tombstones

    def entry(self, message: Message[Any, Any]) -> Entry:
        """The raw message with its decoded record, or with the ContractError that says why there is none.

        Raises TransientError if the schema registry does not answer, RequestError if it refuses.
        """
        topic = self._cluster.short(message.topic() or self._topic.name)
        partition, offset = message.partition() or 0, message.offset() or 0
        headers, broken = headers_of(message)
        raw = Raw(message.key(), message.value(), headers)
        entry = Entry(topic, partition, offset, raw)
        try:
            if broken:
                raise broken
            event: Any = None
            if raw.value is not None or not self._tombstones:
                event = decoded(self._codec, self._topic, raw.value or b"")
            key = (raw.key or b"").decode(errors="replace")
            entry.record = Record(topic, partition, offset, key, event, message.timestamp()[1], headers)
        except (TransientError, RequestError):  # from the registry, not the record
            raise
        except Exception as error:  # a bad record affects only itself
            entry.error = ContractError(f"{topic}[{partition}]@{offset}: {reason_of(error)}")
        return entry
