"""Values in the Confluent wire format whose schema is anybody's: Avro, or JSON Schema.

The frame is a zero byte and the id of the schema in the registry (4 bytes, big-endian).
"""

import base64
import io
import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

import fastavro

from schemas.errors import ContractError
from schemas.inbox.reading import read_object

_FRAME_BYTES = 5


class Schemas(Protocol):
    """Finds schemas by their id; `schemas.registry.RegistryCodec` does."""

    def schema(self, frame: bytes) -> tuple[str, str]:
        """Type (`AVRO`, `JSON`, `PROTOBUF`) and text of the schema that a frame names."""
        ...


class FramedValues:
    """Reads the values of a registry's schemas as objects that JSON could hold."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._parsed: dict[bytes, Any] = {}  # frame → schema, None for JSON

    def read(self, value: bytes) -> Mapping[str, Any]:
        """The object in a value. Blocks for the first value of a schema.

        Raises ContractError for bytes that the schema did not write, TransientError if the registry does not
        answer, RequestError if it refuses.
        """
        frame, body = value[:_FRAME_BYTES], value[_FRAME_BYTES:]
        if frame not in self._parsed:
            self._parsed[frame] = _parsed(*self._schemas.schema(frame))
        schema = self._parsed[frame]
        if schema is None:
            return read_object(body)
        stream = io.BytesIO(body)
        try:
            found = fastavro.schemaless_reader(stream, schema, None)
        except Exception as error:  # several kinds: too short, no such branch, not UTF-8
            raise ContractError(f"the value is not what its schema says: {type(error).__name__}") from error
        if too_many := len(body) - stream.tell():
            raise ContractError(f"the value has {too_many} bytes more than its schema says")
        if not isinstance(found, dict):
            raise ContractError("the value must be a record")
        return {name: _plain(each) for name, each in _with_bytes(found).items()}


def _parsed(kind: str, text: str) -> Any:
    if kind == "JSON":
        return None
    if kind != "AVRO":
        raise ContractError(f"the value's schema is of type {kind}; Avro and JSON Schema can be read")
    try:
        return fastavro.parse_schema(json.loads(text))
    except Exception as error:  # fastavro raises whatever a broken schema leads it to
        raise ContractError(f"the value's schema is not an Avro schema: {error!r}") from error


def _with_bytes(fields: dict[str, Any]) -> dict[str, Any]:
    """Avro has bytes where JSON has base64."""
    if isinstance(content := fields.get("content"), bytes):
        rest = {name: value for name, value in fields.items() if name not in ("content", "content_base64")}
        return {**rest, "content_base64": content}
    return fields


def _plain(value: Any) -> Any:
    """A value of Avro's logical types as JSON would say it; bytes in base64."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, UUID) else value
