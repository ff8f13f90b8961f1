"""Another collection takes the name of a collection: nothing is written in between, by nobody."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import RateLimited, TransientError
from schemas.events import CollectionSwitched, DocumentChunked, DocumentEmbedded, Embedding
from services.indexing.chroma import ChromaStore
from services.indexing.rows import Collection, Row
from services.indexing.switch import FINISHED_SECONDS, GIVEN_UP_SECONDS, give_up, rename
from streams.chroma import ChromaClient, ServerFault
from streams.engine.outputs import Send
from streams.engine.stage import Record
from streams.reembedded import REEMBEDDED_KEY, Reembedded
from streams.topics import CHUNKS
from tests.conftest import Chroma
from tests.services.indexing.documents import MINILM, document, embedded, vector
from tests.services.indexing.test_stage import Indexer

OTHER = Embedding(model="other/model")
SWITCH = CollectionSwitched(
    tenant="default_tenant",
    database="default_database",
    collection="library",
    old="old",
    new="new",
    former="library.before-1",
)


@pytest.fixture
def indexer(tmp_path: Path) -> Indexer:
    return Indexer(tmp_path / "states.sqlite")


async def test_what_is_behind_a_switch_waits_and_other_partitions_go_on(indexer: Indexer) -> None:
    [before], [behind], [elsewhere] = (embedded(document(key), 1, [key]) for key in ("a", "b", "c"))
    records: list[Record[Any]] = [indexer.record(event) for event in (before, behind, elsewhere)]
    switch: Record[Any] = Record("embeddings", 0, 1, SWITCH.former, SWITCH, 0)
    batch = [records[0], switch, records[1], replace(records[2], partition=1)]

    outcomes = await indexer.stage.process_batch(batch, indexer.context)

    assert not isinstance(outcomes[0], Exception)
    assert isinstance(outcomes[1], RateLimited)
    assert outcomes[2] is outcomes[1]
    assert not isinstance(outcomes[3], Exception)
    [rows] = indexer.vectors.collections.values()
    assert sorted(row[0] for row in rows.values()) == ["a", "c"]

    indexer.vectors.switched.add(SWITCH.former)
    outcomes = await indexer.stage.process_batch([switch, records[1]], indexer.context)

    assert outcomes[0] == ()
    assert sorted(row[0] for row in rows.values()) == ["a", "b", "c"]


async def test_parts_of_the_former_model_are_embedded_again_with_all_that_they_hold(indexer: Indexer) -> None:
    [first] = embedded(document("first"), 1, ["first"])
    await indexer.process(first)
    [identity] = indexer.vectors.ids.values()
    renewed = Reembedded(at="new", identity=identity, former="old", embedding=OTHER)
    indexer.vectors.renewed[identity] = renewed
    [late] = embedded(document("late", version="v2"), 7, ["late"])
    new = document("new").model_copy(update={"embedding": OTHER})
    [of_the_new_model] = embedded(new, 8, ["new"])

    back, written = await indexer.process(late, of_the_new_model)

    assert isinstance(back, list)
    [send] = back
    assert isinstance(send, Send)
    assert (send.topic, isinstance(send.event, DocumentChunked)) == (CHUNKS, True)
    assert isinstance(send.event, DocumentChunked)
    assert send.event.document == late.document.model_copy(update={"embedding": OTHER})
    assert (send.event.sequence, send.event.chunks) == (7, late.chunks)
    assert not isinstance(written, Exception)
    [rows] = indexer.vectors.collections.values()
    assert sorted(row[0] for row in rows.values()) == ["first", "new"]


async def test_two_versions_of_a_document_of_which_one_is_of_the_former_model(indexer: Indexer) -> None:
    [first] = embedded(document("a"), 1, ["one"])
    await indexer.process(first)
    [identity] = indexer.vectors.ids.values()
    indexer.vectors.renewed[identity] = Reembedded(at="n", identity=identity, former="o", embedding=OTHER)
    [late] = embedded(document("a"), 2, ["two"])
    [newest] = embedded(document("a").model_copy(update={"embedding": OTHER}), 3, ["three"])

    back, _ = await indexer.process(late, newest)
    assert isinstance(back, list)
    event: DocumentEmbedded = late.model_copy(update={"document": back[0].event.document})
    await indexer.process(event)  # what comes back from embedding is overtaken

    [rows] = indexer.vectors.collections.values()
    assert [row[0] for row in rows.values()] == ["three"]


class Server:
    """Collections on a real server, and switches between them."""

    def __init__(self, url: str) -> None:
        self.client = ChromaClient(url)
        self.store = ChromaStore(url)
        self.path = self.client.collections("default_tenant", "default_database")

    async def make(self, name: str) -> str:
        return str((await self.client.post(self.path, {"name": name}, name))["id"])

    async def switch(self, name: str) -> CollectionSwitched:
        old, new = await self.make(name), await self.make(f"{name}.new")
        return SWITCH.model_copy(
            update={"collection": name, "old": old, "new": new, "former": f"{name}.before"}
        )

    async def at(self, name: str) -> str:
        return str((await self.client.get(f"{self.path}/{name}", name))["id"])

    async def settled(self, switch: CollectionSwitched, waited: float = 0.0) -> bool:
        return await self.store.settled(switch, waited, lambda: None)


@pytest.fixture
async def server(chroma: Chroma) -> AsyncIterator[Server]:
    made = Server(chroma.url)
    yield made
    await made.client.close()
    await made.store.close()


async def test_a_switch_that_dies_between_its_two_names_is_finished(server: Server) -> None:
    switch = await server.switch("switch-half")
    assert not await server.settled(switch, FINISHED_SECONDS - 1)
    await rename(server.client, switch.tenant, switch.database, switch.old, switch.former)

    assert not await server.settled(switch, FINISHED_SECONDS - 1)
    assert await server.settled(switch, FINISHED_SECONDS)

    assert (await server.at("switch-half"), await server.at("switch-half.before")) == (switch.new, switch.old)
    assert await server.settled(switch)  # for the partitions that come later


async def test_a_switch_that_nobody_begins_is_given_up_and_cannot_begin_any_more(server: Server) -> None:
    switch = await server.switch("switch-late")
    assert not await server.settled(switch, GIVEN_UP_SECONDS - 1)

    assert await server.settled(switch, GIVEN_UP_SECONDS)

    assert await server.settled(switch)
    assert await server.at("switch-late") == switch.old
    with pytest.raises(ServerFault):
        await rename(server.client, switch.tenant, switch.database, switch.old, switch.former)


async def test_a_switch_that_has_begun_is_not_given_up(server: Server) -> None:
    switch = await server.switch("switch-begun")
    await rename(server.client, switch.tenant, switch.database, switch.old, switch.former)

    assert not await give_up(server.client, switch)


async def test_records_call_the_successor_what_they_called_the_first(server: Server) -> None:
    """Whoever has the id of the first writes to the successor once the name has passed to it."""
    switch = await server.switch("switch-store")
    place = Collection("default_tenant", "default_database", "switch-store", MINILM)
    assert await server.store.look_up(place) == switch.old
    said = Reembedded(at=switch.new, identity=switch.old, former=switch.old, embedding=OTHER)
    changed = {"new_metadata": {REEMBEDDED_KEY: said.model_dump_json()}}
    await server.client.request("PUT", f"{server.path}/{switch.new}", json.dumps(changed).encode(), "it")
    await rename(server.client, switch.tenant, switch.database, switch.old, switch.former)
    await rename(server.client, switch.tenant, switch.database, switch.new, switch.collection)

    assert await server.settled(switch)
    identity = await server.store.look_up(place)
    assert identity == switch.old
    assert server.store.reembedded(identity) == said
    await server.store.upsert(place, identity, [Row("1", "text", vector("text"), {"a": 1})], lambda: None)

    assert await server.client.get(f"{server.path}/{switch.new}/count", "its rows") == 1
    found = await server.client.collection("default_tenant", "default_database", "switch-store")
    assert found is not None
    assert (found.id, found.at, found.reembedded) == (switch.old, switch.new, said)


async def test_a_copy_of_the_metadata_on_another_collection_counts_for_nothing(server: Server) -> None:
    said = Reembedded(at="another", identity="first", former="first", embedding=OTHER)
    body = {"name": "switch-copied", "metadata": {REEMBEDDED_KEY: said.model_dump_json()}}
    made = await server.client.post(server.path, body, "it")

    found = await server.client.collection("default_tenant", "default_database", "switch-copied")

    assert found is not None
    assert (found.id, found.reembedded) == (made["id"], None)


async def test_a_server_that_is_away_keeps_what_waits_waiting() -> None:
    store = ChromaStore("http://127.0.0.1:9")
    with pytest.raises(TransientError):
        await store.settled(SWITCH, GIVEN_UP_SECONDS, lambda: None)
    await store.close()
