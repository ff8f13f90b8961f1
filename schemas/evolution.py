"""Whether a schema may follow another: Avro's resolution, tried on generated records in both directions.

A newer service reads what an older one wrote (topics outlive releases), and with a schema registry an older
one reads what a newer one writes (releases roll). So a field may come or go only with a default, a type may
not change, and an enum keeps its symbols. An enum may gain symbols: records that hold one are read by newer
services alone, so those that read are upgraded before those that write.
"""

import io
from typing import Any

import fastavro
from fastavro.utils import generate_many

#: Generated records choose branches of unions and symbols of enums at random. Of our enums the largest has 8
#: symbols: 200 records miss a certain one with a chance of (7/8)^200 = 3e-12.
_SAMPLES = 200

Schema = dict[str, Any]


def incompatibility(old: Schema, new: Schema) -> str | None:
    """Why `new` cannot follow `old`, or None when it can."""
    if reason := _unreadable(old, new):
        return f"what the older schema wrote cannot be read: {reason}"
    if reason := _unreadable(_without_new_symbols(new, _symbols(old)), old):
        return f"older readers cannot read what the newer schema writes: {reason}"
    return None


def _symbols(schema: Any) -> dict[str, list[str]]:
    """The symbols of every enum of a schema, by its name."""
    if isinstance(schema, list):
        return {name: symbols for part in schema for name, symbols in _symbols(part).items()}
    if not isinstance(schema, dict):
        return {}
    own = {schema["name"]: schema["symbols"]} if schema.get("type") == "enum" else {}
    return own | _symbols(list(schema.values()))


def _without_new_symbols(schema: Any, known: dict[str, list[str]]) -> Any:
    """What of a schema's records older services are to read."""
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
