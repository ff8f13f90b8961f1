"""The chunking stage: parts that fit a message, dense numbers, pages from spans."""

import asyncio
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import SingleObjectCodec
from schemas.errors import DocumentError, DocumentTooLarge, TransientError
from schemas.events import (
    Chunk,
    Chunking,
    Document,
    DocumentChunked,
    DocumentDeleted,
    DocumentEmbedded,
    DocumentParsed,
    Embedding,
    PageSpan,
    Payload,
    RunPosition,
    Step,
)
from services.chunking.stage import PART_BYTES, ChunkingStage, cut, cutters, page_numbers, parts
from streams.admission import LARGE_BYTES
from streams.blobs import BlobStore
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.stage import Record
from streams.processes.errors import BadAnswer, CallTimeout, PoolStopped, RemoteError, WorkerDied
from streams.processes.pool import WorkerPool
from streams.topics import CHUNKS, EMBEDDINGS, MAX_VALUE_BYTES

RUN = RunPosition(invocation_id="run-1", attempt=1, ordinal=0)


def parsed(text: str = "", chunking: Chunking | None = None, run: RunPosition | None = RUN) -> DocumentParsed:
    document = Document(
        tenant="t",
        database="d",
        collection="c",
        document_key="notes.txt",
        chunking=chunking or Chunking(type="lines"),
        embedding=Embedding(model="m"),
        run=run,
    )
    content = text.encode()
    return DocumentParsed(
        document=document,
        sequence=7,
        text=Payload(size=len(content), sha256=sha256(content).hexdigest(), inline=content),
        filename="notes.txt",
        media_type="text/plain",
    )


def piece(size: int) -> Chunk:
    return Chunk(text="x" * size, start_line=1, end_line=1, start_col=0, end_col=size, strategy="lines")


@given(st.lists(st.integers(0, 100_000), max_size=200))
def test_parts_hold_all_chunks_in_order_numbered_densely_within_the_limits(sizes: list[int]) -> None:
    chunks = [piece(size) for size in sizes]

    made = parts(parsed(), chunks)

    assert [chunk for part in made for chunk in part.chunks] == chunks
    assert [part.part for part in made] == list(range(len(made)))
    assert {part.parts for part in made} == {len(made)}
    assert {part.total for part in made} == {len(chunks)}
    assert {part.sequence for part in made} == {7}
    first = 0
    for part in made:
        assert part.first == first
        first += len(part.chunks)
        assert len(part.chunks) == 1 or sum(len(chunk.text) for chunk in part.chunks) <= PART_BYTES
        assert part.chunks or not chunks


