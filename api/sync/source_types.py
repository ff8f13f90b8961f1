"""Source types in the gateway; their table is `schemas.sources`."""

from typing import Any

from api.errors import BadRequest
from schemas.base import Event
from schemas.events import Source
from schemas.sources import SOURCE_TYPES, SourceType, served


def source_type(name: str) -> SourceType[Any, Any]:
    """A source type by name. Raises BadRequest for one that this deployment does not support."""
    found = served().get(name)
    if found is None:
        raise BadRequest(
            f"source type {name} is not available in this deployment; available are {', '.join(served())}"
        )
    return found


def require_type_name(name: str) -> str:
    """The type name of a filter. Raises BadRequest if it is unknown."""
    if name not in SOURCE_TYPES:
        raise BadRequest(f"source_type {name!r} is none of {', '.join(SOURCE_TYPES)}")
    return name


def shown(source: Source) -> str:
    """A source as shown in messages: its id and its origin."""
    kind = SOURCE_TYPES[source.type]
    return f"{source.id} ({kind.shown(kind.form_of(source.config))})"


def overlap(source: Source, other: Source) -> bool:
    """Whether two sources would index the same documents in a shared collection."""
    config: Event = source.config
    return (
        source.id != other.id
        and source.type == other.type
        and SOURCE_TYPES[source.type].overlaps(config, other.config)
    )
