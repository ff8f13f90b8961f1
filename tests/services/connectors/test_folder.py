"""A folder as a source: each run brings the collection to what the folder holds."""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import TransientError
from schemas.events import (
    DocumentDeleted,
    DocumentMemo,
    DocumentUpserted,
    Progress,
    RunFailed,
    RunListed,
    RunStarted,
    Status,
    Step,
)
from schemas.ids import document_id
from services.connectors import Access, Invocations, SyncConnector, barrier, binary, folder
from services.connectors.folder import FolderLister, FolderOrigin, memo
from services.connectors.folder.reading import read_file
from services.connectors.folder.walk import File, FolderWalk
from services.connectors.lister import Content, Item
from streams.blobs import INLINE_BYTES, BlobStore
from streams.places import Places
from streams.state.store import Essence
from streams.topics import DOCUMENTS
from tests.services.connectors.fakes import (
    Collections,
    IndexedStates,
    KeptMemos,
    Pipeline,
    Tracking,
    documents,
    folder_source,
    requested,
)
from tests.services.connectors.folder.test_walk import forbid
from tests.waiting import eventually


class World:
    """A folder, a connector, and the pipeline behind it that lasts from run to run."""

    def __init__(self, tmp_path: Path, places: Places | None = None) -> None:
        self.origin = FolderOrigin(Access(places or Places()))
        self.folder = tmp_path / "folder"
        self.folder.mkdir()
        self.blobs = BlobStore(str(tmp_path / "blobs"))
        self._runs = 0
        self._states: Pipeline | None = None

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / f"{name}.md").write_text(text)

    def begin(self) -> tuple[Pipeline, SyncConnector, Tracking]:
        tracking = Tracking()
        pipeline = Pipeline(tracking)
        if self._states:
            pipeline.states = self._states.states
            pipeline.collection_id = self._states.collection_id
            pipeline.memos = self._states.memos
        self._states = pipeline
        return pipeline, self.connector(tracking, IndexedStates(pipeline)), tracking

    def connector(self, tracking: Tracking, states: IndexedStates) -> SyncConnector:
        return SyncConnector(
            "folder",
            self.origin,
            Invocations(tracking),
            states,
            Collections(states.pipeline),
            self.blobs,
            window=100,
            partitions=12,
            memos=KeptMemos(states.pipeline),
        )

    async def run(
        self, invocation: str | None = None, globs: list[str] | None = None, **flags: bool
    ) -> Pipeline:
        """One whole run; a new invocation unless it is named."""
        self._runs += 1
        pipeline, connector, tracking = self.begin()
        name = invocation or f"run-{self._runs}"
        record = requested(folder_source(self.folder, globs), name, **flags)
        assert await connector.process(record, pipeline) == []
        assert tracking.status is Status.COMPLETE
        return pipeline

    async def refused(self, globs: list[str] | None = None) -> str:
        """The error of a run that cannot be carried out, says so by itself and changes nothing."""
        pipeline, connector, tracking = self.begin()
        assert await connector.process(requested(folder_source(self.folder, globs)), pipeline) == []
        started, failed = [send.event for send in pipeline.sends]
        assert isinstance(started, RunStarted)
        assert isinstance(failed, RunFailed)
        assert failed.attempt == started.attempt == tracking.attempt
        return failed.error


