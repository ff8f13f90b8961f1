"""Events to bytes and back: Avro, framed so that a reader knows which schema wrote the bytes.

The frame is Avro's single-object encoding (Avro 1.11 specification): the marker C3 01, the CRC-64-AVRO
fingerprint of the writer's schema (8 bytes, little-endian), the body. `schemas.registry` speaks the
Confluent wire format instead, for clusters with a schema registry.

    event ── model_dump ──► fields ── fastavro ──► body
    body ── fastavro, which resolves older schemas ──► fields ── pydantic ──► event

Values come from anybody who may write to a topic. fastavro reads lengths, counts and varints in C, in time
linear in the size of the value; what it does not check is checked here: bytes behind the end, and every
error that it raises becomes a ContractError.
"""

import io
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import fastavro
from pydantic import ValidationError

from schemas import events
from schemas.base import NAMESPACE
from schemas.errors import ContractError
from schemas.events import Event

AVRO_FOLDER = Path(__file__).parent / "avro"
_MARKER = b"\xc3\x01"
#: The marker and the fingerprint.
FRAME_BYTES = 10
_REASON_CHARACTERS = 300


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
    "ChunkDigests",
    "CollectionSwitched",
    "Credential",
    "DeadLetter",
    "DocumentChunked",
    "DocumentDeleted",
    "DocumentDoubted",
    "DocumentEmbedded",
    "DocumentMemo",
    "DocumentParsed",
    "DocumentState",
    "DocumentUpserted",
    "Invocation",
    "InvocationCreated",
    "LetterSettled",
    "PartRequested",
    "Progress",
    "ProgressBlock",
    "RecordsExpired",
    "RunFailed",
    "RunListed",
    "RunRequested",
    "RunStarted",
    "ScheduleState",
    "SessionsEnded",
    "Source",
    "SparseRow",
    "StageHealth",
    "TopicLayout",
    "WebhookDelivery",
    "WebhookEndpoint",
)


def fingerprint(schema: dict[str, Any]) -> bytes:
    """CRC-64-AVRO of the schema's parsing canonical form: 8 bytes, little-endian."""
    canonical = fastavro.schema.to_parsing_canonical_form(schema)
    return bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))


class RecordSchema:
    """An event class with its rendered schema."""

    def __init__(self, event_type: type[Event], text: str) -> None:
        self.event_type, self.text = event_type, text
        schema = json.loads(text)
        self.fingerprint = fingerprint(schema)
        self.parsed = fastavro.parse_schema(schema)

    def write(self, event: Event, frame: bytes) -> bytes:
        """`frame` and the event's body. Raises ContractError for values that Avro cannot express."""
        out = io.BytesIO()
        out.write(frame)
        try:
            fastavro.schemaless_writer(out, self.parsed, event.model_dump())
        except Exception as error:  # several kinds: beyond 64 bits, not of the type, not Unicode
            name = self.event_type.__name__
            raise ContractError(f"{name} cannot be written as Avro: {_reason(error)}") from error
        return out.getvalue()


@cache
def records() -> dict[type[Event], RecordSchema]:
    """The records as this version writes them, from the rendered files: quicker than rendering anew."""
    return {
        event_type: RecordSchema(event_type, (AVRO_FOLDER / f"{event_type.__name__}.avsc").read_text())
        for event_type in event_types()
    }


class BodyReader:
    """Reads bodies that one writer's schema wrote, as events of the current class.

    Raises ContractError when the schema is of no record that we know.
    """

    def __init__(self, schema: dict[str, Any], own: Iterable[RecordSchema] = ()) -> None:
        self._record = _record_of(schema, [*records().values(), *own])
        self._writer = fastavro.parse_schema(schema)
        same = fingerprint(schema) == self._record.fingerprint
        self._resolved_as = None if same else self._record.parsed

    def event(self, body: bytes) -> Event:
        """The event in `body`. Raises ContractError, whatever the bytes are."""
        fields = self._fields(body)
        try:
            return self._record.event_type.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, (self._record.event_type.__name__, *first["loc"])))
            raise ContractError(f"{where}: {first['msg']}") from error

    def _fields(self, body: bytes) -> Any:
        stream = io.BytesIO(body)
        try:
            if self._resolved_as:  # resolution skips what the current class lacks, and checks none of it
                fastavro.schemaless_reader(io.BytesIO(body), self._writer, None)
            fields = fastavro.schemaless_reader(stream, self._writer, self._resolved_as)
        except Exception as error:  # several kinds: too short, no such branch, schemas that do not match
            name = self._record.event_type.__name__
            raise ContractError(f"bytes do not decode as {name}: {_reason(error)}") from error
        if too_many := len(body) - stream.tell():
            name = self._record.event_type.__name__
            raise ContractError(f"bytes do not decode as {name}: {too_many} bytes too many")
        return fields


def _reason(error: Exception) -> str:
    """What a library's error says, cut: it may quote the value."""
    return f"{type(error).__name__}: {error}"[:_REASON_CHARACTERS]


def _record_of(schema: dict[str, Any], known: Iterable[RecordSchema]) -> RecordSchema:
    name = str(schema.get("name"))
    full = name if "." in name else f"{schema.get('namespace', '')}.{name}"
    for record in known:
        if full == f"{NAMESPACE}.{record.event_type.__name__}":
            return record
    raise ContractError(f"the schema {full} is none of {NAMESPACE}'s records: {', '.join(RECORDS)}")


@cache
def _readers(folder: Path) -> dict[bytes, BodyReader]:
    """Fingerprint → reader, for this version's schemas and all earlier ones."""
    paths = [*sorted(folder.glob("*.avsc")), *sorted((folder / "previous").glob("*.avsc"))]
    schemas = [json.loads(path.read_text()) for path in paths]
    return {fingerprint(schema): BodyReader(schema) for schema in schemas}


def _rendered(event_type: type[Event]) -> str:
    from schemas.events.avro_schema import render_schema  # no process of a deployment renders schemas

    return json.dumps(render_schema(event_type))


class SingleObjectCodec:
    """Avro single-object encoding: needs nothing but the `.avsc` files.

    Args:
        folder: the current schemas, and those of earlier versions in `previous/`.
        own: further event classes that may travel, for topics beside the catalogue's; their schemas are
            rendered here and are no part of the contract.
    """

    def __init__(self, folder: Path = AVRO_FOLDER, own: Iterable[type[Event]] = ()) -> None:
        made = [RecordSchema(event_type, _rendered(event_type)) for event_type in own]
        self._records = {**records(), **{record.event_type: record for record in made}}
        self._readers = dict(_readers(folder))
        for record in made:
            self._readers[record.fingerprint] = BodyReader(json.loads(record.text), made)

    def encode(self, event: Event, topic: str) -> bytes:
        """Frame and body; the topic does not matter here."""
        record = self._records[type(event)]
        return record.write(event, _MARKER + record.fingerprint)

    def decode(self, value: bytes) -> Event:
        """The event in `value`; whatever schema version wrote it, it reads as the current class."""
        reader = self._readers.get(value[2:FRAME_BYTES]) if value.startswith(_MARKER) else None
        if reader is None:
            raise ContractError(
                f"value begins with {value[:FRAME_BYTES].hex() or 'nothing'}, which is no known schema's "
                f"single-object frame (c301 + fingerprint); the schemas are in schemas/avro"
            )
        return reader.event(value[FRAME_BYTES:])
