"""Documents: lists, and one with its chunks, its history and what went wrong."""

from functools import partial
from urllib.parse import urlencode

from aiohttp import web

from api.dashboard.forms import read_form
from api.dashboard.page import Context, Page
from api.dashboard.rendering import see_other
from api.dashboard.shown.formats import sentence
from api.dashboard.shown.names import name_of
from api.dependencies import PARTS
from api.documents.failures import retry_document
from api.documents.queries import delete_document, list_documents, show_document
from api.errors import BadRequest, NotFound
from api.requests import caller_of, query_choice, query_number, query_text
from api.views.documents.tables import STATES

_PAGE, _CHUNKS = 50, 50


async def show(request: web.Request) -> Page:
    """The list: of a source, of a collection, or of all."""
    return Page("documents.html", "Documents", partial(_load, request))


async def _load(request: web.Request) -> Context:
    parts, caller = request.app[PARTS], caller_of(request)
    source_id, collection = query_text(request, "source_id"), query_text(request, "collection")
    source = None if source_id is None else await parts.source(caller, source_id)
    database, _, name = (collection or "").rpartition("/")
    found = await list_documents(
        parts,
        caller,
        source_id=source_id,
        database=database or None,
        collection=name or None,
        state=query_choice(request, "state", STATES),
        contains=query_text(request, "q"),
        cursor=query_text(request, "after"),
        limit=_PAGE,
    )
    return {
        "documents": found.documents,
        "next": found.next_cursor,
        "states": STATES,
        "source": source,
        "source_name": None if source is None else name_of(source),
        "collection": collection,
        "filtered": any(query_text(request, name) for name in ("q", "state", "source_id", "collection")),
    }


async def show_one(request: web.Request) -> Page:
    """One document."""
    parts, caller, id_ = request.app[PARTS], caller_of(request), request.match_info["document_id"]
    first = query_number(request, "first", 0, 2**31)
    found = await show_document(parts, caller, id_, first, _CHUNKS)
    source = None if found.source_id is None else parts.catalogue.source(found.source_id)
    context = {
        "one": found,
        "first": first,
        "previous": max(0, first - _CHUNKS) if first else None,
        "source": source,
        "source_name": None if source is None else name_of(source),
        "origin": found.document_key if _is_web(found.document_key) else None,
        "lists": source is not None and source.type != "file_upload",
    }

    async def load() -> Context:
        return context

    return Page("document.html", found.document_key, load)


def chunk_path(document_id: str, chunk: int) -> str:
    """Where a chunk of a document is shown."""
    first = chunk // _CHUNKS * _CHUNKS
    return f"/documents/{document_id}" + (f"?first={first}" if first else "") + f"#chunk-{chunk}"


def _is_web(key: str) -> bool:
    """Whether a key is the address of a page; nothing else becomes a link."""
    return key.startswith(("https://", "http://")) and key.isprintable()


async def find(request: web.Request) -> web.StreamResponse:
    """Lead to a document by its collection and key: what an outcome knows of it."""
    parts, caller = request.app[PARTS], caller_of(request)
    database, collection, key = (query_text(request, name) for name in ("database", "collection", "key"))
    if database is None or collection is None or key is None:
        raise BadRequest("database, collection and key name a document; expected all three")
    found = await list_documents(
        parts, caller, database=database, collection=collection, prefix=key, limit=_PAGE
    )
    same = [one for one in found.documents if one.document_key == key]
    source_id = query_text(request, "source_id")
    chosen = [one for one in same if source_id is not None and one.source_id == source_id] or same
    if not chosen:
        raise NotFound(f"collection {collection!r} has no document {key!r} any more")
    if len(chosen) > 1:
        return see_other(f"/documents?{urlencode({'collection': f'{database}/{collection}', 'q': key})}")
    return see_other(f"/documents/{chosen[0].id}")


async def delete(request: web.Request) -> web.StreamResponse:
    """Delete a document from its collection."""
    await read_form(request)
    parts, id_ = request.app[PARTS], request.match_info["document_id"]
    done = await delete_document(parts, caller_of(request), id_)
    return see_other(f"/documents/{id_}", f"{done.document_key}: {done.message}")


async def retry(request: web.Request) -> web.StreamResponse:
    """Process a failed document again."""
    await read_form(request)
    parts, id_ = request.app[PARTS], request.match_info["document_id"]
    done = await retry_document(parts, caller_of(request), id_)
    return see_other(f"/documents/{id_}", sentence(done.message))
