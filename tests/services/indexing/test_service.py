"""The stage on the engine, the real broker and the real store."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from schemas.codec import SingleObjectCodec
from schemas.events import DeadLetter, DocumentState
from schemas.ids import document_id
from services.indexing import BATCH_BYTES, ChromaStore, IndexingStage
from services.indexing.faults import LASTING_SECONDS
from services.indexing.plan import Incoming
from streams.engine.outputs import Send
from streams.engine.window import WindowLimits
from streams.kafka.cluster import Cluster, ensure_topics
from streams.kafka.membership import Membership
from streams.kafka.producer import EventProducer
from streams.kafka.worker import Worker
from streams.partitions import partition_of
from streams.state.reader import Reader as TopicReader
from streams.state.reader import end_offsets
from streams.state.store import PartitionStore
from streams.topics import DEAD_LETTERS, DOCUMENT_STATES, EMBEDDINGS, SOURCE_DOCUMENTS, Topic
from tests.conftest import Chroma, Kafka
from tests.services.indexing.documents import Version, embedded
from tests.services.indexing.reader import Reader
from tests.waiting import eventually

CODEC = SingleObjectCodec()
PARTITIONS = 2


class Service:
    """Runs indexing workers, one after the other, on a cluster and a collection of its own."""

    def __init__(self, kafka: Kafka, chroma: Chroma, folder: Path) -> None:
        self.name = f"t{uuid.uuid4().hex[:8]}"
        self.cluster = Cluster(kafka.bootstrap_servers, prefix=f"{self.name}.")
        self.reader = Reader(chroma.url)
        self.url = chroma.url
        self.seconds_ahead = 0.0
        self._folder, self._runs = folder, 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """A worker with an empty store of states: all it knows it reads from the topic."""
        self._runs += 1
        states = self._states(f"states-{self._runs}.sqlite", DOCUMENT_STATES)
        clock = lambda: time.monotonic() + self.seconds_ahead  # noqa: E731
        stage = IndexingStage(ChromaStore(self.url), states, clock=clock, patience=0.5)
        worker = Worker(stage, self.cluster, CODEC, Membership(), WindowLimits(bytes=BATCH_BYTES))
        task = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            worker.stop()
            await asyncio.wait_for(task, 30)
            states.close()

    async def produce(self, *events: Incoming) -> None:
        producer = EventProducer(self.cluster, CODEC)
        await producer.send_all([Send(EMBEDDINGS, document_id(e.document), e) for e in events])
        await producer.close()

    async def state(self, version: Version, topic: Topic = DOCUMENT_STATES) -> DocumentState | None:
        """What the topic says of a document now."""
        store = self._states(f"look-{uuid.uuid4().hex}.sqlite", topic)
        await store.catch_up(range(PARTITIONS))
        key = document_id(version.document)
        home = key if topic is DOCUMENT_STATES else version.document.source_id or ""
        found = store.get(partition_of(home, PARTITIONS), key)
        store.close()
        return found

    async def reached(self, version: Version) -> DocumentState:
        """The state once `version` is complete."""
        async with asyncio.timeout(30):
            while True:
                state = await self.state(version)
                if state and state.complete and state.sequence == version.sequence:
                    return state
                await asyncio.sleep(0.1)

    async def dead_letters(self, count: int) -> list[DeadLetter]:
        """The dead letters, once there are so many."""
        async with asyncio.timeout(30):
            while len(found := await asyncio.to_thread(self._dead_letters)) < count:  # noqa: ASYNC110  (asked of the broker)
                await asyncio.sleep(0.1)
        return found

    def _dead_letters(self) -> list[DeadLetter]:
        reader = TopicReader(self.cluster, CODEC)
        ends = end_offsets(self.cluster, [(DEAD_LETTERS.name, p) for p in range(PARTITIONS)])
        reader.assign(dict.fromkeys(ends, 0))
        events = [change.event for batch in reader.read_to(ends) for change in batch.changes]
        reader.close()
        return [event for event in events if isinstance(event, DeadLetter)]

    def _states(self, file: str, topic: Topic) -> PartitionStore[DocumentState]:
        return PartitionStore(self.cluster, CODEC, topic, self._folder / file)


@pytest.fixture
async def service(kafka: Kafka, chroma: Chroma, tmp_path: Path) -> Service:
    made = Service(kafka, chroma, tmp_path)
    await asyncio.to_thread(ensure_topics, made.cluster, PARTITIONS)
    return made


async def test_a_worker_goes_on_with_the_state_that_the_last_one_left(service: Service) -> None:
    old = Version(1, ["a", "b", "c"], {"draft": True}, collection=service.name)
    new = Version(2, ["x"], {"team": "red"}, collection=service.name)

    async with service.running():
        await service.produce(*old.events)
        await service.reached(old)
    async with service.running():
        await service.produce(*new.events, *old.events)
        state = await service.reached(new)

    expected = {row.id: (row.text, row.vector, dict(row.metadata)) for row in new.rows}
    assert await service.reader.content(service.name) == expected
    assert await service.state(new, SOURCE_DOCUMENTS) == state.model_copy(update={"digests": b""})


async def test_a_refused_document_is_a_dead_letter_and_the_others_are_indexed(service: Service) -> None:
    good = Version(1, ["a"], collection=service.name)
    other = Version(3, ["c"], key="other.md", collection=service.name)
    bad = embedded(Version(2, ["b"], key="bad.md", collection=service.name).document, 2, ["b"], dimension=5)

    async with service.running():
        await service.produce(*good.events)
        await service.reached(good)
        await service.produce(*bad, *other.events)
        await service.reached(other)
        letters = await service.dead_letters(1)

    assert "dimension of 3, got 5" in letters[0].error
    assert letters[0].document_key == "bad.md"
    assert len(await service.reader.content(service.name)) == 2


class Damaged:
    """Stands before the store. It answers for one collection as a server does whose files are damaged, or it
    does not answer at all."""

    def __init__(self, url: str, name: str, hangs: bool = False) -> None:
        self._url, self._name = url, name
        self.refused = 0
        self._may_answer = asyncio.Event()
        if not hangs:
            self._may_answer.set()

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.path.endswith("/collections") and json.loads(body)["name"] == self._name:
            self.refused += 1
            await self._may_answer.wait()
            return web.json_response({"error": "InternalError", "message": "damaged"}, status=500)
        kind = {"content-type": "application/json"}
        async with (
            aiohttp.ClientSession(headers=kind) as session,
            session.request(request.method, self._url + request.path, data=body) as answer,
        ):
            return web.Response(body=await answer.read(), status=answer.status, headers=kind)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        app = web.Application(client_max_size=1024**3)
        app.router.add_route("*", "/{path:.*}", self.answer)
        async with TestServer(app) as server:
            yield f"http://{server.host}:{server.port}"
            self._may_answer.set()


def in_partition(number: int, collection: str, stem: str) -> Version:
    """A document whose events go to this partition."""
    versions = (Version(1, ["a"], key=f"{stem}-{n}.md", collection=collection) for n in range(100))
    return next(v for v in versions if partition_of(document_id(v.document), PARTITIONS) == number)


async def test_a_damaged_collection_holds_up_only_its_partition_and_that_only_for_minutes(
    service: Service,
) -> None:
    bad = in_partition(0, f"{service.name}-bad", "bad")
    behind = in_partition(0, service.name, "behind")
    beside = in_partition(1, service.name, "beside")
    proxy = Damaged(service.url, bad.document.collection)
    async with proxy.listening() as service.url, service.running():
        await service.produce(*bad.events, *behind.events, *beside.events)
        await service.reached(beside)
        await eventually(lambda: proxy.refused >= 3, 30)
        assert await service.state(behind) is None

        service.seconds_ahead = LASTING_SECONDS
        await service.reached(behind)
        letters = await service.dead_letters(1)

    assert [letter.document_key for letter in letters] == [bad.document.document_key]
    assert letters[0].attempt >= 3
    assert "damaged" in letters[0].error


async def test_a_collection_that_hangs_holds_up_only_its_partition_and_that_only_for_minutes(
    service: Service,
) -> None:
    bad = in_partition(0, f"{service.name}-bad", "bad")
    behind = in_partition(0, service.name, "behind")
    proxy = Damaged(service.url, bad.document.collection, hangs=True)
    async with proxy.listening() as service.url, service.running():
        await service.produce(*bad.events, *behind.events)
        await eventually(lambda: proxy.refused >= 1, 30)
        for number in range(3):  # one after the other, while the request hangs
            beside = in_partition(1, service.name, f"beside-{number}")
            await service.produce(*beside.events)
            await service.reached(beside)
        assert (proxy.refused, await service.state(behind)) == (1, None)

        service.seconds_ahead = LASTING_SECONDS
        await service.reached(behind)
        letters = await service.dead_letters(1)

    assert [letter.document_key for letter in letters] == [bad.document.document_key]
    assert "has not answered" in letters[0].error


async def test_documents_that_are_under_way_when_their_collection_is_deleted_go_into_the_new_one(
    service: Service,
) -> None:
    before = [Version(n, ["a"], key=f"before-{n}.md", collection=service.name) for n in range(5)]
    after = [Version(n, ["b"], key=f"after-{n}.md", collection=service.name) for n in range(5)]
    async with service.running():
        await service.produce(*(event for version in before for event in version.events))
        old = [(await service.reached(version)).collection_id for version in before]
        await service.reader.drop(service.name)
        await service.produce(*(event for version in after for event in version.events))
        new = [(await service.reached(version)).collection_id for version in after]

    made = (await service.reader.describe(service.name))["id"]
    assert set(new) == {made}
    assert made not in old  # whoever compares the ids knows which documents are gone
    assert len(await service.reader.content(service.name)) == len(after)
