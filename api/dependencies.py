"""The dependencies that the handlers share, and their life cycle."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from aiohttp import web

from api.access import Authenticator, Caller
from api.chroma.directory import ChromaDirectory
from api.chroma.ids import CollectionIds
from api.chroma.place import Place
from api.chroma.schema import SparseKeys
from api.chroma.upstream import Answer, Upstream
from api.embedding.service import EmbeddingService
from api.errors import Conflict, Growing, NotAnswered, NotFound, TooManyRequests
from api.gateway import Gateway
from api.metrics import UPLOADS
from api.search.embedding import embedding_of
from api.search.hybrid import HybridSearch
from api.search.legs import Legs
from api.search.records import Records, Target
from api.search.rerank import Reranker
from api.search.served import ServedQueries
from api.sse import EventStreams
from api.verification.running import Verifications
from api.views.catalogue import Catalogue
from api.views.documents import DocumentIndex
from api.views.letters import Letters
from api.views.outcomes import Outcomes
from api.views.traffic import Traffic
from schemas.base import Event
from schemas.checks import check_database_name
from schemas.events import Embedding, Invocation, Source
from streams.chroma import FoundCollection, segment
from streams.credentials import SavedCredentials
from streams.engine.log import RecordMetadata
from streams.engine.outputs import Send
from streams.kafka.producer import EventProducer
from streams.state.layout import SETTLED, WRITE_SECONDS, LayoutWatch, under_way
from streams.state.topic_view import TopicView
from streams.state.webhooks import Webhooks
from streams.topics import RUNS

Found = TypeVar("Found", Source, Invocation)
#: How often, and how soon, a name is asked for again.
_NAME_TRIES, _NAME_SECONDS = 10, 0.05

#: They follow a record before them, so none is refused: a run without its request would wait for ever.
_FOLLOWING = frozenset(topic.name for topic in RUNS.values())
#: Checks of sources under way at once in a process: each may list for a minute.
MOST_CHECKS = 4


class ChangeLocks:
    """One change of a source, a webhook endpoint or a credential at a time in this process. Other gateways
    may change it between."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, id_: str) -> asyncio.Lock:
        """The lock of what has this id."""
        return self._locks.setdefault(id_, asyncio.Lock())


class UploadSlots:
    """Limits the concurrent uploads of each tenant in this process."""

    def __init__(self, per_tenant: int) -> None:
        self._per_tenant = per_tenant
        self._taken: dict[str, int] = {}

    @contextmanager
    def slot(self, tenant: str) -> Iterator[None]:
        """Raise TooManyRequests if the tenant has no free slot."""
        taken = self._taken.get(tenant, 0)
        if taken >= self._per_tenant:
            raise TooManyRequests(
                f"{taken} uploads of this tenant are under way, more are not taken at once "
                "(HEADRACE_UPLOADS_PER_TENANT); try again shortly"
            )
        self._taken[tenant] = taken + 1
        UPLOADS.inc()
        try:
            yield
        finally:
            UPLOADS.dec()
            self._taken[tenant] -= 1
            if not self._taken[tenant]:
                del self._taken[tenant]


