"""The events that a change of a row means. Pure.

Debezium's `op` is `c` (created), `u` (updated), `r` (read in a snapshot) or `d` (deleted); `before` and
`after` are the row. A null value (a tombstone) follows a delete, so that compaction drops the row: it says
nothing new.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from schemas.errors import ContractError
from schemas.inbox import read_object
from services.inbox.tables import Table

Fields = Mapping[str, Any]

_SHOWN = 80
_WRITTEN = frozenset({"c", "u", "r"})


def events_of(table: Table, key: str, value: Fields | None) -> list[dict[str, Any]]:
    """The fields of events of `inbox`, in order: none, one, or a delete and an upsert for a row with a new
    key. Raises ContractError that names topic and column."""
    found = _without_schema(value)
    try:
        return _of_rows(table, key, found) if table.format == "rows" else _of_change(table, found)
    except ContractError as error:
        raise ContractError(f"{table.topic}: {error}") from None


def _of_change(table: Table, value: Fields | None) -> list[dict[str, Any]]:
    if value is None:
        return []
    if "op" not in value:
        raise ContractError(
            f"no envelope of Debezium: it has no op, only {_names(value)}; for bare rows set "
            'format = "rows" in the file HEADRACE_INBOX_TABLES'
        )
    op, before = value["op"], _row(value, "before")
    if op == "d":
        if before is None:
            raise ContractError("op 'd' without before; the table needs a REPLICA IDENTITY")
        return [_delete(table, before, value)]
    if op not in _WRITTEN:
        meaning = (
            "the table was truncated, which deletes nothing here" if op == "t" else "c, u, r, d expected"
        )
        raise ContractError(f"op {str(op)[:_SHOWN]!r}: {meaning}")
    after = _row(value, "after")
    if after is None:
        raise ContractError(f"op {op!r} without after")
    return [*_moved(table, before, after, value), _upsert(table, before or {}, after, value)]


def _of_rows(table: Table, key: str, value: Fields | None) -> list[dict[str, Any]]:
    if value is None:
        return [_delete(table, _key_columns(table, key), {})]
    if str(value.get("__deleted")).lower() == "true":
        return [_delete(table, value, value)]
    return [_upsert(table, {}, value, value)]


def _moved(table: Table, before: Fields | None, after: Fields, value: Fields) -> list[dict[str, Any]]:
    """The delete of the document under the row's old key, if that is known and another."""
    if before is None or any(before.get(column) is None for column in table.key):
        return []
    return [] if _key(table, before) == _key(table, after) else [_delete(table, before, value)]


def _upsert(table: Table, before: Fields, after: Fields, value: Fields) -> dict[str, Any]:
    texts = [_value(table, column, before, after) for column in table.text]
    given = [text if isinstance(text, str) else json.dumps(text) for text in texts if text is not None]
    metadata = {name: _value(table, column, before, after) for name, column in table.metadata.items()}
    name = None if table.filename is None else _value(table, table.filename, before, after)
    return {
        **_named(table, after, value),
        "op": "upsert",
        "content_base64" if table.base64 else "content": "\n\n".join(given),
        "content_type": table.content_type,
        "filename": "row" if name is None else str(name),  # a key such as 1.5 has no suffix
        "metadata": {name: found for name, found in metadata.items() if found is not None},
        "embedding_model": table.embedding_model,
    }


def _delete(table: Table, row: Fields, value: Fields) -> dict[str, Any]:
    return {**_named(table, row, value), "op": "delete"}


def _named(table: Table, row: Fields, value: Fields) -> dict[str, Any]:
    return {
        "tenant": table.tenant,
        "database": table.database,
        "collection": table.collection,
        "document_key": _key(table, row),
        "version": _version(table, value),
    }


def _key(table: Table, row: Fields) -> str:
    parts = []
    for column in table.key:
        part = _column(table, column, row)
        if part is None or isinstance(part, dict | list):
            raise ContractError(f"key column {column!r} is {'null' if part is None else 'no scalar'}")
        text = part if isinstance(part, str) else json.dumps(part)
        parts.append(text.replace("%", "%25").replace("/", "%2F") if len(table.key) > 1 else text)
    return table.key_prefix + "/".join(parts)


def _value(table: Table, column: str, before: Fields, after: Fields) -> Any:
    """The value of a column. One that the database did not log is taken from `before`, if it is there."""
    found = _column(table, column, after)
    if not _is_unavailable(table, found):
        return found
    earlier = before.get(column)
    if earlier is None or _is_unavailable(table, earlier):
        raise ContractError(
            f"column {column!r} is not in this change, which left it as it was: the document stays as it is. "
            "Set REPLICA IDENTITY FULL for the table"
        )
    return earlier


def _column(table: Table, column: str, row: Fields) -> Any:
    if column not in row:
        raise ContractError(f"no column {column!r}, only {_names(row)}")
    return row[column]


def _is_unavailable(table: Table, value: object) -> bool:
    marks = (table.unavailable, base64.b64encode(table.unavailable.encode()).decode())
    if isinstance(value, list):
        return any(each in marks for each in value)
    if isinstance(value, dict):
        return any(name in marks for name in value)
    return value in marks


def _version(table: Table, value: Fields) -> int | None:
    found: Any = value
    if table.version is None:
        return None
    for name in table.version.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if found is None:
        return None
    try:
        return int(found)
    except (TypeError, ValueError):
        raise ContractError(
            f"version {table.version!r} is {str(found)[:_SHOWN]!r}, no whole number"
        ) from None


def document_key_of(table: Table, key: str) -> str | None:
    """The document that the key of a record names; None if it names none."""
    try:
        return _key(table, _key_columns(table, key))
    except ContractError:
        return None


def _key_columns(table: Table, key: str) -> Fields:
    """The columns in the key of a record: an object, or the value of the one column."""
    if key.lstrip().startswith("{"):
        return _without_schema(read_object(key)) or {}
    if len(table.key) > 1 or not key or key.startswith("\0"):
        raise ContractError("a null value deletes by the record's key, which must be JSON with the columns")
    try:
        return {table.key[0]: json.loads(key)}
    except ValueError:
        return {table.key[0]: key}


def _row(value: Fields, name: str) -> Fields | None:
    row = value.get(name)
    if row is not None and not isinstance(row, Mapping):
        raise ContractError(f"{name} must be a row, found a {type(row).__name__}")
    return row


def _without_schema(value: Fields | None) -> Fields | None:
    """What Kafka Connect's JSON converter wraps in `schema` and `payload`."""
    if value is None or set(value) != {"schema", "payload"}:
        return value
    payload = value["payload"]
    return payload if payload is None or isinstance(payload, Mapping) else {"payload": payload}


def _names(row: Fields) -> str:
    return ", ".join(sorted(row))[: 4 * _SHOWN] or "nothing"