class Patient(IndexedStates):
    """Reads on when the event loop has turned, or in the end without it."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__(pipeline)
        self._loop = asyncio.get_running_loop()
        self.loop_turned: bool | None = None

    def ordered(self, partition: int, scope: str, after: Essence, limit: int) -> list[Essence]:
        turned = threading.Event()
        self._loop.call_soon_threadsafe(turned.set)
        self.loop_turned = turned.wait(10)
        return super().ordered(partition, scope, after, limit)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barrier, "LOOK_SECONDS", 0)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_first_run_sends_every_file_with_all_that_later_stages_need(world: World) -> None:
    world.write(a="text of a", b="b" * (INLINE_BYTES + 1))

    pipeline = await world.run()

    assert pipeline.written() == {"a.md": "upsert", "b.md": "upsert"}
    assert [(p.event and p.key) for p in pipeline.sends if p.topic is DOCUMENTS] == [
        document_id(document) for document in documents(pipeline)
    ]
    first, second = [e for e in pipeline.of(DocumentUpserted) if isinstance(e, DocumentUpserted)]
    assert (first.filename, first.content.inline) == ("a.md", b"text of a")
    assert second.content.inline is None
    assert await world.blobs.get(second.content) == b"b" * (INLINE_BYTES + 1)
    document = first.document
    assert document.version_key == first.content.sha256
    assert (document.namespace, document.source_id, document.collection) == (
        "source-1",
        "source-1",
        "library",
    )
    assert document.run
    assert (document.run.invocation_id, document.run.ordinal) == ("run-1", 0)


async def test_a_second_run_over_the_same_folder_writes_nothing(world: World) -> None:
    world.write(a="1", b="2")
    await world.run()

    pipeline = await world.run()

    assert pipeline.written() == {}
    assert pipeline.counted(Step.UNCHANGED) == [None, None]


async def test_a_run_sends_the_difference_and_nothing_else(world: World) -> None:
    world.write(kept="1", changed="2", removed="3")
    await world.run()
    world.write(changed="two", added="4")
    (world.folder / "removed.md").unlink()

    pipeline = await world.run()

    assert pipeline.written() == {"added.md": "upsert", "changed.md": "upsert", "removed.md": "delete"}
    assert pipeline.counted(Step.UNCHANGED) == [None]
    assert sorted(pipeline.ordinals()) == [0, 1, 2, 3]


async def test_a_file_that_is_no_longer_included_is_removed(world: World) -> None:
    world.write(a="1", b="2")
    await world.run()

    pipeline = await world.run(globs=["a.md"])

    assert pipeline.written() == {"b.md": "delete"}


async def test_a_file_that_comes_back_is_sent_again(world: World) -> None:
    world.write(a="1")
    await world.run()
    (world.folder / "a.md").unlink()
    await world.run(allow_empty=True)
    world.write(a="1")

    assert (await world.run()).written() == {"a.md": "upsert"}


async def test_a_file_that_is_deleted_between_listing_and_reading_is_gone_and_no_failure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(a="1", gone="2")
    await world.run()
    world.write(a="one", gone="two", new="3")
    read = FolderLister.read

    async def late(self: FolderLister, item: Item) -> Content:
        for name in ("gone", "new"):
            (world.folder / f"{name}.md").unlink(missing_ok=True)
        return await read(self, item)

    monkeypatch.setattr(FolderLister, "read", late)
    pipeline = await world.run()

    assert pipeline.written() == {"a.md": "upsert", "gone.md": "delete"}
    assert pipeline.counted(Step.FAILED) == []


async def test_a_folder_that_is_another_one_when_files_are_read_deletes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(a="1")
    await world.run()
    world.write(a="one")
    read = FolderLister.read

    async def unmounted(self: FolderLister, item: Item) -> Content:
        world.folder.rename(world.folder.with_name("elsewhere"))
        world.folder.mkdir()
        return await read(self, item)

    monkeypatch.setattr(FolderLister, "read", unmounted)
    pipeline = await world.run()

    assert pipeline.written() == {}
    assert pipeline.counted(Step.FAILED) == ["a.md"]


async def test_a_second_attempt_counts_what_the_first_has_written_as_written(world: World) -> None:
    world.write(a="1", gone="2")
    await world.run()
    (world.folder / "gone.md").unlink()
    world.write(b="3", c="4")
    await world.run("crashed")  # wrote everything; then its end was lost with the process
    world.write(c="five")

    pipeline = await world.run("crashed")

    assert pipeline.written() == {"c.md": "upsert"}
    assert pipeline.counted(Step.INDEXED) == ["b.md"]
    assert pipeline.counted(Step.DELETED) == ["gone.md"]
    assert pipeline.counted(Step.UNCHANGED) == [None]
    notes = [e for e in pipeline.of(Progress) if isinstance(e, Progress) and e.stage is Step.INDEXED]
    assert [passed.chunks for note in notes for passed in note.passed] == [3]
    listed = pipeline.of(RunListed)[-1]
    assert isinstance(listed, RunListed)
    assert sorted(pipeline.ordinals()) == list(range(listed.total)) == [0, 1, 2, 3]


async def test_files_that_cannot_be_read_fail_alone_and_lose_nothing(world: World) -> None:
    world.write(good="1", bad="2")
    await world.run()
    (world.folder / "bad.md").unlink()
    (world.folder / os.fsdecode(b"caf\xe9.md")).touch()
    with (world.folder / "bad.md").open("wb") as file:
        file.truncate(200 * 1024 * 1024 + 1)

    pipeline = await world.run()

    assert sorted(str(key) for key in pipeline.counted(Step.FAILED)) == ["bad.md", "caf\\xe9.md"]
    assert pipeline.written() == {}  # the older version of bad.md stays


async def test_a_folder_that_is_not_there_fails_the_run_and_removes_nothing(world: World) -> None:
    world.write(a="1")
    await world.run()
    (world.folder / "a.md").unlink()
    world.folder.rmdir()

    assert "cannot be listed: No such file or directory" in await world.refused()


async def test_a_folder_that_lists_nothing_fails_the_run_and_removes_nothing(world: World) -> None:
    world.write(a="1", b="2")
    await world.run()
    (world.folder / "a.md").unlink()
    (world.folder / "b.md").unlink()

    error = await world.refused()

    assert error.startswith(
        f"{world.folder} lists nothing though 2 documents of it are indexed in collection 'library'; nothing"
    )
    assert "--allow-empty" in error
    world.write(a="1", b="2")  # the disk is mounted again
    assert (await world.run()).counted(Step.UNCHANGED) == [None, None]


async def test_globs_that_match_nothing_any_more_fail_the_run_and_are_named(world: World) -> None:
    world.write(a="1")
    await world.run()

    assert "(*.rst) lists nothing though 1 document of it is indexed" in await world.refused(["*.rst"])


async def test_a_folder_that_is_empty_on_purpose_empties_the_collection(world: World) -> None:
    world.write(a="1", b="2")
    await world.run()
    (world.folder / "a.md").unlink()
    (world.folder / "b.md").unlink()

    assert (await world.run(allow_empty=True)).written() == {"a.md": "delete", "b.md": "delete"}
    assert (await world.run()).written() == {}  # nothing is indexed any more, so no run is refused


async def test_what_is_below_a_folder_that_cannot_be_listed_stays_and_the_rest_is_synced(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(kept="1", removed="2")
    closed = world.folder / "closed" / "deep"
    closed.mkdir(parents=True)
    (closed / "c.md").write_text("3")
    await world.run()
    (world.folder / "removed.md").unlink()
    (world.folder / "closed-too.md").write_text("4")
    forbid(monkeypatch, "closed")

    pipeline = await world.run()

    assert pipeline.written() == {"closed-too.md": "upsert", "removed.md": "delete"}
    [failed] = [e for e in pipeline.of(Progress) if isinstance(e, Progress) and e.stage is Step.FAILED]
    [passed] = failed.passed
    assert passed.document_key == "closed"
    assert passed.error == "closed: cannot be listed: Permission denied; what is indexed of it stays"
    listed = pipeline.of(RunListed)[-1]
    assert isinstance(listed, RunListed)
    assert sorted(pipeline.ordinals()) == list(range(listed.total))


async def test_a_folder_of_which_nothing_can_be_seen_keeps_all_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.folder / "closed").mkdir()
    (world.folder / "closed" / "c.md").write_text("3")
    await world.run()
    forbid(monkeypatch, "closed")

    pipeline = await world.run()

    assert pipeline.written() == {}
    assert pipeline.counted(Step.FAILED) == ["closed"]


async def test_a_cancelled_run_emits_nothing(world: World) -> None:
    world.write(a="1")
    pipeline, connector, tracking = world.begin()
    tracking.becomes(Status.CANCELLED)

    assert await connector.process(requested(folder_source(world.folder)), pipeline) == []
    assert not pipeline.sends


async def test_a_run_that_is_given_up_has_failed_with_the_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(a="1")
    pipeline, connector, tracking = world.begin()
    record = requested(folder_source(world.folder))

    async def broken(content: bytes) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(world.blobs, "put", broken)
    with pytest.raises(ZeroDivisionError):
        await connector.process(record, pipeline)

    [output] = connector.failed(record, ZeroDivisionError("a bug"))
    failed = getattr(output, "event", None)
    assert isinstance(failed, RunFailed)
    assert (failed.attempt, failed.error) == (tracking.attempt, "a bug")
    [unbegun] = connector.failed(record, ZeroDivisionError("again"))
    assert getattr(unbegun, "event", None) == RunFailed(invocation_id="run-1", attempt=0, error="again")


async def test_a_collection_that_was_made_anew_is_filled_again(world: World) -> None:
    world.write(a="1")
    await world.run()
    pipeline, connector, _ = world.begin()
    pipeline.collection_id = "another"

    await connector.process(requested(folder_source(world.folder), "run-2"), pipeline)

    assert pipeline.written() == {"a.md": "upsert"}


async def test_the_loop_turns_while_what_is_indexed_is_read(world: World) -> None:
    world.write(a="1")
    await world.run()
    pipeline, _, tracking = world.begin()
    states = Patient(pipeline)

    connector = world.connector(tracking, states)
    await connector.process(requested(folder_source(world.folder), "patient"), pipeline)

    assert states.loop_turned
    assert pipeline.counted(Step.UNCHANGED) == [None]


class BrokenOff:
    """A run whose first attempt has sent documents and died; they are still on their way."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.pipeline, self._connector, self.tracking = world.begin()
        self._record = requested(folder_source(world.folder), "broken-off")

    async def sends(self, number: int) -> None:
        """The first attempt."""
        self.pipeline.slow = True
        attempt = asyncio.create_task(self._connector.process(self._record, self.pipeline))
        await eventually(lambda: len(documents(self.pipeline)) == number)
        attempt.cancel()
        await asyncio.gather(attempt, return_exceptions=True)

    async def begins_anew(self) -> None:
        """The second attempt, in another process. The pipeline moves on when it has sent something too."""
        sent = len(documents(self.pipeline))
        connector = self._world.connector(self.tracking, IndexedStates(self.pipeline))
        attempt = asyncio.create_task(connector.process(self._record, self.pipeline))
        await eventually(lambda: len(documents(self.pipeline)) > sent or attempt.done())
        while not attempt.done():
            self.pipeline.index_all()
            await asyncio.sleep(0)
        await attempt
        self.pipeline.index_all()

    def indexed(self) -> dict[str, str]:
        """Document key → version key of what is in the collection."""
        states = [state for state in self.pipeline.states.values() if not state.deleted]
        return {state.document.document_key: state.document.version_key for state in states}


