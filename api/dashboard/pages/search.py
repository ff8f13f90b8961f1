"""Search: one box, by meaning, by words or both, and the same query for programs."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from api.access import TOKEN_HEADER
from api.dashboard.page import Context, Page
from api.dashboard.pages.documents import chunk_path
from api.dashboard.pages.sources import DEFAULT_DATABASE
from api.dashboard.scope import scope_of
from api.dashboard.sessions import is_secure
from api.dependencies import PARTS
from api.errors import BadRequest, describe_invalid
from api.requests import caller_of, query_choice, query_number, query_text
from api.search.operation import answer
from schemas.api import SearchAnswer, SearchHit, SearchPayload
from schemas.errors import IngestError, RequestError
from schemas.words import words_of

MODES = ("hybrid", "dense", "sparse")
_LIMIT = 10
_NO_TEXT = "say what you are looking for: filters narrow a search down, and find nothing by themselves"
_MOST_OFFSET = 590
#: Metadata that a hit shows apart, or not at all.
_APART = (
    "document_key",
    "start_line",
    "end_line",
    "start_col",
    "end_col",
    "page",
    "context",
    "title",
    "source_id",
)


@dataclass(frozen=True)
class ShownHit:
    """A hit, where it is in its document, and what else is known of it."""

    hit: SearchHit
    document: str
    place: str
    more: Mapping[str, Any]
    link: str | None


async def show(request: web.Request) -> Page:
    """The page."""
    return Page("search.html", "Search", partial(_load, request))


async def _load(request: web.Request) -> Context:
    parts, scope = request.app[PARTS], scope_of(caller_of(request))
    collections = parts.catalogue.browse.targets(scope)
    chosen = _chosen(request, collections)
    asked = {
        "q": query_text(request, "q") or "",
        "mode": query_choice(request, "mode", MODES) or "hybrid",
        "contains": query_text(request, "contains") or "",
        "regex": query_text(request, "regex") or "",
        "where": query_text(request, "where") or "",
    }
    offset = query_number(request, "offset", 0, _MOST_OFFSET)
    context: dict[str, Any] = {
        "collections": [f"{database}/{name}" for database, name in collections],
        "chosen": "/".join(chosen) if chosen else "",
        "asked": asked,
        "modes": MODES,
        "offset": offset,
        "limit": _LIMIT,
        "error": None,
        "answer": None,
        "hits": [],
        "words": [],
        "programs": None,
    }
    if not asked["q"].strip() or chosen is None:
        filtered = any(asked[name].strip() for name in ("contains", "regex", "where"))
        return context | {"error": _NO_TEXT if filtered else None}
    try:
        payload = _payload(asked, chosen, offset)
        context["programs"] = _programs(request, payload)
        found = await answer(parts, caller_of(request), payload)
    except (RequestError, IngestError) as error:
        return context | {"error": str(error)}
    words = [*words_of(asked["q"]), *([asked["contains"]] if asked["contains"] else [])]
    return context | {"answer": found, "hits": _shown(found), "words": words}


def _chosen(request: web.Request, known: list[tuple[str, str]]) -> tuple[str, str] | None:
    """Database and collection: those that are named, else the first."""
    text = query_text(request, "collection")
    if text is None:
        return known[0] if known else None
    database, _, name = text.rpartition("/")
    return database or DEFAULT_DATABASE, name


def _payload(asked: Mapping[str, str], chosen: tuple[str, str], offset: int) -> SearchPayload:
    body: dict[str, Any] = {
        "collection_name": chosen[1],
        "database_name": chosen[0],
        "query": asked["q"],
        "mode": asked["mode"],
        "limit": _LIMIT,
        "offset": offset,
    }
    body |= {name: asked[name] for name in ("contains", "regex") if asked[name]}
    if asked["where"]:
        body["where"] = where_of(asked["where"])
    try:
        return SearchPayload.model_validate(body)
    except ValidationError as error:
        raise BadRequest(describe_invalid(error, "the search")) from error


def where_of(text: str) -> dict[str, Any]:
    """A filter on metadata: Chroma's JSON, or `key = value` joined by commas."""
    text = text.strip()
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"the filter is not JSON: {error}") from error
        return dict(found)
    terms: list[dict[str, Any]] = []
    for term in filter(None, (one.strip() for one in text.split(","))):
        key, equals, value = (one.strip() for one in term.partition("="))
        if not equals or not key:
            raise BadRequest(f"the filter {term[:80]!r} is neither JSON nor key = value")
        terms.append({key: _typed(value)})
    if not terms:
        raise BadRequest("the filter has no term")
    return terms[0] if len(terms) == 1 else {"$and": terms}


def _typed(value: str) -> str | int | float | bool:
    """A number or a truth value where it looks like one; in quotes it is a text."""
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return found if isinstance(found, str | int | float | bool) else value


def _shown(found: SearchAnswer) -> list[ShownHit]:
    return [_hit(hit) for hit in found.hits]


def _hit(hit: SearchHit) -> ShownHit:
    metadata = hit.metadata
    first, last, page = (metadata.get(name) for name in ("start_line", "end_line", "page"))
    place = f"page {page}" if page is not None else ""
    if first is not None:
        lines = f"line {first}" if first == last else f"lines {first}–{last}"
        place = f"{place}, {lines}" if place else lines
    more = {name: value for name, value in metadata.items() if name not in _APART and "sha256" not in name}
    key = metadata.get("document_key")
    link = None if hit.document_id is None else chunk_path(hit.document_id, hit.chunk_number or 0)
    return ShownHit(hit, str(key or hit.id), place, more, link)


def _programs(request: web.Request, payload: SearchPayload) -> Mapping[str, str]:
    """The same query as a command and as Python; the key is a variable, never its value."""
    scheme = "https" if is_secure(request) else "http"
    base = f"{scheme}://{request.host}"
    body = payload.model_dump(exclude_defaults=True) | {"limit": payload.limit}
    text = json.dumps(body, ensure_ascii=False)
    curl = (
        f"curl -s {base}/api/v1/search \\\n  -H '{TOKEN_HEADER}: '\"$HEADRACE_API_KEY\" \\\n"
        f"  -H 'content-type: application/json' \\\n  -d {shlex.quote(text)}"
    )
    python = (
        "import os, httpx\n\n"
        f'answer = httpx.post(\n    "{base}/api/v1/search",\n'
        f'    headers={{"{TOKEN_HEADER}": os.environ["HEADRACE_API_KEY"]}},\n    json={body!r},\n)\n'
        'for hit in answer.raise_for_status().json()["hits"]:\n'
        '    print(hit["rank"], hit["metadata"]["document_key"], hit["text"][:80])'
    )
    return {"curl": curl, "python": python}
