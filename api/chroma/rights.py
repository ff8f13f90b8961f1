"""What a key may do on Chroma's paths: its tenant, its databases, and collections that Headrace keeps."""

from typing import Any

from aiohttp import web

from api.access import Caller
from api.chroma.place import Place
from api.dependencies import PARTS, Dependencies
from api.errors import Forbidden
from api.requests import caller_of
from api.search.parsing import read_json


def tenant_of(request: web.Request, name: str) -> tuple[str, str]:
    """The tenant of the path, as Headrace knows it and as Chroma does. Raises Forbidden for another's."""
    caller, alias = caller_of(request), request.app[PARTS].gateway.chroma.tenant
    if alias is not None and name == alias:
        return caller.tenant, alias
    if name != caller.tenant and not caller.preset:
        raise Forbidden(
            f"this key belongs to tenant {caller.tenant!r}, the request names {name!r}: "
            f"give the client tenant={caller.tenant!r}"
        )
    return name, alias or name


def place_of(request: web.Request) -> Place:
    """The database of the path. Raises Forbidden unless the key may see it."""
    tenant, stored = tenant_of(request, request.match_info["tenant"])
    return place_in(caller_of(request), tenant, stored, request.match_info["database"])


def place_in(caller: Caller, tenant: str, stored: str, database: str) -> Place:
    """A database of a tenant. Raises Forbidden unless the key may see it."""
    caller.require_database(database)
    return Place(tenant, stored, database)


def require_writable(request: web.Request, place: Place, collection: str) -> None:
    """Raise Forbidden for a collection that Headrace keeps, unless the key is an admin key."""
    caller, parts = caller_of(request), request.app[PARTS]
    if caller.admin or not kept(parts, place, collection):
        return
    raise Forbidden(
        f"Headrace keeps collection {collection!r} true to its sources: only an admin key may write to it. "
        "Write to a collection of your own, or change the documents where they come from"
    )


def kept(parts: Dependencies, place: Place, collection: str) -> bool:
    """Whether a source fills the collection, or has."""
    return parts.catalogue.filling(place.tenant, place.database, collection) is not None


async def json_body(request: web.Request) -> tuple[bytes, dict[str, Any]]:
    """The body, and the object in it; an empty one if it holds none: Chroma says what is wrong with it.

    Raises BadRequest for what cannot be read here. Chroma might read it, and do what the names in it forbid.
    """
    body = await request.read()
    found = read_json(body) if body.strip() else None
    return body, found if isinstance(found, dict) else {}


def text_in(body: dict[str, Any], name: str) -> str | None:
    """A member of a body, if it is a text."""
    found = body.get(name)
    return found if isinstance(found, str) else None