async def test_a_file_deleted_while_a_broken_off_attempt_had_it_on_its_way_does_not_stay(
    world: World,
) -> None:
    world.write(kept="1", deleted="2")
    run = BrokenOff(world)
    await run.sends(2)
    (world.folder / "deleted.md").unlink()

    await run.begins_anew()

    assert list(run.indexed()) == ["kept.md"]
    assert run.tracking.status is Status.COMPLETE
    assert run.pipeline.counted(Step.INDEXED) == ["kept.md"]  # not sent a second time
    listed = run.pipeline.of(RunListed)[-1]
    assert isinstance(listed, RunListed)
    assert listed.total == 2


async def test_a_file_taken_back_while_a_broken_off_attempt_had_it_on_its_way_is_as_it_was(
    world: World,
) -> None:
    world.write(a="first")
    await world.run()
    world.write(a="second")
    run = BrokenOff(world)
    before = run.indexed()
    await run.sends(1)
    world.write(a="first")

    await run.begins_anew()

    assert run.indexed() == before


async def test_an_emptied_folder_is_found_also_when_its_documents_were_on_their_way(world: World) -> None:
    world.write(a="1")
    run = BrokenOff(world)
    await run.sends(1)
    (world.folder / "a.md").unlink()

    await run.begins_anew()

    assert list(run.indexed()) == ["a.md"]


