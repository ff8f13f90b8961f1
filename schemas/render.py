"""`python -m schemas.render`: write the `.avsc` of every event; a changed one moves to `avro/previous/`.
The JSON Schema of `inbox` goes to `json/`.

Records of a released schema stay readable forever: its schema is kept under its fingerprint. Services and
commands read the rendered files (`schemas.codec`), and do not load this module.
"""

import functools
import inspect
import json
import operator
import sys
import types
import typing
from copy import copy
from pathlib import Path
from typing import Any

from dataclasses_avroschema.pydantic import AvroBaseModel
from pydantic import create_model

from schemas.base import Event
from schemas.codec import AVRO_FOLDER, NAMESPACE, event_types, fingerprint
from schemas.errors import ContractError
from schemas.evolution import incompatibility
from schemas.inbox import JSON_FOLDER, json_schema

#: Attributes of a schema that hold schemas.
_NESTED = ("type", "fields", "items", "values")


def render(folder: Path = AVRO_FOLDER) -> list[str]:
    """Bring `folder` up to date; returns the names of the records whose file changed.

    Raises ContractError, and writes nothing, when a schema cannot follow the one that is there.
    """
    changed: dict[Path, str] = {}
    for event_type in event_types():
        path = folder / f"{event_type.__name__}.avsc"
        text = json.dumps(render_schema(event_type), indent=2) + "\n"
        if not path.exists() or path.read_text() != text:
            changed[path] = text
    superseded = [path for path in changed if _supersedes(path, changed[path])]
    for path in superseded:
        old = json.loads(path.read_text())
        kept = folder / "previous" / f"{path.stem}.{fingerprint(old).hex()}.avsc"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(path.read_text())
    for path, text in changed.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [path.stem for path in changed]


def render_json(folder: Path = JSON_FOLDER) -> list[str]:
    """Write the JSON Schema of an event on `inbox`; returns its name if the file changed."""
    path, text = folder / "InboxEvent.json", json.dumps(json_schema(), indent=2) + "\n"
    if path.exists() and path.read_text() == text:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return [path.stem]


def _supersedes(path: Path, text: str) -> bool:
    """Whether the text is another schema than the file's, not just other words about it."""
    if not path.exists():
        return False
    old, new = json.loads(path.read_text()), json.loads(text)
    if fingerprint(old) == fingerprint(new):
        return False
    if reason := incompatibility(old, new):
        raise ContractError(
            f"{path.stem} has changed incompatibly: {reason}. A field comes and goes with a default; what "
            f"was never released may be rendered anew after deleting {path}"
        )
    return True


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


if __name__ == "__main__":
    try:
        print("changed:", ", ".join([*render(), *render_json()]) or "none")
    except ContractError as error:
        sys.exit(str(error))
