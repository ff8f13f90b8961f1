"""The files in `schemas/avro/`: what other programs go by."""

import json
import re
from pathlib import Path

import avro.schema
import pytest

from schemas import codec
from schemas.codec import AVRO_FOLDER, RECORDS, event_types, fingerprint
from schemas.errors import ContractError
from schemas.events import CancelRequested, Event
from schemas.events.avro_schema import render_schema
from schemas.render import render
from streams.topics import CATALOGUE

FILES = sorted(AVRO_FOLDER.glob("*.avsc"))


@pytest.mark.parametrize("event_type", list(event_types()), ids=lambda event_type: event_type.__name__)
def test_the_file_is_what_the_class_says(event_type: type[Event]) -> None:
    text = (AVRO_FOLDER / f"{event_type.__name__}.avsc").read_text()

    assert json.loads(text) == render_schema(event_type), "run `python -m schemas.render`"


def test_there_is_a_file_for_every_record_of_every_topic_and_no_other() -> None:
    on_topics = {record.__name__ for topic in CATALOGUE for record in topic.records}

    assert {path.stem for path in FILES} == set(RECORDS) == on_topics


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_reference_library_takes_the_schema_and_finds_the_same_fingerprint(path: Path) -> None:
    """fastavro takes more than the specification allows; Java's library does not."""
    avro.schema.parse(path.read_text())
    # Its canonical form leaves {"type": "long"} of a logical type, which the specification reduces to "long".
    plain = re.sub(r'{\s*"type": "long",\s*"logicalType": "timestamp-millis"\s*}', '"long"', path.read_text())

    found = avro.schema.parse(plain).fingerprint("CRC-64-AVRO")

    assert bytes(found) == fingerprint(json.loads(path.read_text()))


def test_the_fingerprint_is_that_of_the_specification() -> None:
    """`"null"` has 0x63dd24e7cc258f8a (Avro 1.11, `SchemaNormalization` tests), written little-endian."""
    assert fingerprint("null") == bytes.fromhex("8a8f25cce724dd63")  # type: ignore[arg-type]


def test_rendering_writes_once_and_keeps_what_a_changed_schema_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Changed(CancelRequested):
        reason: str = "none"

    Changed.__name__ = "CancelRequested"
    assert set(render(tmp_path)) == set(RECORDS)
    assert render(tmp_path) == []
    before = (tmp_path / "CancelRequested.avsc").read_text()

    monkeypatch.setattr("schemas.render.event_types", lambda: iter([Changed]))

    assert render(tmp_path) == ["CancelRequested"]
    assert [path.read_text() for path in (tmp_path / "previous").iterdir()] == [before]


def test_rendering_refuses_a_change_that_breaks_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Changed(CancelRequested):
        reason: str

    Changed.__name__ = "CancelRequested"
    render(tmp_path)
    before = (tmp_path / "CancelRequested.avsc").read_text()
    monkeypatch.setattr("schemas.render.event_types", lambda: iter([Changed]))

    with pytest.raises(ContractError, match=r"CancelRequested has changed incompatibly.*reason"):
        render(tmp_path)
    assert (tmp_path / "CancelRequested.avsc").read_text() == before
    assert not (tmp_path / "previous").exists()


def test_an_event_that_is_only_a_part_of_others_has_no_file() -> None:
    assert "Chunk" not in codec.RECORDS