async def test_who_waits_for_a_broken_off_attempt_gives_way_to_a_newer_one(world: World) -> None:
    world.write(a="1")
    run = BrokenOff(world)
    await run.sends(1)
    states = IndexedStates(run.pipeline)
    connector = world.connector(run.tracking, states)
    record = requested(folder_source(world.folder), "broken-off")
    attempt = asyncio.create_task(connector.process(record, run.pipeline))
    await eventually(lambda: len(run.pipeline.of(DocumentDeleted)) == 12)

    run.tracking.becomes(attempt=1)

    with pytest.raises(TransientError, match="another attempt has taken over"):
        await attempt


async def test_private_files_are_left_out_and_counted_and_come_in_when_they_are_asked_for(
    world: World,
) -> None:
    world.write(a="1")
    (world.folder / ".env").write_text("SECRET=1")
    (world.folder / ".hidden.md").write_text("2")

    pipeline = await world.run()

    assert pipeline.written() == {"a.md": "upsert"}
    assert [e.left_out for e in pipeline.of(RunListed) if isinstance(e, RunListed) and e.final] == [
        {"hidden": 1, "secret": 1}
    ]
    assert (await world.run(globs=["*.md", ".env"])).written() == {".env": "upsert"}


async def test_what_an_earlier_release_indexed_of_private_files_is_removed_and_the_run_says_so(
    world: World,
) -> None:
    world.write(a="1")
    (world.folder / ".env").write_text("SECRET=1")
    await world.run(globs=[".env", "*.md"])  # stands for a release that knew no private files

    pipeline = await world.run()

    assert pipeline.written() == {".env": "delete"}
    [listed] = [e for e in pipeline.of(RunListed) if isinstance(e, RunListed) and e.final]
    assert listed.left_out == {"secret": 1}


