"""What a message of Kafka holds, or why that cannot be read: one record may cost that record alone."""

from __future__ import annotations  # confluent's Message is generic for type checkers alone

from collections.abc import Mapping
from operator import methodcaller
from typing import Any

from confluent_kafka import Message

from schemas.codec import Codec
from schemas.errors import ContractError
from schemas.events import Event
from streams.topics import Topic


def decoded(codec: Codec, topic: Topic, value: bytes) -> Event:
    """The event in a value. Raises ContractError, and what the registry's client raises."""
    event = codec.decode(value)
    if not isinstance(event, topic.records):
        raise ContractError(f"a {type(event).__name__} does not belong on topic {topic.name}")
    return event


#: For a name that is not UTF-8, confluent-kafka (2.16) sets an error and returns a list with a hole in it.
#: CPython turns that into SystemError where it checks a call. It does not check a specialised call in hot
#: code, and to look into the list then ends the process. `methodcaller` makes a call that is checked.
_headers = methodcaller("headers")


def headers_of(message: Message[Any, Any]) -> tuple[Mapping[str, bytes], ContractError | None]:
    """The headers of a message, or why they cannot be read. To be called once for each message: a second
    call answers with the same broken list, and no error."""
    try:
        return {name: value or b"" for name, value in _headers(message) or []}, None
    except Exception as error:
        return {}, ContractError(f"its headers cannot be read: {error.__cause__ or error}")


def reason_of(error: Exception) -> str:
    """What an error says: its name too, where nobody raised it on purpose."""
    return str(error) if isinstance(error, ContractError) else f"{type(error).__name__}: {error}"
