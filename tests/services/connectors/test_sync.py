"""A run of a source that lists, whatever it lists: the origin here is a list in memory."""

import asyncio
import gc
import time
import weakref
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import DocumentError, RateLimited, RequestError, TransientError
from schemas.events import (
    DocumentDeleted,
    DocumentUpserted,
    Embedding,
    MetadataValue,
    Progress,
    RunFailed,
    RunListed,
    RunRequested,
    RunStarted,
    Status,
    Step,
)
from services.connectors import Invocations, SyncConnector, barrier
from services.connectors.lister import Content, Entry, Item, Known, Lister, Skipped, Unreadable
from streams.blobs import BlobStore
from streams.reembedded import Reembedded
from tests.services.connectors.fakes import (
    Collections,
    IndexedStates,
    Pipeline,
    Tracking,
    documents,
    folder_source,
    requested,
)
from tests.waiting import eventually

SOURCE = folder_source("/nowhere")


class Shelf:
    """An origin and its lister: what it lists can be set, and it remembers what was read."""

    when_empty = "Is it open?"
    in_order = False
    only: Sequence[str] | None = None

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.breaks_off: Exception | None = None
        self.read_keys: list[str] = []
        self.broken = {"damaged"}
        self.listed: Callable[[Entry], None] = lambda entry: None

    def put(self, **versions: str) -> None:
        """These documents, with versions that are known without reading, and no others."""
        self.entries = [Item(key, version) for key, version in versions.items()]

    async def check(self, config: Any, tenant: str) -> Any:
        return config

    def open(self, run: RunRequested, known: Known) -> Lister:
        return self

    def facts(self) -> Mapping[str, MetadataValue]:
        return {"entries": len(self.entries)}

    async def pages(self) -> AsyncIterator[Sequence[Entry]]:
        for entry in self.entries:
            yield [entry]
            self.listed(entry)
        if self.breaks_off is not None:
            raise self.breaks_off

    async def aclose(self) -> None:
        pass

    async def read(self, item: Item) -> Content:
        self.read_keys.append(item.key)
        if item.key in self.broken:
            raise DocumentError(f"{item.key}: cannot be read")
        return Content(f"{item.key} {item.version}".encode(), "text/plain")


class CurrentStates(IndexedStates):
    """Those of the pipeline of the run that goes on."""

    def __init__(self, world: "World") -> None:
        super().__init__(world.pipeline)
        self._world = world

    async def catch_up(self, partitions: Sequence[int]) -> None:
        self.pipeline = self._world.pipeline
        await super().catch_up(partitions)


class World:
    """A shelf, its connector, and a pipeline that lasts from run to run."""

    def __init__(self, folder: Path) -> None:
        self.shelf = Shelf()
        self.tracking = Tracking()
        self.pipeline = Pipeline(self.tracking)
        self._blobs = BlobStore(str(folder))
        self._runs = 0
        self.collections = Collections(self)

    @property
    def collection_id(self) -> str | None:
        return self.pipeline.collection_id

    def connector(self, table: Any = None, clock: Callable[[], float] = time.monotonic) -> SyncConnector:
        return SyncConnector(
            "folder",
            self.shelf,
            Invocations(table or self.tracking),
            CurrentStates(self),
            self.collections,
            self._blobs,
            window=100,
            partitions=12,
            clock=clock,
        )

    def next_run(self, kind: type[Pipeline] = Pipeline) -> None:
        earlier = self.pipeline
        self.tracking = Tracking()
        self.pipeline = kind(self.tracking)
        self.pipeline.states, self.pipeline.collection_id = earlier.states, earlier.collection_id
        self.pipeline.collections_made = earlier.collections_made
        self.shelf.read_keys.clear()
        self._runs += 1

    async def run(self, kind: type[Pipeline] = Pipeline, delete_documents: bool = False) -> Pipeline:
        """One whole run."""
        self.next_run(kind)
        record = requested(SOURCE, f"run-{self._runs}", delete_documents=delete_documents)
        assert await self.connector().process(record, self.pipeline) == []
        return self.pipeline

    def missing(self) -> list[str]:
        """Keys of what is said to be indexed and is not in the collection that is there now."""
        return [
            state.document.document_key
            for state in self.pipeline.states.values()
            if not state.deleted and state.collection_id != self.pipeline.collection_id
        ]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barrier, "LOOK_SECONDS", 0)


