"""The routes of documents, and of an invocation's failures."""

from aiohttp import web

from api.dependencies import PARTS
from api.documents.failures import list_failures, retry_document, retry_failed
from api.documents.queries import MAX_CHUNKS, delete_document, list_documents, show_document
from api.errors import BadRequest
from api.requests import (
    MAX_LIMIT,
    caller_of,
    path_id,
    query_choice,
    query_number,
    query_text,
    query_uuid,
    read_body,
)
from api.sync.render import json_response
from api.views.documents.tables import STATES
from schemas.api import RetryPayload
from schemas.ids import DOCUMENT_ID_BEGINNING, DOCUMENT_ID_DIGITS


async def get_documents(request: web.Request) -> web.Response:
    """A page of documents."""
    page = await list_documents(
        request.app[PARTS],
        caller_of(request),
        source_id=query_uuid(request, "source_id"),
        database=query_text(request, "database_name"),
        collection=query_text(request, "collection_name"),
        state=query_choice(request, "state", STATES),
        prefix=query_text(request, "prefix"),
        contains=query_text(request, "contains"),
        cursor=query_text(request, "cursor"),
        limit=query_number(request, "limit", 100, MAX_LIMIT, least=1),
    )
    return json_response(page)


async def get_document(request: web.Request) -> web.Response:
    """One document with its history and some of its chunks."""
    found = await show_document(
        request.app[PARTS],
        caller_of(request),
        _document_id(request),
        query_number(request, "first_chunk", 0, 2**31),
        query_number(request, "chunks", 100, MAX_CHUNKS),
    )
    return json_response(found)


async def remove_document(request: web.Request) -> web.Response:
    """Delete a document from its collection."""
    found = await delete_document(request.app[PARTS], caller_of(request), _document_id(request))
    return json_response(found, 202)


async def retry_one(request: web.Request) -> web.Response:
    """Process a failed document again."""
    found = await retry_document(request.app[PARTS], caller_of(request), _document_id(request))
    return json_response(found, 202)


async def get_failures(request: web.Request) -> web.Response:
    """Failed documents of an invocation by reason."""
    run = path_id(request, "invocation_id")
    return json_response(list(await list_failures(request.app[PARTS], caller_of(request), run)))


async def retry(request: web.Request) -> web.Response:
    """Process failed documents of an invocation again."""
    run = path_id(request, "invocation_id")
    reason = (await read_body(request, RetryPayload)).reason if request.body_exists else None
    return json_response(await retry_failed(request.app[PARTS], caller_of(request), run, reason), 202)


def _document_id(request: web.Request) -> str:
    text = request.match_info["document_id"].lower()
    if not DOCUMENT_ID_BEGINNING.fullmatch(text):
        raise BadRequest(
            f"document_id {text[:80]!r} is not {DOCUMENT_ID_DIGITS} hex digits, nor the first 4 or more"
        )
    return text
