"""Base classes of events on topics and of bodies of the HTTP API."""

from pydantic import BaseModel, BeforeValidator, ConfigDict

#: The namespace of all records in Avro.
NAMESPACE = "headrace"
#: What Chroma takes as a metadata value: scalars and homogeneous, non-empty arrays of scalars.
MetadataValue = str | int | float | bool | list[str] | list[int] | list[float] | list[bool] | None


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


#: For whole numbers of a body: 1.0 is one, too, as JSON has one kind of number. Stands behind the limits,
#: `Annotated[int, Field(ge=1), WHOLE]`: in front of them, they would not be in the OpenAPI document.
WHOLE = BeforeValidator(_whole)


class Event(BaseModel):
    """Base of all records: immutable, and strict about unknown fields, so that typos are caught."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Body(BaseModel):
    """Base of all bodies: immutable, without type coercion ("1" is not a number)."""

    model_config = ConfigDict(frozen=True, strict=True)


class OwnBody(Body):
    """Base of our own shapes, which refuse unknown fields."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