class RequestsUnderWay:
    """Counts active requests, so that the gateway can wait for them when it stops."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()
        self.stopping = False

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count a request while the block runs."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def ended(self, within_s: float) -> bool:
        """Wait until no request is active; False if some are after `within_s` seconds."""
        self.stopping = True
        try:
            async with asyncio.timeout(within_s):
                await self._none.wait()
        except TimeoutError:
            return False
        return True


class Dependencies:
    """Views, producer, Chroma client, and the look-ups that several handlers need."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.catalogue = Catalogue(gateway.cluster, gateway.codec, gateway.state_folder)
        self.outcomes = Outcomes(gateway.cluster, gateway.codec, gateway.state_folder)
        self.index = DocumentIndex.of(gateway.cluster, gateway.codec, gateway.state_folder)
        self.letters = Letters(gateway.cluster, gateway.codec, gateway.state_folder)
        self.webhooks = Webhooks(gateway.cluster, gateway.codec, gateway.state_folder / "webhooks.sqlite")
        self.chroma = ChromaDirectory(gateway.chroma)
        self.upstream = Upstream(gateway.chroma, gateway.stalled_s)
        self.collections = CollectionIds(self.upstream)
        self.embedding = EmbeddingService(gateway.embedding)
        embedder = gateway.embedder
        if embedder is None and gateway.embedding is not None:
            embedder = ServedQueries(self.embedding, gateway.models.names)
        self.legs = Legs(Records(self.upstream), gateway.sparse, embedder)
        self.reranker = Reranker(gateway.rerank) if gateway.rerank is not None else None
        self.search = HybridSearch(self.legs, self.reranker)
        self.sparse_keys = SparseKeys(gateway.sparse)
        one_tenant = gateway.chroma.tenant is not None
        self.doorkeeper = Authenticator(gateway.admin_key, gateway.default_tenant, self.catalogue, one_tenant)
        self.uploads = UploadSlots(gateway.uploads_per_tenant)
        self.checks = asyncio.Semaphore(MOST_CHECKS)
        self.changing = ChangeLocks()
        self.requests = RequestsUnderWay()
        self.layout = LayoutWatch(gateway.cluster, gateway.codec)
        self.streams = EventStreams(gateway.heartbeat_s)
        self.verifications = Verifications()
        self.traffic = Traffic(gateway.cluster)

    async def start(self) -> None:
        """Connect; returns when the views are up to date."""
        self._began = await self.layout.current()
        cluster, codec = self.gateway.cluster, self.gateway.codec
        self._producer = EventProducer(cluster, codec, gives_up_s=WRITE_SECONDS)
        await asyncio.gather(*(view.start() for view in self._views()))

    async def close(self) -> None:
        """Close everything, after delivering produced records."""
        await asyncio.gather(self.verifications.close(), self.traffic.close())
        await self._producer.close()
        await asyncio.gather(*(view.close() for view in self._views()))
        await self.chroma.close()
        await self.embedding.close()
        await self.upstream.close()
        for part in (self.gateway.sparse, self.reranker):
            if part is not None:
                await part.close()

    def _views(self) -> list[TopicView | SavedCredentials]:
        saved = self.gateway.credentials
        views = [self.catalogue, self.outcomes, self.letters, self.index, self.webhooks]
        return [*views, *([saved] if saved is not None else [])]

    async def write(self, send: Send) -> RecordMetadata:
        """Produce a record and wait for its acknowledgement. Raises NotAnswered on a timeout; the record may
        still arrive later. Raises Growing while partitions are being grown."""
        try:
            async with asyncio.timeout(self.gateway.wait_s):
                if send.topic.name not in _FOLLOWING:
                    await self._require_settled()
                return await self._producer.send(send)
        except TimeoutError as error:
            raise NotAnswered(
                f"Kafka did not acknowledge a record of {send.topic.name} within {self.gateway.wait_s:g} s"
            ) from error

    async def _require_settled(self) -> None:
        """A key that moves to another partition must not be written to its old one."""
        layout = await self.layout.current()
        if layout.phase != SETTLED:
            raise Growing(f"{under_way(layout)}; nothing can be changed meanwhile")
        if layout.partitions != self._began.partitions:
            raise Growing("the partitions were grown, and the gateway begins anew; try again")

    async def revoked(self, caller: Caller) -> None:
        """Return when the caller's key is revoked: what it still reads ends then."""
        with self.catalogue.changed() as watch:
            while self.doorkeeper.known(caller.key_id) is not None:
                await watch.wait()

    async def source(self, caller: Caller, source_id: str) -> Source:
        """A source that the caller may see, including one that another gateway has just created."""
        return await self._seen("source", self.catalogue.source, caller, source_id)

    async def invocation(self, caller: Caller, invocation_id: str) -> Invocation:
        """An invocation that the caller may see, including one that another gateway has just created."""
        return await self._seen("invocation", self.catalogue.invocation, caller, invocation_id)

    async def _seen(self, kind: str, find: Callable[[str], Found | None], caller: Caller, id_: str) -> Found:
        found = find(id_)
        if found is None:
            await self.catalogue.refresh()
            found = find(id_)
        if found is None or found.tenant != caller.tenant:
            raise NotFound(f"{kind} {id_} does not exist")
        caller.require_database(found.database)
        return found

    def place(self, tenant: str, database: str) -> Place:
        """A database of a tenant, where Chroma keeps it."""
        return Place(tenant, self.gateway.chroma.tenant or tenant, database)

    async def named(self, place: Place, name: str, query: str = "") -> Answer:
        """Chroma's answer about the collection of this name. That of a collection which a source fills may be
        missing for a moment, while its successor gets it (`headrace reembed`), so it is asked for again."""
        path, tries = f"{place.path}/collections/{segment(name)}", 0
        while (answer := await self.upstream.ask("GET", path, query=query)).status == 404:
            tries += 1
            if tries > _NAME_TRIES or self.catalogue.filling(place.tenant, place.database, name) is None:
                break
            await asyncio.sleep(_NAME_SECONDS)
        return answer

    def target(self, place: Place, found: Mapping[str, Any]) -> Target:
        """A collection as a search target. Its own embedding counts, else that of the source that fills
        it."""
        embedding = embedding_of(found)
        if embedding is None:
            source = self.catalogue.filling(place.tenant, place.database, str(found.get("name")))
            embedding = None if source is None else source.embedding
        return Target(place, found, embedding)

    async def check_origin(self, kind: str, config: Event, tenant: str) -> Event:
        """The configuration to store. Raises RequestError for an origin that cannot be read."""
        origin = self.gateway.origins.get(kind)
        found: Event = config if origin is None else await origin.check(config, tenant)
        return found

    async def origin_id(self, kind: str, config: Event, tenant: str) -> str | None:
        """The origin's id on its server, independent of its name; None if unknown."""
        identify = getattr(self.gateway.origins.get(kind), "identify", None)
        found: str | None = await identify(config, tenant) if identify else None
        return found

    async def check_run(self, source: Source) -> None:
        """Check a source before a run, because permissions may have changed since it was created. Raises
        RequestError."""
        origin = self.gateway.origins.get(source.type)
        if origin is not None:
            await getattr(origin, "check_run", origin.check)(source.config, source.tenant)

    async def require_database(self, caller: Caller, database: str) -> None:
        """Raises RequestError, Forbidden or NotFound unless the caller may write to an existing database."""
        check_database_name(database)
        caller.require_database(database)
        await self.chroma.require_database(caller.tenant, database)

    async def open_collection(
        self, tenant: str, database: str, name: str, embedding: Embedding
    ) -> FoundCollection | None:
        """The collection, None if it does not exist yet. Raises Conflict for a closed one, and for one with
        vectors of another model: a run would find its documents unchanged, or they would all fail."""
        found = await self.chroma.collection(tenant, database, name)
        if found is not None and found.closed:
            raise Conflict(
                f"collection {name!r} is closed: its metadata has finished_ingest = true; choose another one"
            )
        if found is not None and found.reembedded is not None:
            embedding = found.reembedded.over(embedding)
        own = await self.embedding.fingerprint(embedding.model) if found is not None and found.model else ""
        if found is not None and own and own != found.model:
            raise Conflict(
                f"collection {name!r} holds vectors of another model than the one that serves "
                f"{embedding.model!r} now (fingerprints {found.model} and {own}): change the model back, "
                "or embed the collection again (`headrace reembed`)"
            )
        return found


PARTS = web.AppKey("parts", Dependencies)
