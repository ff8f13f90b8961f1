"""Rows of a database as documents: Debezium's envelope, bare rows, and what a file may say of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import ContractError, RequestError
from schemas.inbox import Rules, said_by
from services.inbox import Table, read_tables
from services.inbox.rows import events_of

FILE = """
[[tables]]
topic = "shop.public.products"
collection = "products"
key = "id"
key_prefix = "products/"
text = ["name", "description"]
metadata = ["price", "tags"]
version = "source.lsn"
"""
ROW = {"id": 7, "name": "Kettle", "description": "Boils.", "price": 19.5, "tags": None, "secret": "x"}
PLACEHOLDER = "__debezium_unavailable_value"


@pytest.fixture
def table(tmp_path: Path) -> Table:
    (tmp_path / "tables.toml").write_text(FILE)
    return read_tables(tmp_path / "tables.toml")["shop.public.products"]


def change(op: str, before: Any = None, after: Any = None, lsn: Any = 5) -> dict[str, Any]:
    source = {"lsn": lsn, "table": "products"}
    return {"op": op, "before": before, "after": after, "source": source, "ts_ms": 1, "transaction": None}


def refused(table: Table, value: Any, key: str = "") -> str:
    with pytest.raises(ContractError) as error:
        events_of(table, key, value)
    return str(error.value)


@pytest.mark.parametrize("op", ["c", "u", "r"])
def test_a_row_that_is_written_is_a_document(table: Table, op: str) -> None:
    [fields] = events_of(table, "", change(op, after=ROW))

    said = said_by(fields, Rules())
    assert said.content == b"Kettle\n\nBoils."
    document = said.document
    assert (document.collection, document.document_key, document.version) == ("products", "products/7", 5)
    assert document.metadata == {"price": 19.5}


def test_a_row_that_is_deleted_is_a_delete_and_its_tombstone_is_nothing(table: Table) -> None:
    keys_only = dict.fromkeys(ROW) | {"id": 7}  # as a primary key alone identifies the row

    [fields] = events_of(table, "", change("d", before=keys_only))

    assert said_by(fields, Rules()).content is None
    assert fields["document_key"] == "products/7"
    assert events_of(table, "", None) == []


def test_the_json_converter_may_wrap_a_change_in_its_schema(table: Table) -> None:
    wrapped = {"schema": {"type": "struct"}, "payload": change("c", after=ROW)}

    assert events_of(table, "", wrapped) == events_of(table, "", change("c", after=ROW))
    assert events_of(table, "", {"schema": None, "payload": None}) == []


def test_a_row_with_a_new_key_deletes_its_old_document(table: Table) -> None:
    deleted, written = events_of(table, "", change("u", before=ROW | {"id": 6}, after=ROW))

    assert (deleted["op"], deleted["document_key"]) == ("delete", "products/6")
    assert (written["op"], written["document_key"]) == ("upsert", "products/7")


@pytest.mark.parametrize("mark", [PLACEHOLDER, "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==", [PLACEHOLDER]])
def test_a_value_that_was_not_logged_is_never_indexed(table: Table, mark: Any) -> None:
    after = ROW | {"description": mark}

    assert "column 'description' is not in this change" in refused(table, change("u", after=after))
    [fields] = events_of(table, "", change("u", before=ROW, after=after))
    assert fields["content"] == "Kettle\n\nBoils."


def test_texts_that_are_null_are_left_out_and_other_types_are_written_as_json(table: Table) -> None:
    [fields] = events_of(table, "", change("u", after=ROW | {"name": None, "description": {"a": 1}}))
    [empty] = events_of(table, "", change("u", after=ROW | {"name": None, "description": None}))

    assert fields["content"] == '{"a": 1}'
    assert empty["content"] == ""  # the document stays, without text


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"id": 1}, "shop.public.products: no envelope of Debezium: it has no op, only id"),
        (change("t"), "op 't': the table was truncated, which deletes nothing here"),
        (change("m"), "op 'm': c, u, r, d expected"),
        (change("d"), "op 'd' without before"),
        (change("c"), "op 'c' without after"),
        (change("c", after=[1]), "after must be a row, found a list"),
        (change("c", after={"id": 7, "name": "x"}), "no column 'description', only id, name"),
        (change("c", after=ROW | {"id": None}), "key column 'id' is null"),
        (change("c", after=ROW, lsn="0/16B"), "version 'source.lsn' is '0/16B', no whole number"),
    ],
)
def test_what_is_wrong_names_topic_and_column(table: Table, value: Any, says: str) -> None:
    assert says in refused(table, value)


def test_bare_rows_delete_by_a_null_value_or_by_their_mark(table: Table) -> None:
    bare = table.model_copy(update={"format": "rows", "version": None})

    [written] = events_of(bare, "", ROW | {"__deleted": "false"})
    for key, value in (
        ('{"id": 7}', None),
        ("7", None),
        ('{"schema": {}, "payload": {"id": 7}}', None),
        ("", ROW | {"__deleted": "true"}),
    ):
        [deleted] = events_of(bare, key, value)
        assert (deleted["op"], deleted["document_key"]) == ("delete", written["document_key"])
    assert "must be JSON with the columns" in refused(bare, None, "\0\0\0\0\x01abc")


def test_the_parts_of_a_key_cannot_run_into_each_other(table: Table) -> None:
    two = table.model_copy(update={"key": ["a", "b"], "key_prefix": ""})

    def key(**row: Any) -> str:
        return str(events_of(two, "", change("c", after=ROW | row))[0]["document_key"])

    assert key(a="x", b=1) == "x/1"
    assert key(a="x/y", b="z") != key(a="x", b="y/z")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[tables]", "is not TOML"),
        ("", "tables: Field required"),
        (FILE.replace("key =", "keys ="), "tables.0.key: Field required"),
        (FILE.replace('"products"', '"p"', 1), "collection name 'p'"),
        (FILE.replace("shop.public", "a/b"), "tables.0.topic"),
        (FILE + FILE, "topic 'shop.public.products' is there twice"),
        (FILE.replace("shop.public.products", "headrace.documents"), "'headrace.documents' is ours"),
        (FILE + FILE.replace("public", "old"), "would have the same keys in collection 'products'"),
        (FILE + "base64 = true", "base64 needs one column of text, found 2"),
    ],
)
def test_a_file_that_is_wrong_names_table_and_field(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "tables.toml"
    file.write_text(text)

    with pytest.raises(RequestError) as error:
        read_tables(file, ["headrace.documents"])

    assert says in str(error.value)


def test_metadata_may_be_renamed_and_text_may_be_bytes(tmp_path: Path) -> None:
    file = tmp_path / "tables.toml"
    file.write_text(
        """
        [[tables]]
        topic = "files"
        collection = "files"
        key = "id"
        text = "body"
        base64 = true
        filename = "name"
        metadata = { lang = "language" }
        """
    )
    [fields] = events_of(
        read_tables(file)["files"],
        "",
        change("c", after={"id": 1, "body": "JVBERg==", "name": "a.pdf", "language": "de"}),
    )

    said = said_by(json.loads(json.dumps(fields)), Rules())
    assert (said.content, said.filename, said.document.metadata) == (b"%PDF", "a.pdf", {"lang": "de"})
