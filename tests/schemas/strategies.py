"""Every event there can be: hypothesis strategies from the annotations of the event classes.

What another version of a class wrote has only its schema left; `records_of` makes it from that.
"""

import types
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin

from hypothesis import strategies as st

from schemas.events import Event

#: Avro's timestamps count milliseconds.
_MOMENTS = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, fold=0)
)
_SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.one_of(st.integers(-200, 20_000), st.integers(-(2**63), 2**63 - 1)),
    float: st.floats(allow_nan=False),
    str: st.text(max_size=6),
    bytes: st.binary(max_size=6),
    datetime: _MOMENTS,
    type(None): st.none(),
}

_AVRO_SCALARS = {
    "boolean": bool,
    "long": int,
    "double": float,
    "string": str,
    "bytes": bytes,
    "null": type(None),
}


def events_of(event_type: type[Event]) -> st.SearchStrategy[Event]:
    """Events of one class, every field filled in."""
    fields = {name: _values(field.annotation) for name, field in event_type.model_fields.items()}
    return st.builds(event_type, **fields)


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return st.one_of([_values(argument) for argument in arguments])
    if origin is list:
        return st.lists(_values(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(_values(arguments[0]), _values(arguments[1]), max_size=3)
    if issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    assert issubclass(annotation, Event), f"no strategy for {annotation}"
    return events_of(annotation)


def records_of(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Records as a version of ours with this schema can have written them."""
    return _of_schema(schema, {})


def _of_schema(schema: Any, named: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """`named` holds the records and enums met so far, to which a schema refers by name."""
    if isinstance(schema, list):
        return st.one_of([_of_schema(branch, named) for branch in schema])
    if not isinstance(schema, dict):
        return named[schema] if schema in named else _SCALARS[_AVRO_SCALARS[schema]]
    match schema["type"]:
        case "record":
            fields = {field["name"]: _of_schema(field["type"], named) for field in schema["fields"]}
            return named.setdefault(schema["name"], st.fixed_dictionaries(fields))
        case "enum":
            return named.setdefault(schema["name"], st.sampled_from(schema["symbols"]))
        case "array":
            # An array of a union stands for `list[str] | list[int]`: its items are all of one type.
            items = schema["items"] if isinstance(schema["items"], list) else [schema["items"]]
            return st.one_of([st.lists(_of_schema(item, named), max_size=3) for item in items])
        case "map":
            return st.dictionaries(_SCALARS[str], _of_schema(schema["values"], named), max_size=3)
    return _MOMENTS if "logicalType" in schema else _of_schema(schema["type"], named)
