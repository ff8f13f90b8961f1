"""Events to bytes and back, and what becomes of bytes that somebody else has written."""

import contextlib
import io
import itertools
import struct
import time
from datetime import UTC, datetime

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.codec import FRAME_BYTES, SingleObjectCodec, event_types, records
from schemas.errors import ContractError
from schemas.events import (
    Chunk,
    Document,
    DocumentDeleted,
    DocumentEmbedded,
    Embedding,
    Event,
    Invocation,
    RunStarted,
)
from tests.schemas.strategies import events_of

#: `streams.kafka.cluster.MAX_VALUE_BYTES`, which this layer does not know.
MAX_VALUE_BYTES = 1_000_000

CODEC = SingleObjectCodec()
EVERY_RECORD = pytest.mark.parametrize("event_type", list(event_types()), ids=lambda found: found.__name__)
DOCUMENT = Document(
    tenant="t", database="d", collection="c", document_key="k", embedding=Embedding(model="m")
)


def written_by_fastavro(event: Event) -> bytes:
    body = io.BytesIO()
    fastavro.schemaless_writer(body, records()[type(event)].parsed, event.model_dump())
    return body.getvalue()


@EVERY_RECORD
@settings(max_examples=25, deadline=None)
@given(source=st.data())
def test_every_event_comes_back_as_it_was_and_is_written_as_fastavro_writes_it(
    source: st.DataObject, event_type: type[Event]
) -> None:
    event = source.draw(events_of(event_type))

    value = CODEC.encode(event, "any")

    # repr tells True from 1 and 1.0, which == does not
    assert repr(CODEC.decode(value)) == repr(event)
    assert value[FRAME_BYTES:] == written_by_fastavro(event)


@EVERY_RECORD
@settings(max_examples=25, deadline=None)
@given(source=st.data())
def test_broken_bytes_are_a_contract_error_and_nothing_else(
    source: st.DataObject, event_type: type[Event]
) -> None:
    value = CODEC.encode(source.draw(events_of(event_type)), "any")

    cut = source.draw(st.integers(0, len(value) - 1))
    with pytest.raises(ContractError):
        CODEC.decode(value[:cut])
    with pytest.raises(ContractError, match="too many"):
        CODEC.decode(value + source.draw(st.binary(min_size=1, max_size=3)))
    at, bit = source.draw(st.integers(0, len(value) - 1)), source.draw(st.integers(0, 7))
    flipped = bytearray(value)
    flipped[at] ^= 1 << bit
    _decodes_or_is_refused(bytes(flipped))


@EVERY_RECORD
@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=60))
def test_any_bytes_behind_a_known_frame_are_an_event_or_a_contract_error(
    event_type: type[Event], body: bytes
) -> None:
    _decodes_or_is_refused(b"\xc3\x01" + records()[event_type].fingerprint + body)


CHUNK = Chunk(text="t", start_line=1, end_line=1, start_col=0, end_col=1, strategy="lines")


def _decodes_or_is_refused(value: bytes) -> None:
    with contextlib.suppress(ContractError):
        assert isinstance(CODEC.decode(value), Event)


@pytest.mark.parametrize(
    "value",
    [b"", b"\xc3", b"\xc3\x01", b"\xc3\x01" + bytes(8), b"\0\0\0\0\1body", b'{"json": true}', b"Obj\x01"],
)
def test_bytes_that_no_known_schema_wrote_are_refused(value: bytes) -> None:
    with pytest.raises(ContractError, match="no known schema"):
        CODEC.decode(value)


#: One value of a message, as large as the broker takes them, of bytes that mislead a reader of Avro.
HOSTILE = {
    "a varint without end": b"\xff" * MAX_VALUE_BYTES,
    "lengths and counts of 2^62": b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f" * (MAX_VALUE_BYTES // 9),
    "the least number": b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" * (MAX_VALUE_BYTES // 10),
    "negative lengths": b"\x01" * MAX_VALUE_BYTES,
    "as many items as there is room for": b"\x02" * MAX_VALUE_BYTES,
    "a block of items of one byte": b"\xc2\x84\x3d" + b"\x02" * MAX_VALUE_BYTES,
    "nothing but zeros": bytes(MAX_VALUE_BYTES),
}


