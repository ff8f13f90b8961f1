"""Which runs an event means, and what a `.meta.json` says."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.errors import RequestError
from schemas.events import Chunking, Embedding, Source, make_source
from schemas.meta_files import MAX_BYTES, options_in
from schemas.sources.s3 import S3Config, S3Options
from services.triggers.choosing import MetaFile, Wanted, concerns, wanted
from services.triggers.messages import ObjectEvent

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def bucket_source(auto_sync: str = "direct", number: int = 1, **config: Any) -> Source:
    fields = {"bucket_name": "library", "region": "us-east-1", "collection_name": "docs", **config}
    return make_source(
        S3Config(auto_sync=auto_sync, **fields),
        id=f"b9a4f649-f642-566c-a1b4-06de9bad2a{number:02}",
        tenant="t",
        database="d",
        type="s3",
        embedding=Embedding(model="m"),
        chunking=Chunking(),
        created_at=NOON,
    )


def happened(key: str = "a.pdf", removed: bool = False, **fields: Any) -> ObjectEvent:
    return ObjectEvent("library", key, removed, **fields)


def runs(event: ObjectEvent, source: Source, before: dict[str, S3Options] | None = None) -> list[Any]:
    found = wanted(event, source, before or {})
    return [(one.collection, one.options) for one in found if isinstance(one, Wanted)]


SAID = S3Options(object_key="a.pdf", custom_id="mine", metadata={"team": "blue"})


@pytest.mark.parametrize("removed", [False, True])
def test_an_object_goes_into_the_collection_of_a_direct_source(removed: bool) -> None:
    assert runs(happened(removed=removed), bucket_source()) == [("docs", S3Options(object_key="a.pdf"))]


@pytest.mark.parametrize("removed", [False, True])
def test_an_object_that_no_meta_file_has_named_is_none_of_a_metadata_source(removed: bool) -> None:
    assert not runs(happened(removed=removed), bucket_source("metadata"))


@pytest.mark.parametrize("removed", [False, True])
@pytest.mark.parametrize("auto_sync", ["direct", "metadata"])
def test_an_object_stays_where_it_was_run_before_and_what_was_said_of_it(
    auto_sync: str, removed: bool
) -> None:
    before = {"wiki": SAID, "other": S3Options(object_key="a.pdf")}

    found = runs(happened(removed=removed), bucket_source(auto_sync), before)

    assert found == [("other", S3Options(object_key="a.pdf")), ("wiki", SAID)]


@pytest.mark.parametrize("auto_sync", ["direct", "metadata"])
def test_a_meta_file_is_read_in_both_modes_and_its_end_means_nothing(auto_sync: str) -> None:
    source = bucket_source(auto_sync)

    assert wanted(happened("x/a.meta.json"), source, {}) == [MetaFile(source, "x/a.meta.json")]
    assert wanted(happened("x/a.meta.json", removed=True), source, {}) == []


def test_a_folder_of_a_console_is_no_document_and_an_object_of_its_name_is() -> None:
    assert not runs(happened("photos/", size=0), bucket_source())
    assert runs(happened("photos/", size=3), bucket_source())


@pytest.mark.parametrize(
    ("config", "key", "expected"),
    [
        ({}, "a", True),
        ({"path_prefix": "docs"}, "docs2/a", True),  # a prefix is a text
        ({"path_prefix": "docs/"}, "docs2/a", False),
        ({"path_prefix": "Docs/"}, "docs/a", False),
        ({"path_prefix": "docs/"}, "docs/a", True),
        ({"bucket_name": "library2"}, "a", False),
        ({"auto_sync": "none"}, "a", False),
    ],
)
def test_a_source_is_concerned_by_its_bucket_prefix_and_mode(
    config: dict[str, Any], key: str, expected: bool
) -> None:
    assert concerns(happened(key), bucket_source(**config)) is expected


# ------------------------------------------------------------------------------------------ .meta.json


def meta(**fields: Any) -> bytes:
    said = {"version": "chroma-v1", "id": "mine", "path": "docs/a.pdf", **fields}
    return json.dumps({name: value for name, value in said.items() if value is not ...}).encode()


def test_a_meta_file_names_object_id_metadata_and_collection() -> None:
    found = options_in(meta(target_collection_name="wiki", metadata={"a": [1, 2], "b": None}), "docs")

    assert found == (
        S3Options(object_key="docs/a.pdf", custom_id="mine", metadata={"a": [1, 2], "b": None}),
        "wiki",
    )


def test_without_a_collection_it_is_that_of_the_source() -> None:
    assert options_in(meta(later="field"), "docs")[1] == "docs"
    assert options_in(b"\xef\xbb\xbf" + meta(target_collection_name=None, metadata=None), "docs")[1] == "docs"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "Invalid JSON"),
        (b"[]", "an object"),
        (b"\xff", "Invalid JSON"),
        (meta(version="chroma-v2"), "version is 'chroma-v2', expected 'chroma-v1'"),
        (meta(version=...), "version: Field required"),
        (meta(id=...), "id: Field required"),
        (meta(id=7), "id: Input should be a valid string"),
        (meta(id=""), "custom_id must not be empty"),
        (meta(id="x" * 121), "custom_id has 121 bytes"),
        (meta(path=...), "path: Field required"),
        (meta(path=""), "path: String should have at least 1 character"),
        (meta(path="b.meta.json"), r"path 'b.meta.json' is itself a .meta.json"),
        (meta(target_collection_name="a"), "collection name 'a'"),
        (meta(metadata={"a": {"b": 1}}), "metadata 'a' must be a scalar"),
        (meta(metadata={"document_key": "x"}), "metadata key 'document_key' is reserved"),
        (meta(metadata=[]), "metadata: Input should be"),
        (b" " * (MAX_BYTES + 1), "more than 65,536 bytes"),
    ],
)
def test_a_bad_meta_file_says_what_is_wrong(content: bytes, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        options_in(content, "docs")
