"""Whole runs over a bucket: what is sent, what is deleted, and that trouble deletes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.events import RunFailed, RunRequested, Status, Step
from schemas.ids import chunk_id_base, text_sha256
from schemas.sources.s3 import S3Config
from services.connectors import Invocations, SyncConnector
from services.connectors.s3 import S3Origin, client
from services.connectors.s3.naming import Named
from services.connectors.s3.objects import Given
from streams.blobs import BlobStore
from streams.engine.stage import Record
from tests.s3_server import Answer, Asked, MemoryS3, refusal
from tests.services.connectors.fakes import (
    Collections,
    IndexedStates,
    KeptMemos,
    Pipeline,
    Tracking,
    documents,
)
from tests.services.connectors.s3.conftest import config, run_of


class World:
    """A bucket, and a pipeline that lasts from run to run."""

    def __init__(self, origin: S3Origin, folder: Path) -> None:
        self._origin, self._blobs, self._runs = origin, BlobStore(str(folder)), 0
        self.tracking = Tracking()
        self.pipeline = Pipeline(self.tracking)

    async def run(self, run: RunRequested) -> Pipeline:
        """One whole run."""
        earlier, self.tracking = self.pipeline, Tracking()
        self.pipeline = Pipeline(self.tracking)
        self.pipeline.states, self.pipeline.collection_id = earlier.states, earlier.collection_id
        self.pipeline.memos = earlier.memos
        self._runs += 1
        run = run.model_copy(update={"invocation_id": f"run-{self._runs}"})
        connector = SyncConnector(
            "s3",
            self._origin,
            Invocations(self.tracking),
            IndexedStates(self.pipeline),
            Collections(self.pipeline),
            self._blobs,
            window=100,
            partitions=12,
            memos=KeptMemos(self.pipeline),
        )
        await connector.process(Record("runs.s3", 2, 0, run.source.id, run, 0), self.pipeline)
        return self.pipeline


@pytest.fixture
def world(origin: S3Origin, tmp_path: Path) -> World:
    return World(origin, tmp_path)


def failure(pipeline: Pipeline) -> str:
    [failed] = pipeline.of(RunFailed)
    assert isinstance(failed, RunFailed)
    return failed.error


async def test_ids_follow_from_the_key_alone_and_a_second_run_reads_nothing(
    store: MemoryS3, world: World
) -> None:
    for key in ("a.md", "dir1/report.txt", "dir2/report.txt", "exp2", "exp2/x"):
        store.put(key)

    first = await world.run(run_of(config(store)))
    store.asked.clear()
    second = await world.run(run_of(config(store)))

    assert {chunk_id_base(one) for one in documents(first)} == {text_sha256(key) for key in store.objects}
    assert second.written() == {}
    assert len(second.counted(Step.UNCHANGED)) in (0, 5)  # a range, or one by one
    assert [asked.key for asked in store.asked] == [""]
    assert world.tracking.status is Status.COMPLETE


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (refusal(403, "AccessDenied"), "allow s3:ListBucket"),
        (refusal(404, "NoSuchBucket"), "does not exist"),
        (refusal(403, "InvalidAccessKeyId"), "access key is not known"),
        (Answer(200, b""), "cannot be read at the page after"),
    ],
)
async def test_what_ends_a_listing_in_the_middle_deletes_nothing(
    store: MemoryS3,
    impatient: S3Origin,
    tmp_path: Path,
    answer: Answer,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(impatient, tmp_path)
    monkeypatch.setattr(client, "PAGE_KEYS", 10)
    for number in range(15):
        store.put(f"{number:02}", b"")
    await world.run(run_of(config(store)))
    for number in (3, 12):
        store.delete(f"{number:02}")

    def denied(asked: Asked) -> Answer | None:
        return answer if "continuation-token" in asked.query else None

    store.fault = denied
    pipeline = await world.run(run_of(config(store)))

    assert message in failure(pipeline)
    assert "delete" not in pipeline.written().values()
    store.fault = lambda asked: None
    assert (await world.run(run_of(config(store)))).written() == {"03": "delete", "12": "delete"}


async def test_an_event_about_an_object_that_is_gone_deletes_it_and_no_other(
    store: MemoryS3, world: World
) -> None:
    for key in ("a", "b"):
        store.put(key)
    await world.run(run_of(config(store)))
    store.delete("a")
    store.delete("b")

    asked = await world.run(run_of(config(store), object_key="a"))
    event = await world.run(run_of(config(store), "event", object_key="a"))

    assert "does not exist" in failure(asked)
    assert asked.written() == {}
    assert event.written() == {"a": "delete"}


async def test_a_custom_id_stays_with_its_object_and_another_one_takes_its_place(
    store: MemoryS3, world: World
) -> None:
    store.put("a")
    await world.run(run_of(config(store)))

    named = await world.run(run_of(config(store), object_key="a", custom_id="one", metadata={"year": 1}))
    again = await world.run(run_of(config(store)))
    plain = await world.run(run_of(config(store), object_key="a"))

    assert [one.custom_id for one in documents(named)] == ["one", None], "the new one first, then the old one"
    assert again.written() == {}
    assert [one.custom_id for one in documents(plain)] == [None, "one"]


async def test_what_is_archived_later_stays_and_what_is_too_large_fails_unread(
    store: MemoryS3, world: World
) -> None:
    store.put("a")
    await world.run(run_of(config(store)))
    store.put("a", storage_class="GLACIER")
    store.put("large", size=200 * 1024 * 1024 + 1)
    store.asked.clear()

    pipeline = await world.run(run_of(config(store)))

    assert pipeline.written() == {}
    assert pipeline.counted(Step.SKIPPED) == ["a"]
    assert pipeline.counted(Step.FAILED) == ["large"]
    assert [asked.key for asked in store.asked] == [""]


async def test_a_prefix_that_was_narrowed_takes_the_others_out(store: MemoryS3, world: World) -> None:
    for number in range(30):
        store.put(f"old/{number}")
    store.put("new/a")
    await world.run(run_of(config(store)))

    narrowed = await world.run(run_of(config(store, path_prefix="new/")))

    assert narrowed.written() == {f"old/{number}": "delete" for number in range(30)}, "it was asked for"


async def test_what_changes_between_listing_and_reading_is_taken_as_it_is_now(
    store: MemoryS3, world: World
) -> None:
    for key in ("changed", "gone", "kept"):
        store.put(key)
    await world.run(run_of(config(store)))
    for key in ("changed", "gone", "new"):
        store.put(key, b"second")

    def meanwhile(asked: Asked) -> Answer | None:
        if asked.key == "changed" and store.objects["changed"].body == b"second":
            store.put("changed", b"third")
            store.delete("gone")
            store.delete("new")
        return None

    store.fault = meanwhile
    pipeline = await world.run(run_of(config(store)))

    assert pipeline.written() == {"changed": "upsert", "gone": "delete"}
    assert pipeline.counted(Step.FAILED) == []
    assert world.tracking.status is Status.COMPLETE
    assert (await world.run(run_of(config(store)))).written() == {}, "the version that was read is known"


def said(path: str, id: str, **members: Any) -> bytes:
    return json.dumps({"version": "chroma-v1", "id": id, "path": path, **members}).encode()


async def test_in_metadata_mode_a_prefix_holds_what_its_files_name(store: MemoryS3, world: World) -> None:
    source = config(store, auto_sync="metadata", path_prefix="docs/")
    for key in ("docs/a", "docs/b", "docs/nobody", "docs/other", "docs/bad.meta.json/below"):
        store.put(key)
    store.put("docs/c.meta.json", said("docs/bad.meta.json/below", "below"))
    store.put("docs/z.meta.json", said("docs/a", "the-a", metadata={"year": 2026}))
    store.put("docs/b.meta.json", said("docs/b", "the-b"))
    store.put("docs/o.meta.json", said("docs/other", "o", target_collection_name="another"))
    store.put("docs/bad.meta.json", said("elsewhere/a", "x"))

    first = await world.run(run_of(source))

    found = {one.document_key: (one.custom_id, one.metadata) for one in documents(first)}
    assert found.pop("docs/bad.meta.json/below") == ("below", {})
    assert found == {"docs/a": ("the-a", {"year": 2026}), "docs/b": ("the-b", {})}
    assert first.counted(Step.FAILED) == ["docs/bad.meta.json"]
    assert (await world.run(run_of(source))).written() == {}

    store.put("docs/a", b"another text")
    store.delete("docs/z.meta.json")  # which changes nothing
    store.delete("docs/b")
    store.delete("docs/bad.meta.json/below")  # a key and no folder: what is below it can be gone
    asked = await world.run(run_of(source, object_key="docs/nobody"))
    again = await world.run(run_of(source))

    assert asked.written() == {"docs/nobody": "upsert"}
    assert again.written() == {
        "docs/a": "upsert",
        "docs/b": "delete",
        "docs/bad.meta.json/below": "delete",
    }
    [updated] = [one for one in documents(again) if one.document_key == "docs/a"]
    assert (updated.custom_id, updated.metadata) == ("the-a", {"year": 2026})


async def test_of_two_files_that_name_an_object_the_newer_counts() -> None:
    named = Named(S3Config(bucket_name="b", region="r", collection_name="library"), "library")
    files = {
        "a.meta.json": said("x", "old"),
        "b.meta.json": said("x", "new"),
        "c.meta.json": said("x", "older"),
    }
    when = {"a.meta.json": "2026-01-02", "b.meta.json": "2026-01-03", "c.meta.json": "2026-01-01"}

    async def read(key: str) -> bytes:
        return files[key]

    await named.take([{"Key": key, "LastModified": when[key]} for key in files], read)

    assert named.of("x") == Given("new")
    assert named.of("y") is None
