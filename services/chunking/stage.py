"""The chunking stage: text in, parts of chunks out. Worker processes run the native grammars."""

from bisect import bisect_right
from collections.abc import Sequence

from schemas.codec import Codec, SingleObjectCodec
from schemas.errors import DocumentError, DocumentTooLarge, RequestError, TransientError
from schemas.events import (
    Chunk,
    Chunking,
    Document,
    DocumentChunked,
    DocumentDeleted,
    DocumentParsed,
    PageSpan,
    Step,
)
from schemas.limits import MAX_CHUNKS
from services.chunking import Strategy, check_count, chunk
from services.chunking.ahead import hold_back
from streams import tracing
from streams.admission import Admission
from streams.blobs import BlobStore
from streams.engine import stage
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.stage import Context, Record
from streams.processes.confinement import confine
from streams.processes.errors import BadAnswer, CallTimeout, PoolStopped, RemoteError, WorkerDied
from streams.processes.pool import WorkerPool
from streams.topics import CHUNKS, MAX_VALUE_BYTES, PARSED

Incoming = DocumentParsed | DocumentDeleted

#: Maximum bytes of text and context in a part, so that no record occupies later stages for long.
PART_BYTES = 256 * 1024
#: Room for the vector that embedding adds to every chunk. Models have up to 4,096 dimensions of 4 bytes. So
#: 57 chunks of 1,000 bytes fill a message of 1 MB.
VECTOR_BYTES = 4_096 * 4
#: A chunk's five numbers of at most 10 bytes in Avro, its strategy and language, its strings' lengths.
CHUNK_FRAME_BYTES = 128
#: The numbers of a part, the lengths of its lists and of its vectors, the name of a later part, the codec's
#: frame.
PART_FRAME_BYTES = 1_024


def cutters(workers: int, wall_seconds: float, memory_bytes: int) -> WorkerPool:
    """Confined processes that cut: grammars are native code, and a text of short words has millions of
    possible cuts."""
    return WorkerPool(workers, wall_seconds, preload=[__name__], setup=(confine, [memory_bytes]))


class ChunkingStage(stage.Stage[Incoming]):
    """Cuts documents in `workers`, which the stage then owns.

    Args:
        max_chunks: a document with more fails.
        codec: encodes the parts that wait in the blob store.
    """

    name = "chunking"
    topic = PARSED

    def __init__(
        self,
        workers: WorkerPool,
        blobs: BlobStore,
        concurrency: int,
        max_chunks: int = MAX_CHUNKS,
        codec: Codec | None = None,
    ) -> None:
        self._workers, self._blobs = workers, blobs
        self._codec = codec or SingleObjectCodec()
        self.concurrency, self._max_chunks = concurrency, max_chunks
        self._admission = Admission()

    async def close(self) -> None:
        """Stop the workers."""
        self._workers.close()

    async def process(self, record: Record[Incoming], context: Context) -> Sequence[Output]:
        """Emit `DocumentChunked` parts, only the first ones of a big document; forward deletes."""
        event = record.event
        if isinstance(event, DocumentDeleted):
            return [Send(CHUNKS, record.key, event)]
        async with self._admission.of(event.text.size):
            with tracing.span("chunk", {"headrace.document.bytes": event.text.size}) as span:
                chunks = await self._cut(event)
                span.note({"headrace.chunks": len(chunks)})
            first = await hold_back(parts(event, chunks), self._blobs, self._codec)
        outputs: list[Output] = [Send(CHUNKS, record.key, part) for part in first]
        if event.document.run:
            outputs.append(ProgressReport(event.document.run, Step.CHUNKED))
        return outputs

    async def _cut(self, event: DocumentParsed) -> list[Chunk]:
        name = event.document.document_key
        text = await self._blobs.get(event.text)
        how = event.filename, _text_type(event), event.document.chunking, event.pages
        arguments = text, *how, self._max_chunks
        try:
            try:
                return await self._workers.run(cut_encoded, *arguments)
            except WorkerDied:  # the kernel, out of memory, may have chosen it for another document's sake
                return await self._workers.run(cut_encoded, *arguments)
        except WorkerDied as error:
            raise DocumentError(f"{name}: killed its worker twice (exit code {error.exit_code})") from error
        except CallTimeout as error:
            raise DocumentTooLarge(
                f"{name}: chunking took longer than {error.seconds:g} s (HEADRACE_PARSING_WALL_SECONDS)"
            ) from error
        except RemoteError as error:
            if error.name != MemoryError.__name__:
                raise
            raise DocumentTooLarge(
                f"{name}: chunking exceeds the memory limit (HEADRACE_PARSING_MEMORY_BYTES)"
            ) from error
        except BadAnswer as error:
            raise DocumentError(f"{name}: its worker returned no chunks: {error}") from error
        except PoolStopped as error:
            raise TransientError(f"{name}: {error}") from error


