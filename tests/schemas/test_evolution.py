"""Schemas change, what they wrote stays readable."""

import io
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import fastavro
import pytest
from fastavro.utils import generate_many
from hypothesis import Phase, given, settings

from schemas.codec import AVRO_FOLDER, RECORDS, SingleObjectCodec, fingerprint, records
from schemas.errors import ContractError
from schemas.events import Chunking, Invocation, Progress
from schemas.evolution import incompatibility
from tests.schemas.strategies import records_of

PREVIOUS = sorted((AVRO_FOLDER / "previous").glob("*.avsc"))


def schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((AVRO_FOLDER / f"{name}.avsc").read_text())
    return schema


def framed(schema: dict[str, Any], record: Any) -> bytes:
    """What a service of that schema's version puts on a topic."""
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(deepcopy(schema)), record)
    return b"\xc3\x01" + fingerprint(schema) + body.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The current schemas, with room for earlier ones."""
    (tmp_path / "previous").mkdir()
    for path in AVRO_FOLDER.glob("*.avsc"):
        (tmp_path / path.name).write_text(path.read_text())
    return tmp_path


def with_previous(folder: Path, schema: dict[str, Any]) -> SingleObjectCodec:
    (folder / "previous" / f"{schema['name']}.avsc").write_text(json.dumps(schema))
    return SingleObjectCodec(folder)


def test_bytes_of_a_version_that_lacked_a_field_and_had_another_are_read(folder: Path) -> None:
    old = schema_of("Invocation")
    old["fields"] = [field for field in old["fields"] if field["name"] != "object_key"]
    old["fields"].insert(3, {"name": "colour", "type": "string", "default": "blue"})
    [record] = generate_many(fastavro.parse_schema(deepcopy(old)), 1)
    record["options"] = None
    record["facts"] = {"commit": "c0ffee"}  # what is generated may be NaN, which no event holds

    event = with_previous(folder, old).decode(framed(old, record))

    assert isinstance(event, Invocation)
    assert event.object_key is None
    assert event.id == record["id"]
    assert not incompatibility(old, schema_of("Invocation"))


def test_bytes_of_a_schema_that_is_not_kept_are_refused(folder: Path) -> None:
    old = schema_of("CancelRequested")
    old["fields"].append({"name": "colour", "type": "string", "default": "blue"})
    value = framed(old, {"invocation_id": "i", "colour": "red"})

    with pytest.raises(ContractError, match="no known schema"):
        SingleObjectCodec(folder).decode(value)


@pytest.mark.parametrize("cut", [1, 4, -1])
def test_broken_bytes_of_an_older_schema_are_refused(folder: Path, cut: int) -> None:
    old = schema_of("CancelRequested")
    old["fields"].append({"name": "colour", "type": "string", "default": "blue"})
    codec = with_previous(folder, old)
    value = framed(old, {"invocation_id": "i" * 20, "colour": "red"})

    with pytest.raises(ContractError):
        codec.decode(value[:-cut] if cut > 0 else value + b"\0")


def check_that_it_reads(codec: SingleObjectCodec, old: dict[str, Any]) -> None:
    """Whatever a record of the older schema holds, the codec reads it."""

    @settings(max_examples=25, deadline=None, phases=[Phase.generate])  # to shrink a record takes minutes
    @given(records_of(old))
    def is_read(record: dict[str, Any]) -> None:
        assert type(codec.decode(framed(old, record))).__name__ == old["name"]

    is_read()


@pytest.mark.parametrize("path", PREVIOUS or [None], ids=lambda path: path.name if path else "none yet")
def test_what_every_earlier_version_wrote_is_read_by_the_current_classes(path: Path | None) -> None:
    if path is None:
        pytest.skip("schemas/avro/previous is empty: no schema has changed since the first release")
    old = json.loads(path.read_text())

    assert incompatibility(old, schema_of(old["name"])) is None
    check_that_it_reads(SingleObjectCodec(), old)


@pytest.mark.parametrize("name", RECORDS)
def test_whatever_a_record_holds_is_read_after_its_schema_has_changed(folder: Path, name: str) -> None:
    old = schema_of(name)
    old["fields"].append({"name": "colour", "type": "string", "default": "blue"})

    check_that_it_reads(with_previous(folder, old), old)


def _field(schema: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(field for field in schema["fields"] if field["name"] == name)
    return found


def _removed(schema: dict[str, Any]) -> None:
    schema["fields"].remove(_field(schema, "source_id"))


def _retyped(schema: dict[str, Any]) -> None:
    _field(schema, "attempts").update(type="string", default="")


def _added_without_default(schema: dict[str, Any]) -> None:
    schema["fields"].append({"name": "colour", "type": "string"})


def _renamed(schema: dict[str, Any]) -> None:
    _field(schema, "tenant")["name"] = "owner"


def _no_longer_null(schema: dict[str, Any]) -> None:
    _field(schema, "custom_id").update(type="string", default="")


def _symbol_gone(schema: dict[str, Any]) -> None:
    _field(schema, "status")["type"]["symbols"].remove("cancelled")


def _nested_retyped(schema: dict[str, Any]) -> None:
    counts = _field(schema, "counts")
    _field(counts["type"], "chunks").update(type="string", default="")
    counts["default"]["chunks"] = ""


BREAKING = [
    _removed,
    _retyped,
    _added_without_default,
    _renamed,
    _no_longer_null,
    _symbol_gone,
    _nested_retyped,
]


@pytest.mark.parametrize("change", BREAKING, ids=lambda change: change.__name__.strip("_"))
def test_a_change_that_breaks_a_reader_is_found(change: Any) -> None:
    old, new = schema_of("Invocation"), schema_of("Invocation")
    change(new)

    assert incompatibility(old, new)


def test_a_field_may_come_or_go_with_a_default() -> None:
    old, new = schema_of("Invocation"), schema_of("Invocation")
    new["fields"].append({"name": "colour", "type": "string", "default": "blue"})

    assert incompatibility(old, new) is None
    assert incompatibility(new, old) is None


def test_an_enum_may_gain_a_symbol_and_lose_none() -> None:
    old, new = schema_of("Invocation"), schema_of("Invocation")
    _field(new, "status")["type"]["symbols"].append("paused")

    assert incompatibility(old, new) is None
    assert incompatibility(new, old)


def test_every_symbol_and_branch_is_met_by_the_samples() -> None:
    """What `incompatibility` rests on."""
    for name in ("Invocation", "Progress"):
        old = schema_of(name)
        for enum in ("status", "stage"):
            for field in (field for field in old["fields"] if field["name"] == enum):
                for symbol in list(field["type"]["symbols"]):
                    new = schema_of(name)
                    _field(new, enum)["type"]["symbols"].remove(symbol)
                    assert incompatibility(old, new), f"{name}.{enum} may lose {symbol} unseen"


def test_the_current_classes_are_those_of_the_files() -> None:
    assert {Invocation, Progress} <= set(records())
    assert Chunking not in records()
