"""A client for Chroma's HTTP API v2, shared by the gateway, the indexing service and `headrace query`.

Why not the package `chromadb`: it writes no more rows per second, because the server is the limit. With 384
dimensions and 300 rows per request (`benchmarks/indexing.py`) it takes 35 µs of CPU per row, this client 18,
because vectors go from the event into the request without becoming Python floats. It needs 40 MB more memory
and a second more to start. Its errors drop the status and `Retry-After`, which decide what happens to a
document.

    DocumentError                 Chroma refuses what it was asked: most of 4xx, 501
    ├── NotFound                  404: no such database or collection
    └── DocumentTooLarge          413
    TransientError                no connection; 401, 403, 408, 502 and above
    ├── RateLimited               429
    ├── ServerFault               409, 500: an error of the server's own
    └── Unanswered                sent, and not answered in time: nobody knows whether it was done
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from schemas.errors import DocumentError, DocumentTooLarge, RateLimited, TransientError
from streams.http.errors import reason_of, retry_after_seconds
from streams.http.traces import chroma_template, client_traces
from streams.metrics import CHROMA_SECONDS
from streams.reembedded import Reembedded, identity_of, reembedded

#: The metadata key of a collection with the `Embedding` of its documents as JSON, for embeddings that an
#: embedding function cannot describe.
EMBEDDING_KEY = "headrace_embedding"
#: The metadata key of a collection with the fingerprint of its model.
MODEL_KEY = "headrace_model"

#: Timeout. A request of 300 rows takes 0.2 s, but much longer while the server compacts or swaps.
SECONDS = 60.0
_CONNECT_SECONDS = 5.0
#: What is done with rows. A collection may have such a name, too: its requests are counted with them.
_OPERATIONS = frozenset({"add", "count", "delete", "get", "query", "search", "update", "upsert"})


class NotFound(DocumentError):
    """There is no such database or collection."""


class ServerFault(TransientError):
    """The server answers, but with an error of its own."""


class Unanswered(TransientError):
    """The request was sent and not answered in time."""


@dataclass(frozen=True, slots=True)
class FoundCollection:
    """A collection.

    Attributes:
        id: what records call it (`streams.reembedded`).
        closed: whether its metadata has `finished_ingest: true`.
        model: the fingerprint of its model; empty if unknown.
        at: Chroma's id of it, which paths name.
        reembedded: what it says if it was embedded again.
    """

    id: str
    closed: bool
    model: str = ""
    at: str = ""
    reembedded: Reembedded | None = None


class ChromaClient:
    """Requests to one server or to Chroma Cloud. Connections are opened on demand.

    Args:
        url: base URL of the server, without a path: `http://127.0.0.1:8000`, `https://api.trychroma.com`.
        token: sent as `x-chroma-token`; Chroma Cloud needs one.
        tenant: replaces every other tenant, for accounts that have only one.
        seconds: timeout of each request.
    """

    def __init__(
        self, url: str, token: str | None = None, tenant: str | None = None, seconds: float = SECONDS
    ) -> None:
        self.url, self._tenant = url.rstrip("/"), tenant
        self._headers = {"content-type": "application/json"} | ({"x-chroma-token": token} if token else {})
        self._timeout = aiohttp.ClientTimeout(total=seconds, connect=min(seconds, _CONNECT_SECONDS))
        self._seconds = seconds
        self._opened: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    def databases(self, tenant: str) -> str:
        """The path of a tenant's databases."""
        return f"/api/v2/tenants/{segment(self._tenant or tenant)}/databases"

    def database(self, tenant: str, database: str) -> str:
        """The path of a database."""
        return f"{self.databases(tenant)}/{segment(database)}"

    def collections(self, tenant: str, database: str) -> str:
        """The path of a database's collections."""
        return f"{self.database(tenant, database)}/collections"

    async def collection(self, tenant: str, database: str, collection: str) -> FoundCollection | None:
        """A collection; None if it does not exist. Raises TransientError if Chroma does not answer."""
        try:
            path = f"{self.collections(tenant, database)}/{segment(collection)}"
            found = await self.get(path, f"collection {collection!r}")
        except DocumentError:  # no collection has a name that Chroma refuses
            return None
        metadata = found.get("metadata") or {}
        closed = metadata.get("finished_ingest") is True
        model = str(metadata.get(MODEL_KEY, ""))
        return FoundCollection(identity_of(found), closed, model, str(found["id"]), reembedded(found))

    async def get(self, path: str, what: str) -> Any:
        """GET the JSON at a path; `what` names it in messages. Raises the errors of the module's
        docstring."""
        return await self.request("GET", path, None, what)

    async def post(self, path: str, body: Mapping[str, Any], what: str) -> Any:
        """POST a body; returns the JSON response. Raises the errors of the module's docstring."""
        return await self.request("POST", path, json.dumps(body).encode(), what)

    async def request(self, method: str, path: str, body: bytes | None, what: str) -> Any:
        """Send a request; returns the JSON response. Raises the errors of the module's docstring."""
        try:
            with CHROMA_SECONDS.labels(_operation(method, path)).time():
                return await self._answered(method, path, body, what)
        except aiohttp.ClientError as error:
            raise self._away(error) from error
        except TimeoutError as error:
            raise Unanswered(f"Chroma has not answered {what} within {self._seconds:.0f} s") from error
        except (OSError, ValueError) as error:
            raise self._away(error) from error

    async def _answered(self, method: str, path: str, body: bytes | None, what: str) -> Any:
        async with self._session().request(method, URL(self.url + path, encoded=True), data=body) as answer:
            text = await answer.text(errors="replace")
            if answer.status >= 300:
                raise _refusal(answer.status, answer.headers, _words(text), what)
            return json.loads(text)

    def _away(self, error: Exception) -> TransientError:
        return TransientError(
            f"Chroma does not answer at {self.url} (HEADRACE_CHROMA_URL): {reason_of(error)}"
        )

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            # Hanging requests must not use up the connections of the others.
            connector = aiohttp.TCPConnector(limit=0)
            self._opened = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                headers=self._headers,
                trace_configs=client_traces(chroma_template),
            )
        return self._opened


