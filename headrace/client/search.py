"""`headrace query`: embed a query with the collection's model and find its neighbours in Chroma."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from pydantic import ValidationError

from headrace.embedding_models import models_of
from headrace.settings import Settings
from schemas.errors import DocumentError, RequestError
from schemas.events import Embedding, Task
from schemas.limits import TRIAL_MODEL
from streams.chroma import EMBEDDING_KEY, ChromaClient, NotFound, segment, space_of

_SECONDS = 30.0

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
        """The hit as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection of Chroma: its id, its embedding (None if unknown) and its distance."""

    id: str
    embedding: Embedding | None = None
    space: str = "cosine"


class ChromaSearch:
    """Reads collections over Chroma's HTTP API; an asynchronous context."""

    def __init__(self, url: str, settings: Settings, database: str) -> None:
        self._tenant, self._database = settings.chroma_tenant or "default_tenant", database
        key = settings.chroma_api_key
        token = key.get_secret_value() if key else None
        self._client = ChromaClient(url, token, settings.chroma_tenant, _SECONDS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def collection(self, name: str) -> Collection:
        """Look up a collection. Raises RequestError with the existing names if it does not exist."""
        try:
            path = self._client.collections(self._tenant, self._database)
            found = await self._client.get(f"{path}/{segment(name)}", f"collection {name!r}")
        except NotFound:
            await self._require_database()
            names = ", ".join(await self._names(path)) or "no collections"
            raise RequestError(
                f"no collection {name!r} in database {self._database!r}; it holds {names}"
            ) from None
        except DocumentError as error:
            raise RequestError(str(error)) from error
        configuration = found.get("configuration_json") or {}
        return Collection(found["id"], embedding_of(found), space_of(configuration))

    async def nearest(self, collection: Collection, vector: list[float], count: int) -> list[Hit]:
        """The chunks nearest to a vector of length 1, best first; at most `count`."""
        body = {
            "query_embeddings": [vector],
            "n_results": max(count, _BREADTH),
            "include": ["documents", "metadatas", "distances"],
        }
        path = self._client.collections(self._tenant, self._database)
        try:
            found = await self._client.post(f"{path}/{segment(collection.id)}/query", body, "the query")
        except DocumentError as error:
            raise RequestError(str(error)) from error
        rows = zip(found["documents"][0], found["metadatas"][0], found["distances"][0], strict=True)
        hits = [
            _hit(text or "", metadata or {}, similarity(distance, collection.space))
            for text, metadata, distance in rows
        ]
        return hits[:count]

    async def _require_database(self) -> None:
        try:
            await self._client.get(self._client.database(self._tenant, self._database), "the database")
        except NotFound:
            names = ", ".join(await self._names(self._client.databases(self._tenant))) or "none"
            raise RequestError(f"no database {self._database!r} in Chroma; there are {names}") from None

    async def _names(self, path: str) -> list[str]:
        try:
            return sorted(one["name"] for one in await self._client.get(f"{path}?limit=20", "the names"))
        except NotFound:
            return []


def embedding_of(collection: Mapping[str, Any]) -> Embedding | None:
    """The embedding in the metadata or configuration of a collection; None if neither has one."""
    own = (collection.get("metadata") or {}).get(EMBEDDING_KEY)
    if isinstance(own, str):
        try:
            return Embedding.model_validate_json(own)
        except ValidationError:  # somebody else's key of the same name
            pass
    function = (collection.get("configuration_json") or {}).get("embedding_function") or {}
    name, config = function.get("name"), function.get("config") or {}
    if name == "default":
        return Embedding(model=_DEFAULT)
    model = config.get(_MODEL_FIELDS.get(str(name), ""))
    if not isinstance(model, str):
        return None
    task = config.get("task")
    prompts = (config.get("instructions") or {}).get(task) or {}
    if not isinstance(task, str) or not prompts.get("query"):
        return Embedding(model=model)
    return Embedding(model=model, task=Task(task_name=task, query_prompt=str(prompts["query"])))


def similarity(distance: float, space: str) -> float:
    """The cosine similarity of two vectors of length 1 at this distance. `l2` is the square of the Euclidean
    distance, `cosine` and `ip` are 1 minus the product."""
    return 1.0 - distance / 2 if space == "l2" else 1.0 - distance


async def search(
    settings: Settings, chroma_url: str, database: str, collection: str, text: str, count: int
) -> list[Hit]:
    """The `count` chunks of a collection that match `text` best, best first."""
    return (await search_all(settings, chroma_url, database, collection, [text], count))[0]


async def search_all(
    settings: Settings, chroma_url: str, database: str, collection: str, texts: list[str], count: int
) -> list[list[Hit]]:
    """The same for several queries; the model is loaded once."""
    from services.embedding import task_of
    from services.embedding.catalogue import config_of, open_model

    served = models_of(settings)
    async with ChromaSearch(chroma_url, settings, database) as chroma:
        found = await chroma.collection(collection)
        embedding = found.embedding or Embedding(model=served.default)
        config = config_of(served, embedding.model)
        embedder = open_model(embedding.model, config, settings.cache_dir)
        try:
            vectors = await embedder.embed_queries(texts, task_of(embedding.task))
        finally:
            await embedder.close()
        return [await chroma.nearest(found, vector.tolist(), count) for vector in vectors]


def _hit(text: str, metadata: Mapping[str, Any], score: float) -> Hit:
    return Hit(
        document_key=str(metadata.get("document_key", "?")),
        start_line=metadata.get("start_line"),
        end_line=metadata.get("end_line"),
        score=score,
        text=text,
        context=str(metadata.get("context") or ""),
        page=metadata.get("page"),
    )
