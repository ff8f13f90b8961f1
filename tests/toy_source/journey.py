"""`python -m tests.toy_source.journey FOLDER`: a type of source that two lines have added, all the way.

A process of its own, because the members of events and bodies follow from the table when they are imported.
"""

# ruff: noqa: E402
from schemas.sources import SOURCE_TYPES
from tests.toy_source.toy import TOY

SOURCE_TYPES[TOY.name] = TOY  # the line in schemas/sources/__init__.py

from services.connectors import ORIGINS
from tests.toy_source.origin import ToyOrigin

ORIGINS[TOY.name] = ToyOrigin  # the line in services/connectors/__init__.py

import asyncio
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from api.openapi import openapi
from api.sync.render import job_of, json_text, source_of
from api.sync.source_types import overlap, source_type
from headrace.cli.sources import where
from schemas import api, codec
from schemas.api import CreateSourcePayload
from schemas.codec import SingleObjectCodec
from schemas.errors import RequestError
from schemas.events import Chunking, Embedding, Invocation, RunRequested, Source, Status, Step, make_source
from schemas.render import render
from services.connectors import Access, Invocations, SyncConnector, origins
from streams.blobs import BlobStore
from streams.topics import BY_NAME, RUNS
from tests.services.connectors.fakes import (
    NOON,
    Collections,
    IndexedStates,
    Pipeline,
    Tracking,
    requested,
)

ORIGIN = origins(Access())["toy"]


async def configured(texts: dict[str, str], shelf: str = "top") -> Source:
    """What the gateway makes of a payload."""
    body = {"database_name": "d", "toy": {"shelf": shelf, "texts": texts}}
    payload = CreateSourcePayload.model_validate(body)
    kind = source_type(payload.source_type)
    return make_source(
        await ORIGIN.check(kind.configure(payload.form), "t"),
        id="5f0d9f2e-0000-4000-8000-000000000001",
        tenant="t",
        database="d",
        type=kind.name,
        embedding=Embedding(model="m"),
        chunking=Chunking(max_size_bytes=1000),
        created_at=NOON,
    )


def rendered(folder: Path) -> SingleObjectCodec:
    """What `python -m schemas.render` does: it refuses what older releases cannot read."""
    shutil.copytree(codec.AVRO_FOLDER, folder)
    codec.AVRO_FOLDER = folder
    assert set(render(folder)) == {"Source", "RunRequested"}
    return SingleObjectCodec(folder)


CODEC = rendered(Path(sys.argv[1]) / "avro")


def over_the_topic(run: RunRequested) -> RunRequested:
    """What the connector reads of what the gateway wrote."""
    assert RunRequested in BY_NAME["runs.toy"].records
    read = CODEC.decode(CODEC.encode(run, RUNS["toy"].name))
    assert isinstance(read, RunRequested)
    assert CODEC.decode(CODEC.encode(run.source, "sources")) == run.source == read.source
    return read


async def synced(source: Source, pipeline: Pipeline, tracking: Tracking, run: str) -> None:
    """A run by the connector."""
    connector = SyncConnector(
        "toy",
        ORIGIN,
        Invocations(tracking),
        IndexedStates(pipeline),
        Collections(pipeline),
        BlobStore(str(Path(sys.argv[1]) / "blobs")),
        window=100,
        partitions=12,
    )
    assert (connector.name, connector.topic.name) == ("connectors.toy", "runs.toy")
    record = requested(source, run)
    await connector.process(replace(record, event=over_the_topic(record.event)), pipeline)


async def syncs() -> None:
    """Two runs: the second sends the difference."""
    tracking = Tracking()
    first = Pipeline(tracking)
    await synced(await configured({"a": "one", "b": "two", "c": "three"}), first, tracking, "first")
    assert first.written() == {"a": "upsert", "b": "upsert", "c": "upsert"}
    tracking = Tracking()
    second = Pipeline(tracking)
    second.states, second.collection_id = first.states, first.collection_id
    await synced(await configured({"a": "one", "b": "2"}), second, tracking, "second")
    assert second.written() == {"b": "upsert", "c": "delete"}
    assert second.counted(Step.UNCHANGED) == [None]
    assert tracking.status is Status.COMPLETE


async def refusals() -> None:
    """What cannot be read, and what is there already."""
    with pytest.raises(RequestError, match="the shelf is forbidden"):
        await configured({}, "forbidden")
    one, other = await configured({"a": "1"}), await configured({"b": "1"})
    assert overlap(one, other.model_copy(update={"id": "another"}))


async def shown() -> None:
    """Source and invocation in the API, the command and the document."""
    source = await configured({"a": "one"})
    assert '"toy":{"shelf":"top","texts":{"a":"one"}}' in json_text(source_of(source))
    assert where(api.Source.model_validate_json(json_text(source_of(source)))) == "the shelf top"
    run = Invocation(
        id=source.id,
        tenant="t",
        database="d",
        collection="c",
        source_id=source.id,
        source_type="toy",
        single_document=False,
        status=Status.PENDING,
        created_at=NOON,
    )
    assert '"metadata":{"database_name":"d","collection_name":"c","toy":{}}' in json_text(job_of(run))
    assert "ToySource" in openapi()["components"]["schemas"]


if __name__ == "__main__":
    for step in (syncs, refusals, shown):
        asyncio.run(step())
    print("a toy source went all the way")