def finals(pipeline: Pipeline) -> list[int]:
    """The totals that a run may end with."""
    return [e.total for e in pipeline.of(RunListed) if isinstance(e, RunListed) and e.final]


async def test_what_has_the_version_that_is_indexed_is_not_read(world: World) -> None:
    world.shelf.put(a="1", b="1", c="1")
    await world.run()
    world.shelf.put(a="1", b="2", d="1")

    pipeline = await world.run()

    assert world.shelf.read_keys == ["b", "d"]
    assert pipeline.written() == {"b": "upsert", "d": "upsert", "c": "delete"}
    assert pipeline.counted(Step.UNCHANGED) == [None]


async def test_nothing_is_written_to_a_closed_collection(world: World) -> None:
    world.shelf.put(a="1")
    await world.run()
    world.shelf.put(a="2")
    world.collections.closed = True

    pipeline = await world.run()

    assert pipeline.written() == {}
    [failed] = pipeline.of(RunFailed)
    assert isinstance(failed, RunFailed)
    assert "is closed: its metadata has finished_ingest" in failed.error
    assert (await world.run(delete_documents=True)).written() == {"a": "delete"}


async def test_what_was_indexed_before_its_collection_was_embedded_again_is_unchanged(world: World) -> None:
    world.shelf.put(a="1", b="1")
    await world.run()
    other = Embedding(model="other")
    world.collections.reembedded = Reembedded(
        at="new", identity=world.collection_id or "", former="old", embedding=other
    )

    assert documents(await world.run()) == []
    world.shelf.put(a="1", b="2")
    [changed] = documents(await world.run())

    assert (changed.document_key, changed.embedding) == ("b", other)
    assert documents(await world.run()) == []


async def test_facts_become_metadata(world: World) -> None:
    world.shelf.entries = [Item("a", "1", facts={"author": "Ada"})]

    pipeline = await world.run()

    [document] = documents(pipeline)
    assert (document.version_key, document.metadata) == ("1", {"author": "Ada"})
    world.shelf.entries = [Item("a", "1", facts={"author": "Grace"})]
    assert (await world.run()).written() == {"a": "upsert"}


async def test_what_is_too_large_is_not_read(world: World) -> None:
    world.shelf.entries = [Item("a", "1", size=200 * 1024 * 1024 + 1), Item("b", "1", size=5)]

    pipeline = await world.run()

    assert world.shelf.read_keys == ["b"]
    assert pipeline.counted(Step.FAILED) == ["a"]


async def test_what_cannot_be_read_keeps_its_earlier_version(world: World) -> None:
    world.shelf.put(damaged="1")
    world.pipeline.collection_id = "collection-0"
    world.shelf.entries = [Item("a", "1"), Item("damaged", "1")]

    pipeline = await world.run()

    assert pipeline.counted(Step.FAILED) == ["damaged"]
    assert pipeline.written() == {"a": "upsert"}


async def test_what_is_left_out_on_purpose_is_counted_with_its_reason_and_no_longer_indexed(
    world: World,
) -> None:
    world.shelf.put(a="1", b="1")
    await world.run()
    world.shelf.entries = [Item("a", "1"), Skipped("b", "binary"), Skipped("c", "noindex")]

    pipeline = await world.run()

    assert pipeline.written() == {"b": "delete"}
    assert sorted(str(key) for key in pipeline.counted(Step.SKIPPED)) == ["b", "c"]
    assert {e.error for e in pipeline.notes(Step.SKIPPED)} == {"binary", "noindex"}
    assert world.tracking.status is Status.COMPLETE


async def test_a_run_about_some_keys_leaves_all_others_as_they_are(world: World) -> None:
    world.shelf.put(a="1", b="1", c="1", d="1")
    await world.run()
    world.shelf.only = ["a", "b", "never", "new"]
    world.shelf.put(a="2", new="1")

    pipeline = await world.run()

    assert pipeline.written() == {"a": "upsert", "new": "upsert", "b": "delete"}
    world.shelf.put()
    assert (await world.run()).written() == {"a": "delete", "new": "delete"}  # though it lists nothing


async def test_what_is_skipped_for_now_keeps_what_is_indexed_of_it(world: World) -> None:
    world.shelf.put(a="1", b="1")
    await world.run()
    world.shelf.entries = [Item("a", "1"), Skipped("b", "archived", keep=True)]

    pipeline = await world.run()

    assert pipeline.written() == {}
    assert pipeline.counted(Step.SKIPPED) == ["b"]


