"""Whether a schema may follow another: Avro's resolution, tried on generated records in both directions.

A newer service reads what an older one wrote (topics outlive releases), and with a schema registry an older
one reads what a newer one writes (releases roll). So a field may come or go only with a default, a type may
not change, and an enum keeps its symbols.
"""

import io
from typing import Any

import fastavro
from fastavro.utils import generate_many

#: Generated records choose branches of unions and symbols of enums at random. Of our enums the largest has 7
#: symbols: 200 records miss a certain one with a chance of (6/7)^200 = 4e-14.
_SAMPLES = 200

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
