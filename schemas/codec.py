"""Events to bytes and back: Avro, framed so that a reader knows which schema wrote the bytes.

The frame is Avro's single-object encoding (Avro 1.11 specification): the marker C3 01, the CRC-64-AVRO
fingerprint of the writer's schema (8 bytes, little-endian), the body. `schemas.registry` speaks the
Confluent wire format instead, for clusters with a schema registry.
"""

import io
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import fastavro
from pydantic import ValidationError

from schemas import events
from schemas.errors import ContractError
from schemas.events import Event

AVRO_FOLDER = Path(__file__).parent / "avro"
_MARKER = b"\xc3\x01"
_FRAME_BYTES = 10


class Codec(Protocol):
    """Turns events into the bytes of a message's value and back."""

    def encode(self, event: Event, topic: str) -> bytes:
        """Bytes of `event` as they go onto `topic`."""
        ...

    def decode(self, value: bytes) -> Event:
        """The event in `value`. Raises ContractError for bytes that no known schema wrote."""
        ...


def event_types() -> Iterator[type[Event]]:
    """Every class that can stand alone as the value of a message."""
    for name in RECORDS:
        yield getattr(events, name)


#: The records that are values of messages (the others are parts of these).
RECORDS = (
    "ApiKey",
    "CancelRequested",
    "DeadLetter",
    "DocumentChunked",
    "DocumentDeleted",
    "DocumentEmbedded",
    "DocumentParsed",
    "DocumentState",
    "DocumentUpserted",
    "Invocation",
    "InvocationCreated",
    "Progress",
    "ProgressBlock",
    "RunFailed",
    "RunListed",
    "RunRequested",
    "RunStarted",
    "Source",
)


def render_schema(event_type: type[Event]) -> dict[str, Any]:
    """The Avro schema of an event class, as it is kept in `schemas/avro/`."""
    return {"namespace": "headrace", **json.loads(event_type.avro_schema())}


def fingerprint(schema: dict[str, Any]) -> bytes:
    """CRC-64-AVRO of the schema's parsing canonical form: 8 bytes, little-endian."""
    canonical = fastavro.schema.to_parsing_canonical_form(schema)
    return bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))


class _Record:
    """An event class with its parsed schema and the frame that its bytes begin with."""

    def __init__(self, event_type: type[Event], schema: dict[str, Any]) -> None:
        self.event_type = event_type
        self.schema = fastavro.parse_schema(schema)
        self.frame = _MARKER + fingerprint(schema)


@cache
def _current() -> dict[type[Event], _Record]:
    """The records as this version writes them, from the rendered files: quicker than rendering anew."""
    return {
        event_type: _Record(event_type, json.loads((AVRO_FOLDER / f"{event_type.__name__}.avsc").read_text()))
        for event_type in event_types()
    }


@cache
def _writers() -> dict[bytes, tuple[Any, _Record]]:
    """Frame → (writer's schema, record that reads it), for this version's schemas and all earlier ones."""
    known = {record.frame: (record.schema, record) for record in _current().values()}
    names = {record.event_type.__name__: record for record in _current().values()}
    for path in sorted((AVRO_FOLDER / "previous").glob("*.avsc")):
        schema = json.loads(path.read_text())
        reader = names[path.name.split(".")[0]]
        known.setdefault(_MARKER + fingerprint(schema), (fastavro.parse_schema(schema), reader))
    return known


def encode_body(event: Event) -> bytes:
    """The bare Avro body, without a frame."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, _current()[type(event)].schema, event.model_dump())
    return out.getvalue()


def decode_body(body: io.BytesIO, writer: Any, event_type: type[Event]) -> Event:
    """Read a bare body written with `writer`'s schema. Raises ContractError."""
    reader = _current()[event_type].schema
    try:
        fields = fastavro.schemaless_reader(body, writer, None if writer is reader else reader)
        return event_type.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ContractError(f"{event_type.__name__}.{where}: {first['msg']}") from error
    except Exception as error:  # fastavro raises whatever the broken bytes lead it to
        raise ContractError(f"bytes do not decode as {event_type.__name__}: {error!r}") from error


class SingleObjectCodec:
    """Avro single-object encoding: needs nothing but the `.avsc` files."""

    def encode(self, event: Event, topic: str) -> bytes:
        """Frame and body; the topic does not matter here."""
        return _current()[type(event)].frame + encode_body(event)

    def decode(self, value: bytes) -> Event:
        """The event in `value`; whatever schema version wrote it, it reads as the current class."""
        known = _writers().get(value[:_FRAME_BYTES])
        if known is None:
            raise ContractError(
                f"value begins with {value[:_FRAME_BYTES].hex() or 'nothing'}, which is no known schema's "
                f"single-object frame (c301 + fingerprint); the schemas are in schemas/avro"
            )
        writer, record = known
        return decode_body(io.BytesIO(value[_FRAME_BYTES:]), writer, record.event_type)