async def test_a_document_whose_custom_id_changes_leaves_nothing_under_the_old_one(world: World) -> None:
    world.shelf.entries = [Item("a", "1", custom_id="old"), Item("damaged", "1", custom_id="old too")]
    world.shelf.broken = set()
    await world.run()
    world.shelf.entries = [Item("a", "1", custom_id="new"), Item("damaged", "1", custom_id="new too")]
    world.shelf.broken = {"damaged"}

    pipeline = await world.run()

    assert [document.custom_id for document in documents(pipeline)] == ["new", "old"]
    assert [type(event) for event in pipeline.of(DocumentUpserted, DocumentDeleted)] == [
        DocumentUpserted,
        DocumentDeleted,
    ]
    assert pipeline.counted(Step.FAILED) == ["damaged"]  # whose old version stays
    assert (await world.run()).written() == {}


async def test_a_custom_id_that_passes_to_another_key_keeps_its_document(world: World) -> None:
    one, two = Item("one", "1", custom_id="x"), Item("two", "2", custom_id="y")
    world.shelf.entries = [one, two]
    await world.run()

    world.shelf.entries = [replace(one, custom_id="y"), replace(two, custom_id="x")]
    await world.run()

    def indexed() -> dict[str | None, str]:
        states = world.pipeline.states.values()
        return {s.document.custom_id: s.document.document_key for s in states if not s.deleted}

    assert indexed() == {"x": "two", "y": "one"}
    world.shelf.entries = [replace(one, custom_id="x")]  # its other key is gone
    await world.run()
    assert indexed() == {"x": "one"}


async def test_unchanged_documents_are_told_of_in_one_range(world: World) -> None:
    keys = [f"{number:04}" for number in range(3_000)]
    world.shelf.put(**dict.fromkeys(keys, "1"))
    await world.run()
    world.shelf.put(**{**dict.fromkeys(keys, "1"), "1500": "2"})

    pipeline = await world.run()

    told = [e for e in pipeline.of(Progress) if isinstance(e, Progress) and e.stage is Step.UNCHANGED]
    assert [(one.first, one.count) for event in told for one in event.ranges] == [(0, 1500), (1501, 1499)]
    assert pipeline.written() == {"1500": "upsert"}
    assert world.tracking.status is Status.COMPLETE


async def test_what_has_its_version_is_sent_again_all_the_same_where_it_is_not_whole_here(
    world: World,
) -> None:
    def change(key: str, **fields: Any) -> None:
        states = world.pipeline.states
        [id_] = [id_ for id_, state in states.items() if state.document.document_key == key]
        states[id_] = states[id_].model_copy(update=fields)

    world.shelf.put(failed="1", sound="1", other_settings="1", elsewhere="1", deleted="1", without_chunks="1")
    await world.run()
    change("failed", complete=False)
    change("other_settings", fingerprint="of other settings")
    change("elsewhere", collection_id="the collection before")
    change("deleted", deleted=True)
    change("without_chunks", chunks=0, collection_id="the collection before")

    pipeline = await world.run()

    assert pipeline.written() == dict.fromkeys(["failed", "other_settings", "elsewhere", "deleted"], "upsert")
    assert len(pipeline.counted(Step.UNCHANGED)) == 2
    world.pipeline.collection_id = "made anew"
    assert len((await world.run()).written()) == 5, "it has no chunks, so nothing of it can be missing"


async def test_a_run_that_finds_nothing_new_waits_for_tracking_at_its_begin_and_its_end_alone(
    world: World,
) -> None:
    world.shelf.put(a="1", b="1")
    await world.run()

    pipeline = await world.run()

    assert [type(send.event) for send in pipeline.sends] == [RunStarted, RunListed, Progress]
    assert finals(pipeline) == [2]
    assert world.tracking.status is Status.COMPLETE


async def test_a_run_that_finds_nothing_new_in_a_collection_deleted_meanwhile_fills_the_new_one(
    world: World,
) -> None:
    world.shelf.put(a="1", b="1")
    await world.run()

    def made_anew(entry: Entry) -> None:
        world.shelf.listed = lambda entry: None
        world.pipeline.collection_id = "made anew"

    world.shelf.listed = made_anew
    pipeline = await world.run()

    assert {key for key, what in pipeline.written().items() if what == "upsert"} == {"a", "b"}
    assert (world.missing(), world.tracking.status) == ([], Status.COMPLETE)


