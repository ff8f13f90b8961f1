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

from schemas.codec import FRAME_BYTES, SingleObjectCodec, event_types, records
from schemas.errors import ContractError
from schemas.events import (
    Document,
    DocumentDeleted,
    DocumentEmbedded,
    Embedding,
    Event,
    Invocation,
    RunStarted,
)
from schemas.reader import compile_reader
from schemas.writer import compile_writer
from tests.schemas.strategies import events_of

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


def test_a_count_or_length_of_billions_costs_nothing() -> None:
    value = CODEC.encode(DocumentDeleted(document=DOCUMENT), "documents")
    huge = b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f"  # 2^62 - 1, as a long
    begun = time.perf_counter()

    for at in range(FRAME_BYTES, len(value)):
        _decodes_or_is_refused(value[:at] + huge + value[at:])

    assert time.perf_counter() - begun < 5


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
    document = DOCUMENT.model_copy(update={"metadata": {"big": 2**63}})

    with pytest.raises(ContractError, match="64 bits"):
        CODEC.encode(DocumentDeleted(document=document), "documents")


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

    assert value.endswith(b"\x10" + vectors)
    assert isinstance(found, DocumentEmbedded)
    assert struct.unpack("<2f", found.vectors) == (1.0, -2.0)


def test_arrays_in_blocks_with_sizes_are_read_as_java_may_write_them() -> None:
    """Avro 1.11, "Arrays": a negative count is followed by the block's size in bytes."""
    schema = {
        "type": "record",
        "name": "A",
        "fields": [{"name": "a", "type": {"type": "array", "items": "long"}}],
    }

    # two blocks: two items in 2 bytes, one item, and the end
    assert compile_reader(schema)(bytes([3, 4, 2, 4, 2, 6, 0])) == {"a": [1, 2, 3]}


def test_a_negative_length_does_not_lead_backwards() -> None:
    """Read as it stands, this one ends where the bytes end: "a", three bytes back, three longs."""
    kinds = ["string", "string", "long", "long", "long"]
    fields = [{"name": f"f{number}", "type": kind} for number, kind in enumerate(kinds)]

    with pytest.raises(ContractError, match="a length of -3 bytes"):
        compile_reader({"type": "record", "name": "R", "fields": fields})(bytes([2, 0x61, 5]))


def test_a_named_type_that_is_used_twice_is_known_the_second_time() -> None:
    colour = {"type": "enum", "name": "Colour", "symbols": ["red", "blue"]}
    point = {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "long"}]}
    pairs = [("a", colour), ("b", "Colour"), ("c", point), ("d", ["null", "Point"])]
    schema = {"type": "record", "name": "R", "fields": [{"name": n, "type": t} for n, t in pairs]}
    body = bytes([0, 2, 2, 2, 4])

    found = compile_reader(schema)(body)

    assert found == {"a": "red", "b": "blue", "c": {"x": 1}, "d": {"x": 2}}
    out = bytearray()
    compile_writer(schema)(_Attributes(a="red", b="blue", c=_Attributes(x=1), d=_Attributes(x=2)), out)
    assert bytes(out) == body


class _Attributes:
    def __init__(self, **values: object) -> None:
        self.__dict__.update(values)


def test_types_that_are_not_written_are_refused_when_the_writer_is_made() -> None:
    fixed = {"type": "fixed", "name": "F", "size": 4}
    for kind in (fixed, ["null", "string", {"type": "map", "values": "long"}]):
        with pytest.raises(ContractError, match="no writer"):
            compile_writer({"type": "record", "name": "R", "fields": [{"name": "f", "type": kind}]})
    with pytest.raises(ContractError, match="no reader"):
        compile_reader({"type": "record", "name": "R", "fields": [{"name": "f", "type": fixed}]})


def test_frames_of_all_records_differ() -> None:
    prints = [record.fingerprint for record in records().values()]

    assert all(a != b for a, b in itertools.combinations(prints, 2))
    assert Invocation in records()
