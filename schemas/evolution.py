"""Compatibility of schema versions: Avro's schema resolution, tried on generated records both ways.

Newer services read what older ones wrote, because topics outlive releases. With a schema registry, older
services also read what newer ones write, because releases roll out gradually. So a field may be added or
removed only with a default, a type must not change, and an enum keeps its symbols. An enum may gain symbols:
only newer services read records with a new symbol, so upgrade readers before writers.
"""

import io
from typing import Any

import fastavro
from fastavro.utils import generate_many

#: Generated records choose union branches and enum symbols at random. The largest enum has 8 symbols: the
#: probability that 200 records miss one of them is (7/8)^200 = 3e-12.
_SAMPLES = 200

Schema = dict[str, Any]


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
    for sample in generate_many(writing, _SAMPLES):
        body = io.BytesIO()
        fastavro.schemaless_writer(body, writing, sample)
        body.seek(0)
        try:
            fastavro.schemaless_reader(body, writing, reading)
        except Exception as error:  # fastavro raises several kinds
            return f"{type(error).__name__}: {error}"
    return None