@pytest.mark.parametrize("keys", [["a", "c", "b"], ["a", "a"]])
async def test_a_listing_that_should_be_in_order_and_is_not_deletes_nothing(
    world: World, keys: list[str]
) -> None:
    world.shelf.put(a="1", b="1", c="1", d="1")
    await world.run()
    world.shelf.in_order = True
    world.shelf.entries = [Item(key, "1") for key in keys]

    [failed] = (await world.run()).of(RunFailed)

    assert isinstance(failed, RunFailed)
    assert failed.error.startswith(f"its listing is in no order: {keys[-1]!r} comes after {keys[-2]!r}")
    assert world.pipeline.written() == {}


async def test_a_listing_that_is_broken_off_ends_before_its_origin_is_closed(world: World) -> None:
    ends: list[str] = []

    class InOrder(Shelf):
        in_order = True

        async def pages(self) -> AsyncIterator[Sequence[Entry]]:
            try:
                yield [Item("b", "1"), Item("a", "1")]
            finally:
                await asyncio.sleep(0)
                ends.append("listing")

        async def aclose(self) -> None:
            ends.append("origin")

    world.shelf = InOrder()

    await world.run()

    assert world.tracking.status is Status.FAILED
    assert ends == ["listing", "origin"]


async def test_an_unreadable_place_hides_what_is_there_and_below_and_nothing_beside(world: World) -> None:
    world.shelf.put(**{"x": "1", "x/a": "1", "x/y/b": "1", "xy": "1", "z": "1"})
    await world.run()
    world.shelf.entries = [Item("z", "1"), Unreadable("x", "access denied")]

    pipeline = await world.run()

    assert pipeline.written() == {"xy": "delete"}
    assert pipeline.counted(Step.FAILED) == ["x"]


async def test_a_key_that_is_unreadable_alone_hides_nothing_below_it(world: World) -> None:
    world.shelf.put(**{"x": "1", "x/a": "1", "x/y/b": "1", "z": "1"})
    await world.run()
    world.shelf.entries = [Item("z", "1"), Unreadable("x", "answers 503", alone=True)]

    pipeline = await world.run()

    assert pipeline.written() == {"x/a": "delete", "x/y/b": "delete"}
    assert pipeline.counted(Step.FAILED) == ["x"]


@pytest.mark.parametrize("error", [RequestError("access denied"), TransientError("slow down")])
async def test_a_listing_that_breaks_off_deletes_nothing(world: World, error: Exception) -> None:
    world.shelf.put(a="1", b="1")
    await world.run()
    world.shelf.put(a="1")
    world.shelf.breaks_off = error

    if isinstance(error, TransientError):
        with pytest.raises(TransientError):
            await world.run()
    else:
        [failed] = (await world.run()).of(RunFailed)
        assert isinstance(failed, RunFailed)
        assert failed.error == "access denied"
    assert world.pipeline.written() == {}


async def test_a_run_whose_origin_does_not_answer_fails_with_the_reason_in_the_end(world: World) -> None:
    now = 0.0
    world.shelf.breaks_off = TransientError("http://git.test/info/refs does not answer: refused")
    connector = world.connector(clock=lambda: now)

    async def tried(at: float) -> None:
        nonlocal now
        now = at
        assert await connector.process(requested(SOURCE), world.pipeline) == []

    for at in (1000, 1300, 1599):
        with pytest.raises(TransientError):
            await tried(at)
    world.shelf.put(a="1")  # gets further: the time begins anew
    with pytest.raises(TransientError):
        await tried(1700)
    with pytest.raises(TransientError):
        await tried(2299)
    world.shelf.breaks_off = RateLimited("slow down", 60)  # an answer
    with pytest.raises(RateLimited):
        await tried(2400)
    world.shelf.breaks_off = TransientError("http://git.test/info/refs does not answer: refused")
    with pytest.raises(TransientError):
        await tried(2500)
    assert not world.pipeline.of(RunFailed)

    await tried(3100)

    [failed] = world.pipeline.of(RunFailed)
    assert isinstance(failed, RunFailed)
    assert failed.error.startswith("http://git.test/info/refs does not answer: refused; given up after 600 s")
    assert "HEADRACE_ORIGIN_SECONDS" in failed.error