@EVERY_RECORD
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_value_costs_no_more_than_a_large_sound_one(event_type: type[Event], body: bytes) -> None:
    frame = b"\xc3\x01" + records()[event_type].fingerprint
    begun = time.process_time()

    for at in (0, 3):  # behind some bytes that may be sound
        _decodes_or_is_refused(frame + bytes(at) + body)

    assert time.process_time() - begun < 20  # it takes 0.3 s at most; quadratic time would be minutes


def test_hostile_bytes_anywhere_in_a_sound_event_cost_nothing() -> None:
    part = DocumentEmbedded(
        document=DOCUMENT,
        sequence=0,
        part=0,
        parts=1,
        first=0,
        total=1,
        chunks=[CHUNK],
        dimension=1,
        vectors=b"1234",
    )
    for event in (DocumentDeleted(document=DOCUMENT), part):
        value = CODEC.encode(event, "any")
        begun = time.process_time()
        for at in range(FRAME_BYTES, len(value)):
            for inserted in (b"\xff" * 50_000, b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x01"):
                _decodes_or_is_refused(value[:at] + inserted + value[at:])
        assert time.process_time() - begun < 60


def test_a_reason_quotes_no_more_than_a_little_of_the_value() -> None:
    value = CODEC.encode(DocumentDeleted(document=DOCUMENT), "documents")[:FRAME_BYTES]

    for body in HOSTILE.values():
        with pytest.raises(ContractError) as caught:
            CODEC.decode(value + body)
        assert len(str(caught.value)) < 400


def test_the_body_of_another_schema_is_refused() -> None:
    started = CODEC.encode(RunStarted(invocation_id="i", attempt=1, started_at=datetime.now(UTC)), "progress")
    frame = CODEC.encode(DocumentDeleted(document=DOCUMENT), "documents")[:FRAME_BYTES]

    with pytest.raises(ContractError, match="DocumentDeleted"):
        CODEC.decode(frame + started[FRAME_BYTES:])


def test_values_that_avro_allows_and_the_contract_does_not_are_named() -> None:
    mixed = {**DOCUMENT.model_dump(), "metadata": {"tags": ["a", 1]}}
    body = io.BytesIO()
    fastavro.schemaless_writer(body, records()[DocumentDeleted].parsed, {"document": mixed, "sequence": None})
    frame = CODEC.encode(DocumentDeleted(document=DOCUMENT), "documents")[:FRAME_BYTES]

    with pytest.raises(ContractError, match=r"DocumentDeleted\.document\.metadata\.tags"):
        CODEC.decode(frame + body.getvalue())


def test_a_number_beyond_64_bits_is_refused_and_not_rounded() -> None:
    for value in (2**63, [1, -(2**63) - 1]):
        with pytest.raises(ValidationError, match="64 bits"):
            Document.model_validate({**DOCUMENT.model_dump(), "metadata": {"big": value}})
    started = RunStarted(invocation_id="i", attempt=2**63, started_at=datetime.now(UTC))

    with pytest.raises(ContractError, match="RunStarted cannot be written"):
        CODEC.encode(started, "progress")


def test_vectors_are_little_endian_floats_on_the_wire() -> None:
    vectors = bytes.fromhex("0000803f000000c0")  # 1.0, -2.0
    event = DocumentEmbedded(
        document=DOCUMENT,
        sequence=0,
        part=0,
        parts=1,
        first=0,
        total=0,
        chunks=[],
        dimension=2,
        vectors=vectors,
    )

    value = CODEC.encode(event, "embeddings")
    found = CODEC.decode(value)

    assert value.endswith(b"\x10" + vectors + b"\x00\x00")  # no sparse ones, and no fingerprint
    assert isinstance(found, DocumentEmbedded)
    assert struct.unpack("<2f", found.vectors) == (1.0, -2.0)


def test_frames_of_all_records_differ() -> None:
    prints = [record.fingerprint for record in records().values()]

    assert all(a != b for a, b in itertools.combinations(prints, 2))
    assert Invocation in records()
