"""The first stage: keeps the door, gives each document its sequence, and hands its text on."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from schemas.checks import MAX_METADATA_BYTES, MAX_NAME_BYTES
from schemas.errors import ContractError, DocumentError, DocumentTooLarge
from schemas.events import (
    Document,
    DocumentDeleted,
    DocumentParsed,
    DocumentUpserted,
    Embedding,
    PageSpan,
    Payload,
    RunPosition,
    Step,
)
from schemas.ids import document_id
from services.parsing import document as parsed
from services.parsing import stage as stage_module
from services.parsing.stage import Incoming, ParsingStage
from streams.blobs import INLINE_BYTES, BlobStore
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.publishing.dead_letters import SEQUENCE_HEADER
from streams.engine.stage import Record
from streams.partitions import partition_of
from streams.topics import PARSED
from tests.services.parsing.sandbox.sandbox_double import Recorded
from tests.waiting import eventually

PARTITIONS = 6
RUN = RunPosition(invocation_id="run-1", attempt=1, ordinal=4)


class NoContext:
    """Offers nothing; this stage asks for nothing."""

    def check_alive(self) -> None:
        raise NotImplementedError

    async def emit(self, outputs: object) -> None:
        raise NotImplementedError


def document(run: RunPosition | None = RUN) -> Document:
    return Document(
        tenant="t",
        database="d",
        collection="c",
        document_key="notes.md",
        embedding=Embedding(model="m"),
        run=run,
    )


def upserted(content: bytes = b"# Title\n", **more: object) -> DocumentUpserted:
    payload = Payload(size=len(content), sha256=sha256(content).hexdigest(), inline=content)
    return DocumentUpserted.model_validate({"document": document(), "content": payload, **more})


def record(event: Incoming, offset: int = 41, **headers: bytes) -> Record[Incoming]:
    key = document_id(event.document)
    named = {SEQUENCE_HEADER: headers["sequence"]} if "sequence" in headers else {}
    return Record("documents", partition_of(key, PARTITIONS), offset, key, event, 0, named)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(str(tmp_path))


@pytest.fixture
def sandbox() -> Recorded:
    return Recorded(parsed.ParsedDocument("# Title\n", media_type="text/markdown", text_type="text/markdown"))


@pytest.fixture
async def stage(sandbox: Recorded, blobs: BlobStore) -> AsyncIterator[ParsingStage]:
    made = ParsingStage(sandbox, blobs, PARTITIONS, concurrency=4)
    yield made
    await made.close()


async def run(stage: ParsingStage, made: Record[Incoming]) -> list[Output]:
    return list(await stage.process(made, NoContext()))


def sent(outputs: list[Output]) -> DocumentParsed:
    [send] = [output for output in outputs if isinstance(output, Send)]
    assert send.topic is PARSED
    assert isinstance(send.event, DocumentParsed)
    return send.event


async def test_a_document_is_handed_on_with_its_text_and_its_offset_as_sequence(
    stage: ParsingStage, sandbox: Recorded
) -> None:
    made = record(upserted(content_type="text/markdown"))

    outputs = await run(stage, made)

    event = sent(outputs)
    assert (event.document, event.sequence) == (document(), 41)
    assert (event.text.inline, event.media_type, event.filename) == (
        b"# Title\n",
        "text/markdown",
        "notes.md",
    )
    assert [output.key for output in outputs if isinstance(output, Send)] == [made.key]
    assert outputs[1:] == [ProgressReport(RUN, Step.PARSED)]
    assert sandbox.calls == [(b"# Title\n", "notes.md", "text/markdown")]


async def test_what_the_parser_found_travels_and_a_converted_document_says_so(
    stage: ParsingStage, sandbox: Recorded
) -> None:
    text = "x" * (INLINE_BYTES + 1)
    pages = (parsed.PageSpan(1, 0, 9, "one"),)
    sandbox.document = parsed.ParsedDocument(
        text, pages, "A title", "de", ("guessed",), "application/pdf", "text/markdown"
    )

    outputs = await run(stage, record(upserted(filename="report.pdf")))

    event = sent(outputs)
    assert outputs[1:] == [ProgressReport(RUN, Step.PARSED, warnings=("guessed",))]
    assert (event.filename, event.media_type, event.text_type) == (
        "report.pdf",
        "application/pdf",
        "text/markdown",
    )
    assert (event.title, event.language, event.warnings) == ("A title", "de", ["guessed"])
    assert event.pages == [PageSpan(number=1, start=0, end=9, name="one")]
    assert event.text.inline is None
    assert event.text.size == len(text)
    assert sandbox.calls[0][1] == "report.pdf"


async def test_progress_carries_few_and_short_warnings(stage: ParsingStage, sandbox: Recorded) -> None:
    many = tuple(f"{number} {'x' * 10_000}" for number in range(100))
    sandbox.document = parsed.ParsedDocument("text", warnings=many)

    [_, note] = await run(stage, record(upserted()))

    assert isinstance(note, ProgressReport)
    assert note.warnings == tuple(warning[:300] for warning in many[:5])


async def test_a_document_that_nobody_counts_has_no_note(stage: ParsingStage) -> None:
    event = upserted().model_copy(update={"document": document(run=None)})

    assert len(await run(stage, record(event))) == 1


async def test_a_delete_is_passed_on_with_its_sequence(stage: ParsingStage, sandbox: Recorded) -> None:
    [output] = await run(stage, record(DocumentDeleted(document=document())))

    assert isinstance(output, Send)
    assert output.event == DocumentDeleted(document=document(), sequence=41)
    assert not sandbox.calls


async def test_a_replay_keeps_the_sequence_of_its_first_time(stage: ParsingStage) -> None:
    assert sent(await run(stage, record(upserted(), sequence=b"7"))).sequence == 7
    [output] = await run(stage, record(DocumentDeleted(document=document()), sequence=b"0"))
    assert isinstance(output, Send)
    assert output.event == DocumentDeleted(document=document(), sequence=0)


@pytest.mark.parametrize("header", [b"42", b"-1", b"", b"seven", b"9" * 40, b"\xff", "٣".encode()])
async def test_a_sequence_from_the_future_or_none_at_all_is_refused(
    stage: ParsingStage, header: bytes
) -> None:
    with pytest.raises(ContractError, match="headrace-sequence must be an earlier offset"):
        await run(stage, record(upserted(), sequence=header))


async def test_a_key_that_is_not_the_document_id_is_refused_with_the_one_expected(
    stage: ParsingStage,
) -> None:
    made = record(upserted())
    wrong = Record("documents", partition_of("notes.md", PARTITIONS), 41, "notes.md", made.event, 0)

    with pytest.raises(ContractError, match=rf"must be the document id {made.key} .* found 'notes\.md'"):
        await run(stage, wrong)


async def test_a_record_on_another_partition_is_refused_with_what_to_do(
    stage: ParsingStage, sandbox: Recorded
) -> None:
    made = record(upserted())
    elsewhere = (made.partition + 1) % PARTITIONS
    wrong = Record("documents", elsewhere, 41, made.key, made.event, 0)

    with pytest.raises(
        ContractError, match=f"belongs on partition {made.partition}, found on {elsewhere}.*murmur2"
    ):
        await run(stage, wrong)
    assert not sandbox.calls


@pytest.mark.parametrize(
    "described",
    [
        {"metadata": {f"{i:05d}" + "k" * 100: 1 for i in range(200)}},
        {"metadata": {"k": "x" * MAX_METADATA_BYTES}},
        {"document_key": "x" * (MAX_NAME_BYTES + 1)},
        {"version_key": "x" * (MAX_NAME_BYTES + 1)},
        {"custom_id": "x" * (MAX_NAME_BYTES + 1)},
    ],
    ids=lambda described: next(iter(described)),
)
async def test_whoever_produced_it_a_document_with_too_much_to_say_of_it_is_refused(
    stage: ParsingStage, sandbox: Recorded, described: dict[str, object]
) -> None:
    event = upserted()
    event = event.model_copy(update={"document": event.document.model_copy(update=described)})

    with pytest.raises(DocumentTooLarge, match=f"{next(iter(described))} has .* bytes, at most 16,384"):
        await run(stage, record(event))
    assert not sandbox.calls


async def test_a_delete_is_passed_on_whatever_its_metadata(stage: ParsingStage) -> None:
    about = document().model_copy(update={"metadata": {"k": "x" * 10 * MAX_METADATA_BYTES}})

    [output] = await run(stage, record(DocumentDeleted(document=about)))

    assert isinstance(output, Send)


async def test_content_that_is_gone_fails_the_document(stage: ParsingStage) -> None:
    digest = sha256(b"gone").hexdigest()
    gone = Payload(size=10**6, sha256=digest, blob=f"{digest[:2]}/{digest}")
    event = upserted().model_copy(update={"content": gone})

    with pytest.raises(DocumentError, match="is missing"):
        await run(stage, record(event))


async def test_large_documents_are_in_memory_one_at_a_time(stage: ParsingStage, sandbox: Recorded) -> None:
    import asyncio

    large = upserted().model_copy(
        update={"content": upserted().content.model_copy(update={"size": 9 * 2**20})}
    )
    sandbox.gate = asyncio.Event()
    tasks = [
        asyncio.create_task(run(stage, record(event))) for event in (large, large, upserted(), upserted())
    ]
    for _ in range(20):  # turns of the loop, in which the second must not begin
        await asyncio.sleep(0)
    assert len(sandbox.calls) == 3

    sandbox.gate.set()
    await asyncio.gather(*tasks)
    assert len(sandbox.calls) == 4


async def test_the_stage_starts_its_sandbox_after_a_moment_and_closes_it(
    sandbox: Recorded, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = ParsingStage(sandbox, blobs, PARTITIONS, concurrency=4)
    await stage.start()
    await stage.close()
    assert (sandbox.started, sandbox.closed) == (False, True)

    monkeypatch.setattr(stage_module, "WARM_AFTER_SECONDS", 0)
    await stage.start()
    await eventually(lambda: sandbox.started)
    await stage.close()
