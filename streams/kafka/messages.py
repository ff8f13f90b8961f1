"""Kafka messages to events, and to entries of a window. An unreadable message affects only itself."""

from __future__ import annotations  # confluent's Message is generic for type checkers alone

from collections.abc import Mapping
from operator import methodcaller
from typing import Any

from confluent_kafka import Message

from schemas.codec import Codec
from schemas.errors import ContractError, RequestError, TransientError
from schemas.events import Event
from streams.engine.stage import Record
from streams.engine.window import Entry, Raw
from streams.kafka.cluster import Cluster
from streams.topics import Topic


def decoded(codec: Codec, topic: Topic, value: bytes) -> Event:
    """The event in a value. Raises ContractError, and the errors of the schema registry's client."""
    event = codec.decode(value)
    if not isinstance(event, topic.records):
        raise ContractError(f"a {type(event).__name__} does not belong on topic {topic.name}")
    return event


#: For a header name that is not UTF-8, confluent-kafka (2.16) sets an error and also returns a list with a
#: NULL in it. CPython turns that into SystemError where it checks the result of a call. It does not check
#: specialised calls in hot code, and reading the list then crashes the process. `methodcaller` makes a call
#: that is always checked.
_headers = methodcaller("headers")


def headers_of(message: Message[Any, Any]) -> tuple[Mapping[str, bytes], ContractError | None]:
    """The headers of a message, or why they cannot be read. Call it once per message: a second call returns
    the broken list without an error."""
    try:
        return {name: value or b"" for name, value in _headers(message) or []}, None
    except Exception as error:
        return {}, ContractError(f"its headers cannot be read: {error.__cause__ or error}")


def reason_of(error: Exception) -> str:
    """The message of an error, preceded by its class name if the error is unexpected."""
    return str(error) if isinstance(error, ContractError) else f"{type(error).__name__}: {error}"


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
