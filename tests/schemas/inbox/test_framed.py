"""Values that a schema registry frames: Avro records and JSON, read as the same events."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import fastavro
import pytest

from schemas.errors import ContractError
from schemas.inbox import Rules, said_by
from schemas.inbox.registry import FramedValues

PRICE = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
RECORD = {
    "type": "record",
    "name": "Page",
    "fields": [
        {"name": "collection", "type": "string"},
        {"name": "document_key", "type": "string"},
        {"name": "content", "type": ["null", "bytes", "string"]},
        {
            "name": "metadata",
            "type": {
                "type": "record",
                "name": "Facts",
                "fields": [
                    {"name": "price", "type": PRICE},
                    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
                ],
            },
        },
    ],
}
FRAME = b"\0\0\0\0\x07"


class Schemas:
    def __init__(self, kind: str, text: str) -> None:
        self.found, self.asked = (kind, text), 0

    def schema(self, frame: bytes) -> tuple[str, str]:
        assert frame == FRAME
        self.asked += 1
        return self.found


def avro(**fields: Any) -> bytes:
    body = io.BytesIO()
    about = {"price": Decimal("19.50"), "at": datetime(2026, 1, 2, tzinfo=UTC)}
    event = {"collection": "docs", "document_key": "a.pdf", "metadata": about, **fields}
    fastavro.schemaless_writer(body, fastavro.parse_schema(RECORD), event)
    return FRAME + body.getvalue()


def test_an_avro_record_is_an_event_and_its_schema_is_asked_for_once() -> None:
    schemas = Schemas("AVRO", json.dumps(RECORD))
    values = FramedValues(schemas)

    said = [said_by(values.read(avro(content=content)), Rules()) for content in (b"%PDF", "text", None)]

    assert [one.content for one in said] == [b"%PDF", b"text", None]
    assert said[0].document.metadata == {"price": 19.5, "at": "2026-01-02T00:00:00+00:00"}
    assert schemas.asked == 1


def test_json_behind_the_frame_is_read_as_strictly_as_plain_json() -> None:
    values = FramedValues(Schemas("JSON", "{}"))

    assert values.read(FRAME + b'{"a": 1}') == {"a": 1}
    with pytest.raises(ContractError, match="more than once"):
        values.read(FRAME + b'{"a": 1, "a": 2}')


@pytest.mark.parametrize(
    ("kind", "text", "value", "says"),
    [
        ("PROTOBUF", "", FRAME, "of type PROTOBUF; Avro and JSON Schema can be read"),
        ("AVRO", "{}", FRAME, "not an Avro schema"),
        ("AVRO", json.dumps(RECORD), FRAME + b"\x02", "not what its schema says"),
        ("AVRO", json.dumps(RECORD), avro(content=b"") + b"x", "1 bytes more than its schema says"),
        ("AVRO", '"string"', FRAME + b"\x02a", "must be a record"),
    ],
)
def test_what_cannot_be_read_says_why(kind: str, text: str, value: bytes, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        FramedValues(Schemas(kind, text)).read(value)
