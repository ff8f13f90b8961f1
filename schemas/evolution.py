"""Whether a schema may follow another: Avro's resolution, tried on generated records in both directions.

A newer service reads what an older one wrote (topics outlive releases), and with a schema registry an older
one reads what a newer one writes (releases roll). So a field may come or go only with a default, a type may
not change, and an enum keeps its symbols.
"""

import io
from typing import Any

import fastavro
from fastavro.utils import generate_many

#: Generated records walk through branches of unions and symbols of enums by their index, so a few dozen meet
#: each of them; 60 is divisible by every number of branches and symbols up to 6.
_SAMPLES = 60

Schema = dict[str, Any]


def incompatibility(old: Schema, new: Schema) -> str | None:
    """Why `new` cannot follow `old`, or None when it can."""
    if reason := _unreadable(old, new):
        return f"what the older schema wrote cannot be read: {reason}"
    if reason := _unreadable(new, old):
        return f"older readers cannot read what the newer schema writes: {reason}"
    return None


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