def cut_encoded(
    text: bytes,
    filename: str | None,
    text_type: str,
    chunking: Chunking,
    pages: Sequence[PageSpan],
    max_chunks: int,
) -> list[Chunk]:
    """`cut` for UTF-8."""
    return cut(text.decode(), filename, text_type, chunking, pages, max_chunks)


def cut(
    text: str,
    filename: str | None,
    text_type: str,
    chunking: Chunking,
    pages: Sequence[PageSpan],
    max_chunks: int = MAX_CHUNKS,
) -> list[Chunk]:
    """The chunks of a text as events. Raises DocumentTooLarge for more than `max_chunks`."""
    strategy: Strategy = "lines" if chunking.type == "lines" else "tree_sitter"
    limit = chunking.max_size_bytes
    try:
        pieces = chunk(text, filename, text_type, limit, strategy=strategy, max_lines=chunking.max_lines)
    except RequestError as error:
        raise DocumentError(f"chunking {chunking.model_dump()}: {error}") from error
    check_count(len(pieces), max_chunks, limit, strategy)
    numbers = page_numbers(text, [piece.start_byte for piece in pieces], pages)
    return [
        Chunk(
            text=piece.text,
            start_line=piece.start_line,
            end_line=piece.end_line,
            start_col=piece.start_col,
            end_col=piece.end_col,
            strategy=piece.strategy,
            language=piece.language,
            context=piece.context,
            page=number,
        )
        for piece, number in zip(pieces, numbers, strict=True)
    ]


def _text_type(event: DocumentParsed) -> str:
    """In records from before the field existed, converted text has no file name."""
    return event.text_type or (event.media_type if event.filename else "text/markdown")


def page_numbers(text: str, start_bytes: Sequence[int], pages: Sequence[PageSpan]) -> list[int | None]:
    """The page, slide or sheet of each byte offset; None if the text has none."""
    if not pages:
        return [None] * len(start_bytes)
    starts, at, offset = [], 0, 0
    for page in pages:  # spans count characters, chunks count bytes
        offset += len(text[at : page.start].encode())
        at = page.start
        starts.append(offset)
    return [pages[max(0, bisect_right(starts, start) - 1)].number for start in start_bytes]


def parts(event: DocumentParsed, chunks: Sequence[Chunk]) -> list[DocumentChunked]:
    """The chunks of a document in parts that fit into a message, even with their vectors.

    An empty document has one part without chunks; a chunk that is too big for any message is alone in its
    part.
    """
    groups = _groups(chunks, MAX_VALUE_BYTES - PART_FRAME_BYTES - _document_bytes(event.document))
    made, first = [], 0
    for number, group in enumerate(groups):
        made.append(
            DocumentChunked(
                document=event.document,
                sequence=event.sequence,
                part=number,
                parts=len(groups),
                first=first,
                total=len(chunks),
                chunks=group,
            )
        )
        first += len(group)
    return made


def _groups(chunks: Sequence[Chunk], room: int) -> list[list[Chunk]]:
    """At least one group of chunks, each at most `PART_BYTES`, and `room` bytes with their vectors."""
    groups: list[list[Chunk]] = [[]]
    size = 0
    for piece in chunks:
        length = len(piece.text.encode()) + len(piece.context.encode())
        added = len(groups[-1]) + 1
        embedded = size + length + added * (VECTOR_BYTES + CHUNK_FRAME_BYTES)
        if groups[-1] and (size + length > PART_BYTES or embedded > room):
            groups.append([])
            size = 0
        groups[-1].append(piece)
        size += length
    return groups


def _document_bytes(document: Document) -> int:
    """Upper bound of the bytes of a document's description in a message.

    Three times its JSON, because `,.5` there are 9 bytes in Avro.
    """
    return 3 * len(document.model_dump_json().encode())