async def test_a_folder_whose_files_are_all_private_by_now_fails_the_run_and_says_why(world: World) -> None:
    (world.folder / ".env").write_text("SECRET=1")
    await world.run(globs=[".env"])

    assert "lists nothing but 1 left out (secret) though 1 document" in await world.refused()


async def test_patterns_of_an_earlier_release_that_cannot_be_used_fail_the_run_with_the_reason(
    world: World,
) -> None:
    world.write(a="1")

    assert "the patterns of the source cannot be used: a bracket is never closed" in await world.refused(
        ["["]
    )


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read, by their keys."""
    read: list[str] = []

    def noted(root: Path, key: str, *rest: object) -> bytes:
        read.append(key)
        return read_file(root, key, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(folder, "read_file", noted)
    return read


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the disk counts so finely that what was written just now is believed."""
    monkeypatch.setattr(memo, "SETTLED_NS", 0)


@pytest.mark.usefixtures("settled")
async def test_files_whose_size_times_and_inode_are_unchanged_are_not_read(
    tmp_path: Path, reads: list[str]
) -> None:
    world = World(tmp_path)
    world.write(a="one", b="two", c="three")
    await world.run()
    reads.clear()
    world.write(b="TWO")
    before = (world.folder / "c.md").stat()
    world.write(c="THREE")  # and its size and time are set as they were
    os.utime(world.folder / "c.md", ns=(before.st_atime_ns, before.st_mtime_ns))

    assert (await world.run()).written() == {"b.md": "upsert", "c.md": "upsert"}
    assert reads == ["b.md", "c.md"]
    assert (await world.run()).written() == {}
    assert reads == ["b.md", "c.md"]


