"""Compatibility of schema versions: Avro's schema resolution, tried on records of every kind both ways.

Newer services read what older ones wrote, because topics outlive releases. With a schema registry, older
services also read what newer ones write, because releases roll out gradually. So a field may be added or
removed only with a default, a type must not change, and an enum keeps its symbols. An enum may gain symbols:
only newer services read records with a new symbol, so upgrade readers before writers.
"""

import io
from collections.abc import Iterator, Mapping
from typing import Any

import fastavro

Schema = dict[str, Any]

_PLAIN: Mapping[str, Any] = {
    "boolean": True,
    "bytes": b"b",
    "double": 0.5,
    "float": 0.5,
    "int": 1,
    "long": 1,
    "null": None,
    "string": "s",
}


def incompatibility(old: Schema, new: Schema) -> str | None:
    """Why `new` is incompatible with `old`; None if it is compatible."""
    if reason := _unreadable(old, new):
        return f"records of the older schema cannot be read: {reason}"
    if reason := _unreadable(_without_new_symbols(new, _symbols(old)), old):
        return f"older readers cannot read records of the newer schema: {reason}"
    return None


def _symbols(schema: Any) -> dict[str, list[str]]:
    """The symbols of every enum in a schema, by its name."""
    if isinstance(schema, list):
        return {name: symbols for part in schema for name, symbols in _symbols(part).items()}
    if not isinstance(schema, dict):
        return {}
    own = {schema["name"]: schema["symbols"]} if schema.get("type") == "enum" else {}
    return own | _symbols(list(schema.values()))


def _without_new_symbols(schema: Any, known: dict[str, list[str]]) -> Any:
    """The schema without enum symbols that older services do not know."""
    if isinstance(schema, list):
        return [_without_new_symbols(part, known) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _without_new_symbols(value, known) for key, value in schema.items()}
    if made.get("type") == "enum" and made["name"] in known:
        made["symbols"] = [symbol for symbol in made["symbols"] if symbol in known[made["name"]]]
    return made


def _unreadable(writer: Schema, reader: Schema) -> str | None:
    writing, reading = fastavro.parse_schema(writer), fastavro.parse_schema(reader)
    for sample in _samples(writer):
        body = io.BytesIO()
        fastavro.schemaless_writer(body, writing, sample)
        body.seek(0)
        try:
            fastavro.schemaless_reader(body, writing, reading)
        except Exception as error:  # fastavro raises several kinds
            return f"{type(error).__name__}: {error}"
    return None


def _samples(schema: Schema) -> Iterator[Any]:
    """Records that together have every branch of each union and every symbol of each enum, also within one
    another."""
    named: dict[str, Any] = {}
    return (_sample(schema, number, named) for number in range(_kinds(schema, named)))


def _kinds(schema: Any, named: dict[str, Any]) -> int:
    """After so many samples, one has had everything. `named` are the types met so far."""
    match _resolved(schema, named):
        case list() as branches:
            return len(branches) * max(_kinds(branch, named) for branch in branches)
        case {"type": "enum", "symbols": symbols}:
            return len(symbols)
        case {"type": "record", "fields": fields}:
            return max((_kinds(field["type"], named) for field in fields), default=1)
        case {"type": "array", "items": inner} | {"type": "map", "values": inner}:
            return _kinds(inner, named)
        case {"type": inner}:
            return _kinds(inner, named)
    return 1


def _sample(schema: Any, number: int, named: dict[str, Any]) -> Any:
    """The value with this number: its remainder chooses a branch, what is left chooses within that."""
    match _resolved(schema, named):
        case list() as branches:
            return _sample(branches[number % len(branches)], number // len(branches), named)
        case {"type": "enum", "symbols": symbols}:
            return symbols[number % len(symbols)]
        case {"type": "record", "fields": fields}:
            return {field["name"]: _sample(field["type"], number, named) for field in fields}
        case {"type": "array", "items": inner}:
            return [_sample(inner, number, named)]
        case {"type": "map", "values": inner}:
            return {"key": _sample(inner, number, named)}
        case {"type": "fixed", "size": size}:
            return bytes(size)
        case {"type": inner}:
            return _sample(inner, number, named)
        case str() as plain:
            return _PLAIN[plain]
    raise AssertionError(f"no sample of {schema}")


def _resolved(schema: Any, named: dict[str, Any]) -> Any:
    """A schema in the place of its name."""
    if isinstance(schema, dict) and "name" in schema:
        named[schema["name"]] = schema
    return named.get(schema, schema) if isinstance(schema, str) else schema
