"""The bases of all that crosses a border: events on topics, and bodies of the HTTP API."""

from dataclasses_avroschema.pydantic import AvroBaseModel
from pydantic import BaseModel, ConfigDict

#: What Chroma takes as a metadata value: scalars and homogeneous, non-empty arrays of scalars.
MetadataValue = str | int | float | bool | list[str] | list[int] | list[float] | list[bool] | None


class Event(AvroBaseModel):
    """Base of all records: immutable, and strict about unknown fields so that a typing error is caught."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Body(BaseModel):
    """Base of all bodies: immutable, and no guessing at types ("1" is no number)."""

    model_config = ConfigDict(frozen=True, strict=True)


class OwnBody(Body):
    """Base of the shapes that only we have: a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
