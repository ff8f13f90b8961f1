"""The chunking stage: text in, parts of chunks out; cut in worker processes, as grammars are native code."""

from bisect import bisect_right
from collections.abc import Sequence

from schemas.errors import DocumentError, RequestError
from schemas.events import Chunk, Chunking, DocumentChunked, DocumentDeleted, DocumentParsed, PageSpan, Stage
from services.chunking import chunk
from streams import stage
from streams.blobs import BlobStore
from streams.outputs import Note, Output, Send
from streams.processes import WorkerProcesses
from streams.stage import Context, Record
from streams.topics import CHUNKS, PARSED

Incoming = DocumentParsed | DocumentDeleted

#: Chunks and bytes of text in a part. With 1,024 floats a chunk (4 KB of vector) and the text, a part of
#: embeddings stays under 600 KB of the 1 MB that a message may have.
PART_CHUNKS = 64
PART_BYTES = 256 * 1024


class ChunkingStage(stage.Stage[Incoming]):
    """Cuts documents in `workers`, which the stage owns from now on."""

    name = "chunking"
    topic = PARSED

    def __init__(self, workers: WorkerProcesses, blobs: BlobStore, concurrency: int) -> None:
        self._workers, self._blobs = workers, blobs
        self.concurrency = concurrency

    async def close(self) -> None:
        """Stop the workers."""
        self._workers.close()

    async def process(self, record: Record[Incoming], context: Context) -> Sequence[Output]:
        """`DocumentChunked` parts, at least one; the delete passed on."""
        event = record.event
        if isinstance(event, DocumentDeleted):
            return [Send(CHUNKS, record.key, event)]
        text = (await self._blobs.get(event.text)).decode()
        document = event.document
        chunks = await self._workers.run(
            document.document_key, cut, text, event.filename, event.media_type, document.chunking, event.pages
        )
        outputs: list[Output] = [Send(CHUNKS, record.key, part) for part in parts(event, chunks)]
        if document.run:
            outputs.append(Note(document.run, Stage.CHUNKED))
        return outputs


def cut(
    text: str, filename: str | None, media_type: str, chunking: Chunking, pages: Sequence[PageSpan]
) -> list[Chunk]:
    """The chunks of a text as events. Without a file name the text is markdown that a parser made."""
    try:
        pieces = chunk(
            text,
            filename,
            media_type if filename else "text/markdown",
            chunking.max_size_bytes,
            strategy="lines" if chunking.type == "lines" else "tree_sitter",
            max_lines=chunking.max_lines,
        )
    except RequestError as error:
        raise DocumentError(f"chunking {chunking.model_dump()}: {error}") from error
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


def page_numbers(text: str, start_bytes: Sequence[int], pages: Sequence[PageSpan]) -> list[int | None]:
    """The page, slide or sheet that each byte offset stands on; None where a text has none."""
    if not pages:
        return [None] * len(start_bytes)
    starts, at, offset = [], 0, 0
    for page in pages:  # spans count characters, chunks count bytes
        offset += len(text[at : page.start].encode())
        at = page.start
        starts.append(offset)
    return [pages[max(0, bisect_right(starts, start) - 1)].number for start in start_bytes]


def parts(event: DocumentParsed, chunks: Sequence[Chunk]) -> list[DocumentChunked]:
    """The chunks of a document in parts that fit a message; an empty document has one part without chunks."""
    groups: list[list[Chunk]] = [[]]
    size = 0
    for piece in chunks:
        length = len(piece.text.encode())
        if groups[-1] and (len(groups[-1]) == PART_CHUNKS or size + length > PART_BYTES):
            groups.append([])
            size = 0
        groups[-1].append(piece)
        size += length
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
