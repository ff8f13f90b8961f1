"""An upload as a run of one document."""

import pytest

from schemas.errors import ContractError, TransientError
from schemas.events import (
    Chunking,
    DocumentUpserted,
    Embedding,
    Payload,
    RunListed,
    RunRequested,
    RunStarted,
    Status,
    Upload,
)
from schemas.ids import document_id
from services.connectors import Invocations, UploadConnector
from streams.engine.outputs import Send
from streams.engine.stage import Record
from streams.topics import DOCUMENTS, PROGRESS
from tests.services.connectors.fakes import Pipeline, Tracking, requested, source

CONTENT = Payload(size=4, sha256="ab" * 32, inline=b"text")


def record(upload: bool = True) -> Record[RunRequested]:
    made = requested(source(kind="file_upload"))
    content = Upload(
        filename="notes.md",
        content=CONTENT,
        content_type="text/markdown",
        custom_id="mine",
        metadata={"team": "a"},
        embedding=Embedding(model="m2"),
        chunking=Chunking(type="lines", max_lines=3),
        main_content=True,
    )
    event = made.event.model_copy(update={"upload": content if upload else None})
    return Record(made.topic, made.partition, 0, made.key, event, 0)


async def test_an_upload_becomes_its_document_and_the_end_of_its_listing() -> None:
    tracking = Tracking()
    pipeline = Pipeline(tracking)

    document, listed = await UploadConnector(Invocations(tracking)).process(record(), pipeline)

    assert isinstance(document, Send)
    assert isinstance(document.event, DocumentUpserted)
    about = document.event.document
    assert (document.topic, document.key) == (DOCUMENTS, document_id(about))
    assert (about.document_key, about.custom_id, about.namespace) == ("notes.md", "mine", "")
    assert (about.metadata, about.embedding.model, about.chunking.max_lines) == ({"team": "a"}, "m2", 3)
    assert about.version_key == CONTENT.sha256
    assert about.main_content
    assert about.run
    assert (about.run.invocation_id, about.run.attempt, about.run.ordinal) == ("run-1", tracking.attempt, 0)
    assert (document.event.content, document.event.filename) == (CONTENT, "notes.md")
    assert document.event.content_type == "text/markdown"
    assert isinstance(listed, Send)
    assert isinstance(listed.event, RunListed)
    assert (listed.topic, listed.key, listed.event.total) == (PROGRESS, "run-1", 1)
    assert len(pipeline.of(RunStarted)) == 1


async def test_a_cancelled_upload_emits_nothing() -> None:
    tracking = Tracking()
    tracking.becomes(Status.CANCELLED)
    pipeline = Pipeline(tracking)

    assert await UploadConnector(Invocations(tracking)).process(record(), pipeline) == []
    assert not pipeline.sends


async def test_nothing_is_uploaded_to_a_topic_that_was_made_anew() -> None:
    async def lost() -> None:
        raise TransientError("`documents` was made anew")

    tracking = Tracking()

    with pytest.raises(TransientError, match="made anew"):
        await UploadConnector(Invocations(tracking), require_order=lost).process(record(), Pipeline(tracking))


async def test_a_run_without_its_upload_breaks_the_contract() -> None:
    tracking = Tracking()

    with pytest.raises(ContractError, match="run-1 of type file_upload has no upload"):
        await UploadConnector(Invocations(tracking)).process(record(upload=False), Pipeline(tracking))
