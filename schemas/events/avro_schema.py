"""Avro schemas of event classes. What reads records takes the rendered files, and does not load this."""

import functools
import inspect
import json
import operator
import types
import typing
from copy import copy
from typing import Any

from dataclasses_avroschema.pydantic import AvroBaseModel
from pydantic import create_model

from schemas.base import NAMESPACE, Event

#: Attributes of a schema that hold schemas.
_NESTED = ("type", "fields", "items", "values")


def render_schema(event_type: type[Event]) -> dict[str, Any]:
    """The Avro schema of an event class, as it is kept in `schemas/avro/`."""
    schema: dict[str, Any] = _standard(json.loads(_twin(event_type).avro_schema()))
    return {"namespace": NAMESPACE, **schema}


@functools.cache
def _twin(event_type: type[Event]) -> type[AvroBaseModel]:
    """The class as the library wants it: it renders subclasses of its own base alone."""
    fields: dict[str, Any] = {}
    for name, field in event_type.model_fields.items():
        own = copy(field)
        own.default_factory = _twinned(field.default_factory)
        fields[name] = (_twinned(field.annotation), own)
    return create_model(event_type.__name__, __base__=AvroBaseModel, __doc__=event_type.__doc__, **fields)


def _twinned(annotation: Any) -> Any:
    """A field's type or factory, with the twin of each event class in it."""
    if inspect.isclass(annotation) and issubclass(annotation, Event):
        return _twin(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        return functools.reduce(operator.or_, map(_twinned, arguments))
    if origin in (list, dict):
        return origin[tuple(map(_twinned, arguments))]
    return annotation


def _standard(schema: Any) -> Any:
    """A schema as the Avro specification has it, which the libraries of other languages insist on.

    A union holds one array at most: `list[str] | list[int]` becomes an array of a union. Arrays and maps have
    no names.
    """
    if isinstance(schema, list):
        arrays = [branch["items"] for branch in schema if _is_array(branch)]
        others = [_standard(branch) for branch in schema if not (_is_array(branch) and len(arrays) > 1)]
        return [*others, {"type": "array", "items": arrays}] if len(arrays) > 1 else others
    if not isinstance(schema, dict):
        return schema
    made = {key: _standard(value) if key in _NESTED else value for key, value in schema.items()}
    if made.get("type") in ("array", "map"):
        made.pop("name", None)
    if "doc" in made:
        made["doc"] = inspect.cleandoc(made["doc"])
    return made


def _is_array(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "array"