def test_sizes_are_bytes_and_not_characters() -> None:
    made = parts(parsed(), [piece(1).model_copy(update={"text": "ж" * (PART_BYTES // 4)}) for _ in range(3)])

    assert [len(part.chunks) for part in made] == [2, 1]


def test_what_the_context_takes_counts() -> None:
    wide = piece(1).model_copy(update={"context": "c" * (PART_BYTES // 2 - 1)})

    assert [len(part.chunks) for part in parts(parsed(), [wide] * 3)] == [2, 1]


@pytest.mark.parametrize(("text", "context"), [(0, 0), (20, 0), (1_000, 80), (4_096, 1_000), (70_000, 400)])
@pytest.mark.parametrize("metadata", [0, 1_600])
def test_a_part_fits_its_message_with_vectors_of_4096_dimensions(
    text: int, context: int, metadata: int
) -> None:
    chunks = [
        Chunk(
            text="x" * text,
            start_line=2**40,
            end_line=2**40,
            start_col=2**40,
            end_col=2**40,
            strategy="tree_sitter",
            language="objective-c",
            context="c" * context,
            page=2**40,
        )
    ] * 300
    event = parsed()
    event = event.model_copy(
        update={"document": event.document.model_copy(update={"metadata": {"m": [0.5] * metadata}})}
    )

    made = parts(event, chunks)

    codec = SingleObjectCodec()
    for part in made:
        common = {name: getattr(part, name) for name in DocumentChunked.model_fields}
        vectors = bytes(len(part.chunks) * 4 * 4_096)
        embedded = DocumentEmbedded(**common, dimension=4_096, vectors=vectors)
        assert len(codec.encode(embedded, EMBEDDINGS.name)) <= MAX_VALUE_BYTES
    if text <= 1_000:  # and wastes little: the vectors alone fill a message with 61
        assert len(made[0].chunks) >= 50


def test_an_empty_document_has_one_part_without_chunks() -> None:
    [part] = parts(parsed(), [])

    assert (part.part, part.parts, part.first, part.total, part.chunks) == (0, 1, 0, 0, [])


@given(
    pages=st.lists(st.text(alphabet="aж€😀\n", max_size=8), min_size=1, max_size=6),
    gap=st.sampled_from(["", "\n\n", "€"]),
)
def test_a_chunk_has_the_number_of_the_page_that_its_first_byte_stands_on(pages: list[str], gap: str) -> None:
    text, spans, owners = "", [], []
    for number, page in enumerate(pages, start=1):
        spans.append(PageSpan(number=number, start=len(text), end=len(text) + len(page)))
        for at, character in enumerate(page):
            owners.append((len((text + page[:at]).encode()), number))
            assert character
        text += page + gap

    found = page_numbers(text, [start for start, _ in owners], spans)

    assert found == [number for _, number in owners]


def test_without_pages_there_are_no_numbers() -> None:
    assert page_numbers("text", [0, 2], []) == [None, None]


def test_text_before_the_first_page_counts_to_it() -> None:
    assert page_numbers("intro page", [0, 6], [PageSpan(number=5, start=6, end=10)]) == [5, 5]


def test_chunks_carry_their_lines_and_pages() -> None:
    text = "первая\nвторая\nтретья\n"
    pages = [PageSpan(number=1, start=0, end=14), PageSpan(number=2, start=14, end=21)]

    chunks = cut(text, "notes.txt", "text/plain", Chunking(type="lines", max_lines=1), pages)

    assert [(c.text.strip(), c.start_line, c.page) for c in chunks] == [
        ("первая", 1, 1),
        ("вторая", 2, 1),
        ("третья", 3, 2),
    ]


@pytest.mark.parametrize("name", ["report.pdf", "page.html", "query.sql", None])
def test_a_converted_text_is_markdown_whatever_its_name(name: str | None) -> None:
    [chunk] = cut("# Title\n\nText.\n", name, "text/markdown", Chunking(), [])

    assert (chunk.language, chunk.strategy) == ("markdown", "markdown")


def test_a_limit_that_cannot_be_kept_fails_the_document_and_names_it() -> None:
    with pytest.raises(DocumentError, match="max_size_bytes"):
        cut("text", "notes.txt", "text/plain", Chunking(max_size_bytes=0), [])


@pytest.mark.parametrize(
    ("chunking", "size"),
    [(Chunking(type="lines", max_lines=1), "4,096"), (Chunking(max_size_bytes=64), "64")],
)
def test_more_chunks_than_a_document_may_have_fail_it_and_the_message_says_what_to_do(
    chunking: Chunking, size: str
) -> None:
    text = ("x" * 60 + "\n") * 1_201
    assert len(cut(text, "notes.txt", "text/plain", chunking, [], 1_201)) == 1_201

    with pytest.raises(DocumentTooLarge) as raised:
        cut(text, "notes.txt", "text/plain", chunking, [], 1_200)

    assert str(raised.value) == (
        "1,201 chunks; a document may have 1,200 (HEADRACE_MAX_CHUNKS). Split it, or use larger chunks "
        f"(chunking.max_size_bytes is {size})"
    )


class NoContext:
    """Offers nothing; this stage asks for nothing."""

    def check_alive(self) -> None:
        raise NotImplementedError

    async def emit(self, outputs: object) -> None:
        raise NotImplementedError


@pytest.fixture(scope="module")
def workers() -> Iterator[WorkerPool]:
    pool = cutters(1, wall_seconds=60, memory_bytes=1024**3)
    yield pool
    pool.close()


@pytest.fixture
def stage(workers: WorkerPool, tmp_path: Path) -> ChunkingStage:
    return ChunkingStage(workers, BlobStore(str(tmp_path)), concurrency=2)


async def run(stage: ChunkingStage, event: DocumentParsed | DocumentDeleted) -> list[Output]:
    return list(await stage.process(Record("parsed", 0, 3, "a-key", event, 0), NoContext()))


async def test_a_document_is_cut_in_a_worker_and_noted_behind_its_parts(stage: ChunkingStage) -> None:
    lines = "".join(f"line {number}\n" for number in range(200))

    outputs = await run(stage, parsed(lines, Chunking(type="lines", max_lines=2)))

    sends = [output for output in outputs if isinstance(output, Send)]
    assert {(send.topic, send.key) for send in sends} == {(CHUNKS, "a-key")}
    events = [send.event for send in sends if isinstance(send.event, DocumentChunked)]
    assert [len(event.chunks) for event in events] == [60, 40]
    assert [event.first for event in events] == [0, 60]
    assert outputs[2:] == [ProgressReport(RUN, Step.CHUNKED)]
    assert events[1].chunks[-1].end_line == 200


async def test_nothing_is_emitted_of_a_document_with_too_many_chunks(
    workers: WorkerPool, tmp_path: Path
) -> None:
    stage = ChunkingStage(workers, BlobStore(str(tmp_path)), concurrency=2, max_chunks=99)

    with pytest.raises(DocumentTooLarge, match="100 chunks; a document may have 99"):
        await run(stage, parsed("line\n" * 100, Chunking(type="lines", max_lines=1)))


async def test_a_document_that_nobody_counts_has_no_note(stage: ChunkingStage) -> None:
    [output] = await run(stage, parsed("text\n", run=None))

    assert isinstance(output, Send)


async def test_a_delete_is_passed_on_as_it_is(stage: ChunkingStage) -> None:
    deleted = DocumentDeleted(document=parsed().document, sequence=9)

    assert await run(stage, deleted) == [Send(CHUNKS, "a-key", deleted)]


class Held(WorkerPool):
    """Cuts nothing until `gate` is open."""

    def __init__(self) -> None:
        super().__init__(1, wall_seconds=60)
        self.gate = asyncio.Event()
        self.texts: list[bytes] = []

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        self.texts.append(arguments[0])
        await self.gate.wait()
        return function(*arguments)


async def test_large_documents_are_in_memory_one_at_a_time(tmp_path: Path) -> None:
    workers = Held()
    stage = ChunkingStage(workers, BlobStore(str(tmp_path)), concurrency=8)
    text = parsed().text.model_copy(update={"size": LARGE_BYTES + 1})
    large = parsed().model_copy(update={"text": text})
    tasks = [asyncio.create_task(run(stage, event)) for event in (large, large, parsed(), parsed())]
    for _ in range(20):  # turns of the loop, in which the second must not be loaded
        await asyncio.sleep(0)
    assert len(workers.texts) == 3

    workers.gate.set()
    await asyncio.gather(*tasks)
    assert len(workers.texts) == 4


class Dying(WorkerPool):
    """Ends each call with the next of `errors`."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__(1, wall_seconds=60)
        self.errors = list(errors)

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        if self.errors:
            raise self.errors.pop(0)
        return function(*arguments)


@pytest.mark.parametrize(
    ("errors", "becomes", "message"),
    [
        (
            [WorkerDied(-9), WorkerDied(-9)],
            DocumentError,
            r"notes\.txt: killed its worker twice \(exit code -9\)",
        ),
        ([CallTimeout(5)], DocumentTooLarge, r"notes\.txt: chunking took longer than 5 s"),
        (
            [RemoteError("MemoryError", "")],
            DocumentTooLarge,
            r"notes\.txt: chunking exceeds the memory limit \(HEADRACE_PARSING_MEMORY",
        ),
        ([BadAnswer("no list")], DocumentError, r"notes\.txt: its worker returned no chunks: no list"),
        ([PoolStopped("stopped")], TransientError, r"notes\.txt: stopped"),
    ],
)
async def test_a_call_without_a_result_speaks_of_its_document(
    tmp_path: Path, errors: list[Exception], becomes: type[Exception], message: str
) -> None:
    stage = ChunkingStage(Dying(*errors), BlobStore(str(tmp_path)), concurrency=2)
    with pytest.raises(becomes, match=message):
        await run(stage, parsed("text\n"))


async def test_a_document_whose_worker_died_once_is_cut(tmp_path: Path) -> None:
    stage = ChunkingStage(Dying(WorkerDied(-9)), BlobStore(str(tmp_path)), concurrency=2)
    assert len(await run(stage, parsed("text\n"))) == 2
