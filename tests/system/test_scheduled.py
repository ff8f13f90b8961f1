"""A source that runs by itself, from its due time to the collection; and changed in between."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.codec import SingleObjectCodec
from schemas.events import Source
from streams.engine.outputs import Send
from streams.kafka.producer import EventProducer
from streams.state.reader import Reader, end_offsets
from streams.topics import SOURCES
from tests.system.pipeline import PARTITIONS, Pipeline

pytestmark = pytest.mark.system


def stored(pipeline: Pipeline, source_id: str) -> Source:
    """The newest record of a source."""
    ends = end_offsets(pipeline.cluster, [(SOURCES.name, partition) for partition in range(PARTITIONS)])
    reader = Reader(pipeline.cluster, SingleObjectCodec())
    try:
        reader.assign(dict.fromkeys(ends, 0))
        found = {one.key: one.event for batch in reader.read_to(ends) for one in batch.changes}
    finally:
        reader.close()
    source = found[source_id]
    assert isinstance(source, Source)
    return source


async def due_soon(pipeline: Pipeline, source_id: str) -> None:
    """Let the schedule of a source have been set almost a minute ago."""
    source = await asyncio.to_thread(stored, pipeline, source_id)
    assert source.schedule is not None
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=57)
    changed = source.model_copy(update={"schedule": source.schedule.model_copy(update={"since": since})})
    producer = EventProducer(pipeline.cluster, SingleObjectCodec())
    await producer.send(Send(SOURCES, source_id, changed))
    await producer.close()


async def shown(pipeline: Pipeline, source_id: str) -> dict[str, Any]:
    status, source = await pipeline.call("GET", f"/api/v1/sources/{source_id}")
    assert status == 200
    schedule: dict[str, Any] = source["schedule"]
    return schedule


async def has_run(pipeline: Pipeline, source_id: str) -> dict[str, Any]:
    """The schedule of a source, when it has made a run."""
    async with asyncio.timeout(60):
        while True:
            schedule = await shown(pipeline, source_id)
            if schedule["last_invocation_ids"]:
                return schedule
            await asyncio.sleep(0.1)


async def test_a_schedule_brings_documents_and_a_change_takes_out_what_falls_out_at_the_next_run(
    pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("scheduled")
    for name in ("a.md", "b.md"):
        (folder / name).write_text(f"# {name}\n")
    source = await pipeline.source_of(
        {"folder": {"path": str(folder)}, "schedule": {"every": "1m", "target_collection_name": "timed"}}
    )
    assert (await shown(pipeline, source))["last_at"] is None
    await due_soon(pipeline, source)

    schedule = await has_run(pipeline, source)
    [run] = schedule["last_invocation_ids"]
    counts = await pipeline.ended(run)
    change = {"folder": {"exclude_globs": ["b.md"]}, "schedule": None}
    status, changed = await pipeline.call("PATCH", f"/api/v1/sources/{source}", json=change)
    after = await pipeline.sync(source, "timed")

    assert counts["indexed"] == 2
    assert (schedule["runs"], schedule["skips"]) == (1, 0)
    due, asked, following = (
        datetime.fromisoformat(schedule[name]) for name in ("last_at", "last_requested_at", "next_at")
    )
    assert timedelta(0) <= asked - due < timedelta(seconds=30)
    assert following - due == timedelta(minutes=1)
    _, invocation = await pipeline.call("GET", f"/api/v1/invocations/{run}")
    assert invocation["trigger"] == "schedule"
    assert (status, changed["change"]["fields"]) == (200, ["folder.exclude_globs", "schedule"])
    assert (after["deleted"], after["unchanged"]) == (1, 1)
    keys = {metadata["document_key"] for _, metadata in (await pipeline.rows("timed")).values()}
    assert keys == {"a.md"}