async def test_a_document_that_cannot_be_read_for_long_fails_the_run_also(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    world.shelf.put(a="1")

    async def away(item: Item) -> Content:
        raise TransientError("the bucket does not answer")

    monkeypatch.setattr(world.shelf, "read", away)
    connector = world.connector(clock=lambda: now)
    with pytest.raises(TransientError):
        await connector.process(requested(SOURCE), world.pipeline)
    now = 600.0

    assert await connector.process(requested(SOURCE), world.pipeline) == []

    [failed] = world.pipeline.of(RunFailed)
    assert isinstance(failed, RunFailed)
    assert failed.error.startswith("the bucket does not answer; given up after 600 s")


async def test_any_key_may_be_listed_though_it_looks_like_a_marker(world: World) -> None:
    keys = [f"{prefix}{number}" for prefix in ("", "/", "barrier:") for number in range(40)]
    world.shelf.put(**dict.fromkeys(keys, "1"))
    await world.run()
    world.next_run()
    world.tracking.attempts = 1  # broken off: markers go down every partition

    async with asyncio.timeout(30):
        await world.connector().process(requested(SOURCE, "broken-off"), world.pipeline)

    assert len(world.pipeline.of(DocumentDeleted)) == 12
    assert len(world.pipeline.counted(Step.UNCHANGED)) == len(keys)
    assert {s.document.document_key for s in world.pipeline.states.values() if not s.deleted} == set(keys)


async def test_the_second_of_two_first_runs_finds_everything_unchanged(world: World) -> None:
    world.shelf.put(a="1", b="1")
    first = requested(SOURCE, "first")
    second = requested(SOURCE, "second", offset=1)  # asked for before the collection was made
    await world.connector().process(first, world.pipeline)
    world.next_run()

    await world.connector().process(second, world.pipeline)

    assert world.pipeline.written() == {}
    assert world.pipeline.counted(Step.UNCHANGED) == [None, None]


class DeletedOnce(Pipeline):
    """Somebody deletes the collection when 50 documents are in it; the next document makes it anew."""

    most = 1

    def __init__(self, tracking: Tracking) -> None:
        super().__init__(tracking)
        self.collections_deleted = 0

    def index_all(self) -> None:
        super().index_all()
        here = [state for state in self.states.values() if state.collection_id == self.collection_id]
        if len(here) >= 50 and self.collections_deleted < self.most:
            self.collections_deleted += 1
            self.collection_id = None


class DeletedAgainAndAgain(DeletedOnce):
    """Somebody does so all the time."""

    most = 1_000


@pytest.mark.parametrize("known", [False, True])
async def test_a_collection_that_is_deleted_while_a_run_fills_it_holds_everything_in_the_end(
    world: World, known: bool
) -> None:
    if known:  # there before the run began
        world.shelf.put(other="1")
        await world.run()
    world.shelf.put(**{f"{number:03}": "1" for number in range(120)})

    pipeline = await world.run(DeletedOnce)

    assert pipeline.collections_made == 2
    assert world.tracking.status is Status.COMPLETE
    assert world.missing() == []
    assert len([s for s in pipeline.states.values() if not s.deleted]) == 120
    assert world.tracking.attempts == 2


async def test_a_run_whose_collection_is_deleted_again_and_again_fails_and_says_so(world: World) -> None:
    world.shelf.put(**{f"{number:03}": "1" for number in range(120)})

    pipeline = await world.run(DeletedAgainAndAgain)

    [failed] = pipeline.of(RunFailed)
    assert isinstance(failed, RunFailed)
    assert failed.error.startswith("collection 'library' was deleted while the run filled it, 3 times")
    assert failed.attempt == world.tracking.attempt
    assert world.tracking.status is Status.FAILED
    assert finals(pipeline) == []


async def test_documents_are_deleted_without_a_look_at_the_origin(world: World) -> None:
    world.shelf.put(a="1", b="1")
    await world.run()
    world.shelf.breaks_off = RequestError("the origin is gone")

    pipeline = await world.run(delete_documents=True)

    assert pipeline.written() == {"a": "delete", "b": "delete"}
    assert world.tracking.status is Status.COMPLETE
    assert (await world.run(delete_documents=True)).written() == {}


async def test_a_run_that_has_ended_before_all_is_done_lists_nothing_more(world: World) -> None:
    world.shelf.put(a="1")
    world.next_run()
    world.pipeline.slow = True
    running = asyncio.create_task(world.connector().process(requested(SOURCE, "run"), world.pipeline))
    await eventually(lambda: len(documents(world.pipeline)) == 1)

    world.tracking.becomes(Status.CANCELLED)

    assert await running == []
    assert finals(world.pipeline) == []


async def test_a_run_that_is_cancelled_in_its_listing_sends_and_deletes_nothing_more(world: World) -> None:
    world.shelf.put(gone="1")
    await world.run()
    world.shelf.in_order = True
    world.shelf.put(a="1", b="1", c="1", d="1")
    world.shelf.listed = lambda entry: (
        world.tracking.becomes(Status.CANCELLED) if entry == Item("b", "1") else None
    )

    pipeline = await world.run()

    assert world.shelf.read_keys == ["a", "b"]
    assert set(pipeline.written()) <= {"a", "b"}
    assert finals(pipeline) == []
    world.shelf.listed = lambda entry: None
    await world.run()
    assert {s.document.document_key for s in world.pipeline.states.values() if not s.deleted} == set("abcd")


class Merging:
    """Runs of one source by one connector; each is the only one that tracking knows while it goes on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.connector = world.connector(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.tracking, name)

    async def run(self, name: str, waiting: str = "", **fields: Any) -> str | None:
        """Carry out a run while others wait; the run that it was merged into."""
        self._world.next_run()
        self._world.tracking.waiting_runs = frozenset(waiting.split())
        await self.connector.process(requested(SOURCE, name, **fields), self._world.pipeline)
        assert self._world.tracking.status is Status.COMPLETE
        last = self._world.pipeline.of(RunListed)[-1]
        assert isinstance(last, RunListed)
        return last.merged_into


async def test_a_run_that_waited_when_one_that_does_the_same_began_is_merged_into_it(world: World) -> None:
    world.shelf.put(a="1")
    runs = Merging(world)

    assert await runs.run("one", waiting="two three four") is None
    assert await runs.run("two", waiting="three four") == "one"
    assert world.pipeline.written() == {}
    assert await runs.run("five") is None, "it was asked for later"
    assert await runs.run("three") is None, "it is no longer known what it waited for"
    assert await runs.run("six", waiting="seven") is None
    assert await runs.run("seven", full_check=True) is None, "it asks for more"


async def test_what_others_were_merged_into_is_forgotten_when_they_have_ended(world: World) -> None:
    """The source may be deleted, so that no run comes any more that would end it."""
    world.shelf.put(a="1")
    runs = Merging(world)
    await runs.run("one", waiting="two")
    [kept] = [one for one in gc.get_objects() if isinstance(one, RunRequested) and one.invocation_id == "one"]
    forgotten = weakref.ref(kept)
    del kept
    other = SOURCE.model_copy(update={"id": "another"})
    world.next_run()
    world.tracking.waiting_runs = frozenset()

    await runs.connector.process(requested(other, "three"), world.pipeline)

    gc.collect()
    assert forgotten() is None


async def test_a_run_is_not_merged_into_one_of_which_a_document_failed(world: World) -> None:
    world.shelf.put(a="1", damaged="1")
    runs = Merging(world)
    await runs.run("one", waiting="two")
    world.shelf.broken = set()

    assert await runs.run("two") is None
    assert world.pipeline.written() == {"damaged": "upsert"}


async def test_a_run_is_not_merged_into_one_behind_which_another_has_begun(world: World) -> None:
    """That one may have left the collection as neither of them would."""
    world.shelf.put(a="1")
    runs = Merging(world)
    await runs.run("one", waiting="two three")
    world.shelf.put(a="2")
    world.shelf.breaks_off = RequestError("away")
    world.next_run()
    await runs.connector.process(requested(SOURCE, "two", full_check=True), world.pipeline)
    assert world.tracking.status is Status.FAILED
    world.shelf.breaks_off = None

    assert await runs.run("three") is None


async def test_runs_of_one_source_wait_for_each_other_in_the_same_collection_alone(world: World) -> None:
    connector = world.connector()
    first, second = (requested(SOURCE, name) for name in ("first", "second"))
    other = requested(SOURCE, "other", collection="another")

    assert connector.sequence_of(first) == connector.sequence_of(second) != connector.sequence_of(other)
