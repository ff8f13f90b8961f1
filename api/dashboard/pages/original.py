"""The original of a document, and beside it what parsing has made of it, cut into its chunks.

An original is anybody's file. It is shown as text, as a picture or by the browser's reader of PDF, never as a
page of this origin; all else is for download.
"""

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from aiohttp import web

from api.dashboard.page import Context, Page
from api.dashboard.shown.names import name_of
from api.dashboard.shown.pieces import Piece, pieces_of
from api.dependencies import PARTS
from api.documents.originals import Original, read_original
from api.documents.parsed import read_parsed
from api.documents.queries import find_document, show_document
from api.errors import Gone
from api.requests import caller_of, query_number
from schemas.api import DocumentChunk
from schemas.errors import TransientError

#: Chunks of a page: more than the page of a document has, to read on beside the original.
_CHUNKS = 100
#: Maximum characters that are shown of a text.
MOST_CHARACTERS = 200_000
#: A picture shows nothing but itself.
_FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
#: Browsers show no PDF in a sandbox; their readers run none of its scripts in our origin.
_PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"


async def show(request: web.Request) -> Page:
    """The original and the text that was made of it."""
    found = await find_document(request.app[PARTS], caller_of(request), _id(request))
    first = query_number(request, "first", 0, 2**31)
    return Page("original.html", found.key, partial(_load, request, first), frames=True)


async def _load(request: web.Request, first: int) -> Context:
    parts, caller, id_ = request.app[PARTS], caller_of(request), _id(request)
    found = await show_document(parts, caller, id_, first, _CHUNKS)
    original, missing = None, ""
    try:
        original = await read_original(parts, caller, id_)
    except (Gone, TransientError) as error:
        missing = str(error)
    pieces, parsed_missing = await _parsed(request, found.chunk_list)
    source = None if found.source_id is None else parts.catalogue.source(found.source_id)
    return {
        "one": found,
        "first": first,
        "previous": max(0, first - _CHUNKS) if first else None,
        "original": original,
        "size": 0 if original is None else len(original.content),
        "text": None if original is None else text_of(original),
        "most": MOST_CHARACTERS,
        "missing": missing,
        "pieces": pieces,
        "parsed_missing": parsed_missing,
        "source": source,
        "source_name": None if source is None else name_of(source),
    }


async def _parsed(request: web.Request, chunks: Sequence[DocumentChunk]) -> tuple[Sequence[Piece], str]:
    """The parsed text of these chunks in pieces; or the chunks alone, and why."""
    if not chunks:
        return [], ""
    try:
        parsed = await read_parsed(request.app[PARTS], caller_of(request), _id(request))
    except (Gone, TransientError) as error:
        return [Piece(chunk, chunk.text) for chunk in chunks], str(error)
    pieces = pieces_of(parsed.text, chunks)
    if pieces is None:
        another = "the collection does not have the chunks of this text yet"
        return [Piece(chunk, chunk.text) for chunk in chunks], another
    return pieces, ""


def text_of(original: Original) -> str | None:
    """The beginning of an original that is text; None if it is none."""
    if original.media_type != "text/plain":
        return None
    return original.content.decode("utf-8-sig")[:MOST_CHARACTERS]


async def send_file(request: web.Request) -> web.StreamResponse:
    """The bytes: pictures and PDF to be shown in the page, everything to be saved."""
    original = await read_original(request.app[PARTS], caller_of(request), _id(request))
    shown = "show" in request.query and original.media_type.startswith(("image/", "application/pdf"))
    pdf = shown and original.media_type == "application/pdf"
    way = "inline" if shown else "attachment"
    return web.Response(
        body=original.content,
        content_type=original.media_type if shown else "application/octet-stream",
        headers={
            "Content-Disposition": f"{way}; filename*=UTF-8''{quote(original.name, safe='')}",
            "Content-Security-Policy": _PDF_POLICY if pdf else _FILE_POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN" if pdf else "DENY",
        },
    )


def _id(request: web.Request) -> str:
    return request.match_info["document_id"]
