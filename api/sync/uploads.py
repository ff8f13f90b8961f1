"""`/api/v1/add-file`: a file is streamed to the blob store and an invocation indexes it.

    key ─► declared size ─► database_name, collection_name ─► scope, database, options ─► file ─► invocation

Everything that precedes the file is checked before its first byte is read. Optional parts may also follow the
file; errors in them are found after it is stored, and the blob is swept later.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from api.access import Caller
from api.dependencies import PARTS, Dependencies
from api.errors import BadRequest, describe_invalid
from api.gateway import Gateway
from api.metrics import UPLOADED_BYTES
from api.requests import caller_of
from api.sync.invocations import start_run
from api.sync.multipart import TEXT_PARTS, Part, UploadBody
from api.sync.options import (
    chunking_of,
    embedding_of,
    parse_metadata,
    require_collection_name,
    require_custom_id,
    require_file_name,
    require_free_key,
    require_text,
)
from api.sync.render import json_response
from api.sync.sources import upload_source
from schemas.api import AddFileResponse, SourceChunkingConfig, SourceEmbeddingConfig
from schemas.events import Chunking, Embedding, MetadataValue, Payload, Upload
from streams.chroma import FoundCollection

T = TypeVar("T")

LENGTH_HEADER = "x-upload-content-length"
_MAX_CONTENT_TYPE = 512
_EMBEDDING: TypeAdapter[SourceEmbeddingConfig | None] = TypeAdapter(SourceEmbeddingConfig | None)
_CHUNKING: TypeAdapter[SourceChunkingConfig | None] = TypeAdapter(SourceChunkingConfig | None)


@dataclass(frozen=True)
class Options:
    """The values of the optional parts."""

    custom_id: str | None
    metadata: dict[str, MetadataValue]
    embedding: Embedding
    chunking: Chunking
    content_type: str | None
    main_content: bool


@dataclass(frozen=True)
class StoredFile:
    """The file part, whose bytes are in the blob store."""

    name: str
    content: Payload
    content_type: str | None


async def add_file(request: web.Request) -> web.Response:
    """Store the file and request its run."""
    parts, caller = request.app[PARTS], caller_of(request)
    declared = _declared_size(request, parts.gateway.max_file_bytes)
    with parts.uploads.slot(caller.tenant):
        fields, file, found = await _receive(request, parts, caller, declared)
        options = parse_options(fields, parts.gateway)
        renewed = found.reembedded if found is not None else None
        upload = Upload(
            filename=file.name,
            content=file.content,
            content_type=options.content_type or file.content_type,
            custom_id=options.custom_id,
            metadata=options.metadata,
            embedding=renewed.over(options.embedding) if renewed else options.embedding,
            chunking=options.chunking,
            main_content=options.main_content,
        )
        source = await upload_source(parts, caller.tenant, fields["database_name"])
        invocation_id = await start_run(parts, source, fields["collection_name"], upload)
    return json_response(AddFileResponse(invocation_id=invocation_id), 201)


def parse_options(fields: Mapping[str, str], gateway: Gateway) -> Options:
    """Validate the optional parts. Raises BadRequest."""
    content_type = fields.get("content_type")
    metadata = parse_metadata(fields["metadata"]) if "metadata" in fields else {}
    embedding = embedding_of(_json(_EMBEDDING, fields, "embedding"), None, gateway.models)
    require_free_key(metadata, embedding)
    return Options(
        custom_id=require_custom_id(fields["custom_id"]) if "custom_id" in fields else None,
        metadata=metadata,
        embedding=embedding,
        chunking=chunking_of(_json(_CHUNKING, fields, "chunking"), gateway.chunking),
        content_type=_content_type(content_type) if content_type else None,
        main_content=_boolean("main_content", fields.get("main_content", "false")),
    )


def _json(adapter: TypeAdapter[T], fields: Mapping[str, str], name: str) -> T | None:
    if name not in fields:
        return None
    try:
        return adapter.validate_json(fields[name])
    except ValidationError as error:
        raise BadRequest(describe_invalid(error, f"part {name!r}")) from error


def _boolean(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise BadRequest(f"{name} must be true or false, found {value[:40]!r}")
    return value == "true"


def _declared_size(request: web.Request, most: int) -> int:
    text = request.headers.get(LENGTH_HEADER)
    if text is None:
        raise BadRequest(f"the header {LENGTH_HEADER} is missing: the size of the file in bytes")
    if not (text.isascii() and text.isdecimal() and len(text) < 20) or not 1 <= int(text) <= most:
        raise BadRequest(f"{LENGTH_HEADER} must be a whole number from 1 to {most}, found {text[:40]!r}")
    return int(text)


def _content_type(value: str) -> str:
    require_text("content_type", value)
    if len(value) > _MAX_CONTENT_TYPE or not value.isprintable():
        raise BadRequest(f"content_type must be at most {_MAX_CONTENT_TYPE} printable characters")
    return value


async def _receive(
    request: web.Request, parts: Dependencies, caller: Caller, declared: int
) -> tuple[dict[str, str], StoredFile, FoundCollection | None]:
    """Read all parts of the body, and store the file's bytes in the blob store. Returns them and the
    collection."""
    body = UploadBody(request, parts.gateway.stalled_s)
    fields: dict[str, str] = {}
    file: StoredFile | None = None
    found: FoundCollection | None = None
    async for part in body.parts():
        name = part.name
        if name in fields or (name == "file" and file is not None):
            raise BadRequest(f"part {name!r} is given twice")
        if name == "file":
            found = await _admit(parts, caller, fields)
            file = await _store(body, part, parts, declared)
        elif name in TEXT_PARTS:
            fields[name] = await body.text(name)
        else:
            known = ", ".join([*TEXT_PARTS, "file"])
            raise BadRequest(f"part {name[:80]!r} is unknown; expected {known}")
    if file is None:
        raise BadRequest("the part 'file' is missing")
    return fields, file, found


async def _admit(parts: Dependencies, caller: Caller, fields: Mapping[str, str]) -> FoundCollection | None:
    """Check everything that can be checked before the file is read. Returns the collection."""
    for name in ("database_name", "collection_name"):
        if name not in fields:
            raise BadRequest(f"the part {name!r} must precede 'file'")
    require_collection_name(fields["collection_name"])
    await parts.require_database(caller, fields["database_name"])
    options = parse_options(fields, parts.gateway)
    database, collection = fields["database_name"], fields["collection_name"]
    return await parts.open_collection(caller.tenant, database, collection, options.embedding)


async def _store(body: UploadBody, part: Part, parts: Dependencies, declared: int) -> StoredFile:
    name = require_file_name(part.filename)
    content_type = part.content_type
    known = content_type and content_type.split(";")[0].strip().lower() != "application/octet-stream"
    shown = _content_type(content_type) if known else None
    content = await parts.gateway.blobs.put_stream(
        _exactly(body.chunks(), declared), parts.gateway.max_file_bytes
    )
    return StoredFile(name, content, shown)


async def _exactly(chunks: AsyncIterator[bytes], declared: int) -> AsyncIterator[bytes]:
    """Pass the bytes on as they arrive. Raises BadRequest if there are more or fewer than declared."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > declared:
            raise BadRequest(f"the file is larger than {LENGTH_HEADER}, which says {declared} bytes")
        UPLOADED_BYTES.inc(len(chunk))
        yield chunk
    if size < declared:
        raise BadRequest(f"the file has {size} bytes, {LENGTH_HEADER} says {declared}")
