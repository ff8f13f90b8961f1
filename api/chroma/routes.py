"""The Chroma routes that the gateway serves, with their handlers.

Routes that are not in this table are not forwarded: a new route of Chroma stays closed until its required
permissions are defined here.
"""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from api.chroma import collections, databases, records, server
from api.chroma.search import search
from api.errors import CHROMA_ROOT

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_TENANT = "/tenants/{tenant}"
_DATABASE = f"{_TENANT}/databases/{{database}}"
_COLLECTION = f"{_DATABASE}/collections/{{collection_id}}"

ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("GET", "/heartbeat", server.pass_on),
    ("GET", "/healthcheck", server.pass_on),
    ("GET", "/version", server.pass_on),
    ("GET", "/pre-flight-checks", server.pass_on),
    ("GET", "/auth/identity", server.identity),
    ("POST", "/reset", server.reset),
    ("POST", "/tenants", server.create_tenant),
    ("GET", _TENANT, server.get_tenant),
    ("PATCH", _TENANT, server.change_tenant),
    ("GET", f"{_TENANT}/databases", databases.list_databases),
    ("POST", f"{_TENANT}/databases", databases.create_database),
    ("GET", _DATABASE, databases.get_database),
    ("DELETE", _DATABASE, databases.delete_database),
    ("GET", "/collections/{crn}", collections.get_collection_by_crn),
    ("GET", f"{_DATABASE}/collections", collections.list_collections),
    ("POST", f"{_DATABASE}/collections", collections.create_collection),
    ("GET", f"{_DATABASE}/collections_count", collections.count_collections),
    ("GET", f"{_DATABASE}/collections/by-id/{{collection_id}}", collections.get_collection_by_id),
    ("GET", _COLLECTION, collections.get_collection),
    ("PUT", _COLLECTION, collections.change_collection),
    ("DELETE", _COLLECTION, collections.delete_collection),
    ("POST", f"{_COLLECTION}/get", records.read),
    ("POST", f"{_COLLECTION}/query", records.read),
    ("POST", f"{_COLLECTION}/search", search),
    ("GET", f"{_COLLECTION}/count", records.read),
    ("GET", f"{_COLLECTION}/fork_count", records.read),
    ("GET", f"{_COLLECTION}/indexing_status", records.read),
    ("GET", f"{_COLLECTION}/functions/{{function}}", records.read),
    ("POST", f"{_COLLECTION}/add", records.write),
    ("POST", f"{_COLLECTION}/update", records.write),
    ("POST", f"{_COLLECTION}/upsert", records.write),
    ("POST", f"{_COLLECTION}/delete", records.write),
    ("POST", f"{_COLLECTION}/fork", records.fork),
    ("POST", f"{_COLLECTION}/functions/attach", records.attach),
    ("POST", f"{_COLLECTION}/attached_functions/{{function}}/detach", records.attach),
)

#: Paths of Chroma's API v1, which our own API does not use.
_GONE = ("heartbeat", "version", "pre-flight-checks", "reset", "tenants", "databases", "collections")


def add_chroma(app: web.Application) -> None:
    """Serve Chroma's routes."""
    for method, path, handler in ROUTES:
        app.router.add_route(method, CHROMA_ROOT + path, handler)
    for name in _GONE:
        app.router.add_route("*", f"/api/v1/{name}", server.gone)
        app.router.add_route("*", f"/api/v1/{name}/{{rest:.*}}", server.gone)
