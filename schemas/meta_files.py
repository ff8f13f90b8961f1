"""What a `.meta.json` says: which object is a document, with which id and metadata. Pure."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from schemas.checks import check_collection_name, metadata_of, require_custom_id
from schemas.errors import RequestError
from schemas.sources.s3 import S3Options

SUFFIX = ".meta.json"
#: Of all of it; its metadata have at most 16 KiB.
MAX_BYTES = 64 * 1024
VERSION = "chroma-v1"


class _MetaFile(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    version: str
    id: str
    path: str = Field(min_length=1)
    target_collection_name: str | None = None
    metadata: dict[str, JsonValue] | None = None


def is_meta_file(key: str) -> bool:
    """Whether an object says something of another one."""
    return key.endswith(SUFFIX)


def options_in(content: bytes, default_collection: str) -> tuple[S3Options, str]:
    """The object that is meant, and the collection it goes into.

    Raises RequestError with what is wrong, which the failed invocation shows.
    """
    if len(content) > MAX_BYTES:
        raise RequestError(f"it has more than {MAX_BYTES:,} bytes")
    try:
        said = _MetaFile.model_validate_json(content.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise RequestError(_faults(error)) from error
    if said.version != VERSION:
        raise RequestError(f"version is {said.version[:40]!r}, expected {VERSION!r}")
    if is_meta_file(said.path):
        raise RequestError(f"path {said.path[:200]!r} is itself a {SUFFIX}")
    found: Mapping[str, Any] = said.metadata or {}
    options = S3Options(
        object_key=said.path, custom_id=require_custom_id(said.id), metadata=metadata_of(found)
    )
    collection = said.target_collection_name or default_collection
    check_collection_name(collection)
    return options, collection


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)[:3]
    places = ("".join(f"{part}: " for part in fault["loc"][:1]) for fault in faults)
    return "; ".join(f"{place}{fault['msg']}" for place, fault in zip(places, faults, strict=True))