async def test_a_file_that_was_changed_just_now_may_change_again_unseen_so_it_is_read_again(
    tmp_path: Path, reads: list[str]
) -> None:
    world = World(tmp_path)
    world.write(a="one")
    assert [await world.run() for _ in range(2)][1].written() == {}

    assert reads == ["a.md", "a.md"]


@pytest.mark.usefixtures("settled")
async def test_a_full_check_reads_every_file(tmp_path: Path, reads: list[str]) -> None:
    world = World(tmp_path)
    world.write(a="one", b="two")
    await world.run()

    await world.run(full_check=True)

    assert sorted(reads) == ["a.md", "a.md", "b.md", "b.md"]


@pytest.mark.usefixtures("settled")
async def test_what_is_noted_of_a_file_goes_with_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(a="one", b="two")
    notes = (await world.run()).memos
    assert len([note for note in notes.values() if note]) == 2
    (world.folder / "b.md").unlink()

    notes = (await world.run()).memos

    assert [note.document_key for note in notes.values() if isinstance(note, DocumentMemo)] == ["a.md"]


@pytest.mark.usefixtures("settled")
async def test_nothing_is_noted_of_the_files_of_a_source_that_was_deleted_with_its_documents(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    world.write(a="one", b="two")
    (world.folder / "app.bin").write_bytes(b"\x7fELF\2\1\1\0")
    notes = (await world.run()).memos
    assert len([note for note in notes.values() if note]) == 3

    last = await world.run(delete_documents=True)

    assert last.written() == {"a.md": "delete", "b.md": "delete"}
    assert set(last.memos.values()) == {None}


@pytest.mark.usefixtures("settled")
async def test_what_is_noted_of_a_file_that_was_skipped_goes_with_it(
    tmp_path: Path, reads: list[str]
) -> None:
    world = World(tmp_path)
    world.write(b="text", d="text")
    for name in ("a.bin", "b.bin", "c.bin", "e.bin"):
        (world.folder / name).write_bytes(b"\x7fELF\2\1\1\0")
    await world.run()
    for name in ("a.bin", "c.bin", "e.bin"):
        (world.folder / name).unlink()
    reads.clear()

    notes = (await world.run()).memos

    kept = sorted(note.document_key for note in notes.values() if isinstance(note, DocumentMemo))
    assert kept == ["b.bin", "b.md", "d.md"]
    assert (await world.run()).written() == {}
    assert reads == []


@pytest.mark.usefixtures("settled")
async def test_a_binary_file_is_skipped_with_the_reason_and_read_again_only_when_it_is_another(
    tmp_path: Path, reads: list[str]
) -> None:
    world = World(tmp_path)
    world.write(a="text")
    (world.folder / "app.bin").write_bytes(b"\x7fELF\2\1\1\0")

    first = await world.run()
    assert first.written() == {"a.md": "upsert"}
    assert [(one.document_key, one.error) for one in first.notes(Step.SKIPPED)] == [("app.bin", "binary")]
    assert first.counted(Step.FAILED) == []
    assert reads == ["a.md", "app.bin"]

    second = await world.run()
    assert (second.written(), second.counted(Step.SKIPPED)) == ({}, ["app.bin"])
    assert reads == ["a.md", "app.bin"], "it was not read again"

    (world.folder / "app.bin").write_text("text now")
    assert (await world.run()).written() == {"app.bin": "upsert"}

    (world.folder / "app.bin").write_bytes(b"\x7fELF\2\1\1\0 another")
    third = await world.run()
    assert (third.written(), third.counted(Step.SKIPPED)) == ({"app.bin": "delete"}, ["app.bin"])
    reads.clear()
    assert (await world.run()).written() == {}
    assert reads == [], "what was noted of it is not deleted with its text"

    await world.run(full_check=True)
    assert reads == ["a.md", "app.bin"]


async def test_a_binary_file_that_was_changed_just_now_is_read_again(
    tmp_path: Path, reads: list[str]
) -> None:
    world = World(tmp_path)
    world.write(a="text")
    (world.folder / "app.bin").write_bytes(b"\0\1\2")

    for _ in range(2):
        assert (await world.run()).counted(Step.SKIPPED) == ["app.bin"]

    assert reads == ["a.md", "app.bin"] * 2


@pytest.mark.usefixtures("settled")
async def test_what_is_noted_of_files_says_nothing_of_what_a_collection_holds(
    tmp_path: Path, reads: list[str]
) -> None:
    world = World(tmp_path)
    world.write(a="one", b="two")
    pipeline = await world.run()
    pipeline.states.clear()  # another collection
    pipeline.collection_id = None
    reads.clear()

    assert (await world.run()).written() == {"a.md": "upsert", "b.md": "upsert"}
    assert reads == ["a.md", "b.md"]


async def test_a_run_that_would_delete_most_of_a_folder_stops_and_says_how_to_go_on(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(**{f"{number:02}": "text" for number in range(40)})
    await world.run()
    for number in range(21):
        (world.folder / f"{number:02}.md").unlink()
    world.write(new="text")

    pipeline, connector, _ = world.begin()
    await connector.process(requested(folder_source(world.folder), "mass"), pipeline)

    [failed] = pipeline.of(RunFailed)
    assert isinstance(failed, RunFailed)
    assert (
        "no longer lists 21 of its 40 documents in collection 'library', more than 50% of them"
        in failed.error
    )
    assert "(--allow-mass-delete)" in failed.error
    assert pipeline.written() == {"new.md": "upsert"}
    assert len((await world.run(allow_mass_delete=True)).written()) == 21


async def test_up_to_the_share_is_deleted_and_few_documents_always_are(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(**{f"{number:02}": "text" for number in range(40)})
    await world.run()
    for number in range(20):
        (world.folder / f"{number:02}.md").unlink()
    assert len((await world.run()).written()) == 20
    for number in range(20, 39):
        (world.folder / f"{number:02}.md").unlink()

    assert len((await world.run()).written()) == 19


async def test_what_other_patterns_leave_out_is_deleted_without_a_question(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(**{f"draft-{number:02}": "text" for number in range(30)}, kept="text", gone="text")
    await world.run()
    (world.folder / "gone.md").unlink()

    assert len((await world.run(globs=["kept.md", "gone.md"])).written()) == 31


async def test_patterns_that_match_nothing_delete_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(a="text")
    await world.run()

    assert "lists nothing though 1 document of it is indexed" in await world.refused(globs=["*.mdd"])


@pytest.fixture
def replaced(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that the next listing misses, as while an editor replaces them; the one after it has them."""
    names: list[str] = []
    whole = FolderWalk.files

    def files(walk: FolderWalk) -> Iterator[File]:
        missed = frozenset(names)
        names.clear()
        return (file for file in whole(walk) if file.key not in missed)

    monkeypatch.setattr(FolderWalk, "files", files)
    return names


async def test_a_file_that_is_replaced_during_the_listing_is_indexed_and_not_deleted(
    world: World, replaced: list[str]
) -> None:
    world.write(a="one", b="two")
    await world.run()
    replaced.append("a.md")
    world.write(a="three")

    assert (await world.run()).written() == {"a.md": "upsert"}


async def test_missing_files_that_exist_but_are_ignored_now_are_deleted(
    world: World, replaced: list[str]
) -> None:
    world.write(a="one", b="two", c="three")
    await world.run()
    replaced.append("a.md")
    (world.folder / ".gitignore").write_text("b.md")
    (world.folder / "c.md").unlink()

    assert (await world.run()).written() == {"b.md": "delete", "c.md": "delete"}


async def test_a_binary_file_is_indexed_by_the_first_release_that_reads_its_format(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = world.folder / "a.vsdx"
    drawing.write_bytes(b"PK\0\0")
    os.utime(drawing, (1, 1))
    monkeypatch.setattr(memo, "SETTLED_NS", 0)
    with monkeypatch.context() as earlier:
        earlier.setattr(binary, "DOCUMENTS", frozenset({".pdf"}))
        assert (await world.run(allow_empty=True)).written() == {}

    assert (await world.run()).written() == {"a.vsdx": "upsert"}
