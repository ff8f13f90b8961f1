"""The fields of an event on `inbox`, and their JSON Schema."""

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.api.common import SourceChunkingConfig
from schemas.errors import ContractError
from schemas.inbox.reading import kind_of

JSON_FOLDER = Path(__file__).parents[1] / "json"
_INT64 = 2**63
#: Names of a document and its place: their values may be shown. Contents and metadata may be secrets.
_SHOWABLE = frozenset(
    {
        *("op", "collection", "document_key", "tenant", "database", "namespace", "custom_id"),
        *("content_type", "filename", "version", "version_key", "embedding_model", "main_content"),
    }
)
_SHOWN = 80

_Scalar = str | bool | int | float
_Json = _Scalar | None | list[str] | list[bool] | list[int] | list[float]


class InboxEvent(BaseModel):
    """A document is new or has changed, or is gone. `collection`, `document_key` and `content` suffice."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", title="InboxEvent")

    op: Literal["upsert", "delete"] | None = Field(
        None, description="Default: `delete` if `content` is null, else `upsert`."
    )
    collection: str = Field(description="Collection in Chroma; it is created with its first document.")
    document_key: str = Field(
        min_length=1, description="Names the document in its collection: a path, a URL, a row's id."
    )
    content: str | None = Field(
        None, description="The text. An explicit null deletes the document; the empty string empties it."
    )
    content_base64: str | None = Field(
        None, description="In place of `content`: the bytes of a file, such as a PDF, in base64."
    )
    content_type: str | None = Field(
        None, max_length=512, description="Media type, if content and file name do not say it."
    )
    filename: str | None = Field(
        None, max_length=4096, description="Its suffix says the format. Default: `document_key`."
    )
    metadata: dict[str, _Json] | None = Field(None, description="Metadata of every chunk; at most 16 KiB.")
    version: Annotated[int, Field(ge=-_INT64, lt=_INT64)] | None = Field(
        None,
        description="Grows with each version of the document: a time in milliseconds, a log sequence number. "
        "A smaller one never replaces a greater one, in whatever order they arrive.",
    )
    version_key: str | None = Field(
        None, description="Changes when the content does. Default: the SHA-256 of the content."
    )
    tenant: str | None = Field(None, description="Default: `HEADRACE_INBOX_TENANT`.")
    database: str | None = Field(None, description="Default: `HEADRACE_INBOX_DATABASE`.")
    namespace: str | None = Field(
        None, description="Keeps equal keys of several producers in one collection apart."
    )
    custom_id: str | None = Field(
        None, description="Chunks get the ids `<custom_id>-0`, `-1`, … Default: a hash of the key."
    )
    embedding_model: str | None = Field(None, description="Default: the model of the deployment.")
    chunking: SourceChunkingConfig | None = Field(None, description="How it is cut; as in the HTTP API.")
    main_content: bool | None = Field(
        None, description="Index a web page without its navigation, footers and adverts."
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of an event, as it is kept in `schemas/json/`."""
    made = InboxEvent.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def event_of(fields: Mapping[str, Any]) -> InboxEvent:
    """The event with these fields. Raises ContractError that names the first wrong field and its value."""
    try:
        return InboxEvent.model_validate(fields)
    except ValidationError as error:
        raise ContractError(_fault(error)) from None


def _fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    place = [str(part) for part in fault["loc"]]
    name = place[0]
    if fault["type"] == "extra_forbidden" and len(place) == 1:
        return _unknown(name)
    if fault["type"] == "missing":
        return f"{'.'.join(place)} is missing; an event needs collection, document_key and content"
    if len(place) > 1 and name == "metadata":  # a union: pydantic reports one fault for each of its members
        return f"metadata {place[1][:_SHOWN]!r} must be a string, number, boolean or an array of one of these"
    if name == "chunking":
        return f"{'.'.join(place)}: {fault['msg']}"
    return f"{name}{_shown(name, fault['input'])}: {fault['msg'][:1].lower()}{fault['msg'][1:]}"


def _unknown(name: str) -> str:
    known = [field for field in InboxEvent.model_fields if field != name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
    return f"unknown field {name[:_SHOWN]!r}{hint}"


def _shown(name: str, value: object) -> str:
    """The value, if it is short and may be shown, else what kind it is."""
    if name in _SHOWABLE and isinstance(value, _Scalar):
        return f" {json.dumps(value)[:_SHOWN]}"
    return f" ({kind_of(value)})"