def _operation(method: str, path: str) -> str:
    """What a request does, in few values: the names of collections are paths, too."""
    last = path.rpartition("/")[2]
    return last if last in _OPERATIONS else f"{method.lower()} collection"


def segment(name: str) -> str:
    """A name as one path segment. Raises DocumentError for a name that would change the path."""
    if name in ("", ".", ".."):
        raise DocumentError(f"{name!r} is no name for a tenant, a database or a collection")
    return quote(name, safe="")


def space_of(configuration: Mapping[str, Any] | None) -> str:
    """The distance of a collection with this `configuration_json`: `cosine`, `l2` or `ip`."""
    for index in ("hnsw", "spann"):
        space = ((configuration or {}).get(index) or {}).get("space")
        if isinstance(space, str):
            return space
    return "l2"  # Chroma's default


def _words(text: str) -> str:
    """The server's message: that of its `{"error", "message"}`, or the raw body."""
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.strip()[:500] or "no reason given"


def _refusal(status: int, headers: Mapping[str, str], words: str, what: str) -> Exception:
    """The error for a status.

    A refused token is transient, because no document is to blame and the user can fix it; the error names the
    setting.
    """
    message = f"Chroma refused {what} ({status}): {words}"
    if status == 404:
        return NotFound(message)
    if status == 429:
        return RateLimited(message, retry_after_seconds(headers.get("Retry-After")))
    if status in (401, 403):
        return TransientError(f"{message}; the token is set by HEADRACE_CHROMA_API_KEY")
    if status == 413:
        return DocumentTooLarge(message)
    if status in (409, 500):  # Chroma's own errors; 502 to 504 come from a proxy whose server is away
        return ServerFault(message)
    if status == 408 or status > 501 or status < 400:
        return TransientError(message)
    return DocumentError(message)
