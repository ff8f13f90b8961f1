"""Every event there can be: hypothesis strategies from the annotations of the event classes."""

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
