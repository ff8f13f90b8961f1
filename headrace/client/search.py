"""`headrace query`: a question becomes a vector of the collection's model, Chroma finds its neighbours."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self
from urllib.parse import quote

import aiohttp

from headrace.settings import Settings
from schemas.errors import RequestError, TransientError
from schemas.limits import TRIAL_MODEL

_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)

#: Neighbours that Chroma is asked for at least, of which the best are kept. Its index walks a graph, as
#: broadly as it is asked for results or as the collection says, whichever is more: 300 in one that Headrace
#: made, where this changes nothing; 100 in one that was made otherwise or before, where 300 finds the best
#: chunk for 96 % of questions about rare ones instead of 85 to 88 (docs/indexing.md). It costs the server
#: 0.7 ms of CPU a question. 300 is also the most that Chroma Cloud answers.
_BREADTH = 300

#: The names under which Chroma keeps an embedding function, and where its configuration has the model.
_DEFAULT = TRIAL_MODEL
_MODEL_FIELDS = {"sentence_transformer": "model_name", "chroma-cloud-qwen": "model"}


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found. `score` is the cosine similarity, at most 1; lines are 1-based, inclusive."""

    document_key: str
    start_line: int | None
    end_line: int | None
    score: float
    text: str
    context: str
    page: int | None

    @property
    def place(self) -> str:
        """`README.md:12–30`, and the page where there are pages."""
        lines = "" if self.start_line is None else f":{self.start_line}–{self.end_line}"
        return f"{self.document_key}{lines}" + (f" (page {self.page})" if self.page else "")

    def as_json(self) -> dict[str, Any]:
        """The hit for programs."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection of Chroma: its id, and the model that its configuration names."""

    id: str
    model: str | None


class ChromaSearch:
    """Reads collections over Chroma's HTTP API; an asynchronous context."""

    def __init__(self, url: str, settings: Settings, database: str) -> None:
        tenant = settings.chroma_tenant or "default_tenant"
        self._url, self._database = url.rstrip("/"), database
        self._databases = f"/api/v2/tenants/{quote(tenant, safe='')}/databases"
        self._path = f"{self._databases}/{quote(database, safe='')}/collections"
        token = settings.chroma_api_key
        headers = {"x-chroma-token": token.get_secret_value()} if token else {}
        self._session = aiohttp.ClientSession(headers=headers, timeout=_TIMEOUT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def collection(self, name: str) -> Collection:
        """Look a collection up. Raises RequestError with the names there are when it is not there."""
        try:
            found = await self._call("GET", f"{self._path}/{quote(name, safe='')}")
        except LookupError:
            await self._require_database()
            names = ", ".join(await self._names(self._path)) or "no collection at all"
            raise RequestError(
                f"no collection {name!r} in database {self._database!r}; it holds {names}"
            ) from None
        return Collection(found["id"], model_of(found.get("configuration_json") or {}))

    async def nearest(self, collection: Collection, vector: list[float], count: int) -> list[Hit]:
        """The chunks nearest to a vector, best first; at most `count`."""
        body = {
            "query_embeddings": [vector],
            "n_results": max(count, _BREADTH),
            "include": ["documents", "metadatas", "distances"],
        }
        found = await self._call("POST", f"{self._path}/{collection.id}/query", body)
        rows = zip(found["documents"][0], found["metadatas"][0], found["distances"][0], strict=True)
        hits = [_hit(text or "", metadata or {}, distance) for text, metadata, distance in rows]
        return hits[:count]

    async def _require_database(self) -> None:
        try:
            await self._call("GET", f"{self._databases}/{quote(self._database, safe='')}")
        except LookupError:
            names = ", ".join(await self._names(self._databases)) or "none"
            raise RequestError(f"no database {self._database!r} in Chroma; there are {names}") from None

    async def _names(self, path: str) -> list[str]:
        try:
            return sorted(one["name"] for one in await self._call("GET", f"{path}?limit=20"))
        except LookupError:
            return []

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer's JSON. Raises LookupError for 404, RequestError for what Chroma refuses."""
        try:
            async with self._session.request(method, f"{self._url}{path}", json=body) as answer:
                if answer.status == 404:
                    raise LookupError(path)
                if answer.status >= 400:
                    raise RequestError(f"Chroma refused ({answer.status}): {(await answer.text())[:300]}")
                return await answer.json()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise TransientError(
                f"Chroma does not answer at {self._url} (HEADRACE_CHROMA_URL): {reason}"
            ) from error


def model_of(configuration: Mapping[str, Any]) -> str | None:
    """The model that a collection was filled with, as its configuration names it; None when it does not."""
    function = configuration.get("embedding_function") or {}
    name, config = function.get("name"), function.get("config") or {}
    if name == "default":
        return _DEFAULT
    model = config.get(_MODEL_FIELDS.get(str(name), ""))
    return model if isinstance(model, str) else None


async def search(
    settings: Settings, chroma_url: str, database: str, collection: str, text: str, count: int
) -> list[Hit]:
    """The `count` chunks of a collection that answer `text` best."""
    return (await search_all(settings, chroma_url, database, collection, [text], count))[0]


async def search_all(
    settings: Settings, chroma_url: str, database: str, collection: str, texts: list[str], count: int
) -> list[list[Hit]]:
    """The same for several questions; the model is loaded once."""
    from services.embedding import load_embedder

    async with ChromaSearch(chroma_url, settings, database) as chroma:
        found = await chroma.collection(collection)
        model = found.model or settings.embedding_model
        folder = settings.embedding_folder if model == settings.embedding_model else None
        embedder = load_embedder(model, folder=folder, cache_dir=settings.cache_dir)
        try:
            vectors = await embedder.embed_queries(texts)
        finally:
            await embedder.close()
        return [await chroma.nearest(found, vector.tolist(), count) for vector in vectors]


def _hit(text: str, metadata: Mapping[str, Any], distance: float) -> Hit:
    return Hit(
        document_key=str(metadata.get("document_key", "?")),
        start_line=metadata.get("start_line"),
        end_line=metadata.get("end_line"),
        score=1.0 - distance,  # collections are made with cosine distance
        text=text,
        context=str(metadata.get("context") or ""),
        page=metadata.get("page"),
    )
