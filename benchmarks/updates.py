"""What an edit costs beside the first indexing, in a real Chroma: the stage, and Chroma's bare requests.

    python -m benchmarks updates [--chunks 900] [--files 1000] [--bare 900]

Starts a Chroma server of its own in a temporary folder. A long document is indexed and edited, then many
small files. The vectors stand for cached ones: made of the words of a chunk, so that texts that are alike
have vectors that are, which decides what Chroma's graph takes to replace one. CPU is Chroma's, then ours.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.processor import seconds_by_name, server_of
from benchmarks.tables import command_line, show, table
from benchmarks.texts import sentences
from schemas.codec import SingleObjectCodec
from schemas.events import Chunk, Document, DocumentDeleted, DocumentEmbedded, DocumentState, Embedding
from schemas.ids import document_id
from services.indexing import ChromaStore, IndexingStage, Row
from services.indexing.configuration import GRAPH
from services.indexing.plan import Incoming
from services.indexing.rows import rows_of
from services.indexing.vectors import MAX_ROWS
from streams.chroma import ChromaClient
from streams.engine.log import RecordMetadata
from streams.engine.outputs import Output, Send
from streams.engine.stage import Record
from streams.kafka.cluster import Cluster
from streams.local import LocalChroma
from streams.state.store import PartitionStore
from streams.topics import DOCUMENT_STATES

DIMENSION, PART = 384, 57
MODEL = Embedding(model="sentence-transformers/all-MiniLM-L6-v2")
#: What the engine hands the stage at once: its window's bytes, at some 3 KB a row.
BATCH_ROWS = 1_400

Cost = tuple[float, float, float]
#: A request, and its body for some rows.
Step = tuple[str, Callable[[Sequence[Row]], dict[str, object]]]


@cache
def _of_word(word: str) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    seed = int.from_bytes(word.encode()[:8], "little")
    return np.random.default_rng(seed).normal(size=DIMENSION).astype(np.float32)


def vector(text: str) -> bytes:
    """A vector of length 1: the sum of those of the words."""
    total = np.sum([_of_word(word) for word in text.lower().split()], axis=0)
    return bytes((total / np.linalg.norm(total)).astype("<f4").tobytes())


def versions_of(key: str, texts: Sequence[str], sequence: int) -> list[DocumentEmbedded]:
    """The parts of one version of a document."""
    document = Document(
        tenant="default_tenant",
        database="default_database",
        collection="updates",
        document_key=key,
        namespace="source",
        source_id="source",
        version_key=f"version {sequence}",
        embedding=MODEL,
    )
    starts = range(0, len(texts), PART)
    return [
        DocumentEmbedded(
            document=document,
            sequence=sequence,
            part=part,
            parts=len(starts),
            first=first,
            total=len(texts),
            chunks=[_chunk(text, first + n) for n, text in enumerate(texts[first : first + PART])],
            dimension=DIMENSION,
            vectors=b"".join(vector(text) for text in texts[first : first + PART]),
        )
        for part, first in enumerate(starts)
    ]


def _chunk(text: str, line: int) -> Chunk:
    lines = {"start_line": line * 10 + 1, "end_line": line * 10 + 10, "start_col": 0, "end_col": 80}
    return Chunk(text=text, strategy="markdown", language="markdown", **lines)  # type: ignore[arg-type]


class Context:
    """A context without an engine."""

    def check_alive(self) -> None:
        """Always."""

    async def emit(self, outputs: Sequence[Output]) -> None:
        """Nothing is emitted."""


class Bench:
    """The stage with its state, as the engine runs it, and the processes whose CPU counts."""

    def __init__(self, url: str, server: int, folder: Path) -> None:
        self._server = server
        cluster = Cluster("127.0.0.1:1")
        self._states = PartitionStore[DocumentState](
            cluster, SingleObjectCodec(), DOCUMENT_STATES, folder / "states.db"
        )
        self._stage = IndexingStage(ChromaStore(url), self._states)
        self._offsets = count()
        self.client = ChromaClient(url)

    async def close(self) -> None:
        """Close the clients."""
        await self._stage.close()
        await self.client.close()
        self._states.close()

    async def index(self, events: Sequence[Incoming]) -> None:
        """All events, in batches as the engine cuts them."""
        for batch in _batches(events, self._stage.max_records):
            records: list[Record[Incoming]] = [
                Record("embeddings", 0, 0, document_id(one.document), one, 0) for one in batch
            ]
            for outcome in await self._stage.process_batch(records, Context()):
                if isinstance(outcome, Exception):
                    raise outcome
                sends = [output for output in outcome if isinstance(output, Send)]
                self._states.apply([RecordMetadata(send, 0, next(self._offsets)) for send in sends])

    async def cost(self, work: Coroutine[object, object, object]) -> Cost:
        """Seconds on the clock, of Chroma's CPU, and of ours."""
        begun = time.perf_counter(), self._chroma(), time.process_time()
        await work
        return time.perf_counter() - begun[0], self._chroma() - begun[1], time.process_time() - begun[2]

    def _chroma(self) -> float:
        return seconds_by_name({"chroma": self._server})["chroma"]


def _batches(events: Sequence[Incoming], most: int) -> Iterator[list[Incoming]]:
    batch: list[Incoming] = []
    rows = 0
    for event in events:
        size = len(event.chunks) if isinstance(event, DocumentEmbedded) else 0
        if batch and (len(batch) == most or rows + size > BATCH_ROWS):
            yield batch
            batch, rows = [], 0
        batch.append(event)
        rows += size
    if batch:
        yield batch


def _row(label: str, rows: int, cost: Cost, first: Cost) -> list[str]:
    seconds, chroma, ours = cost
    figures = [f"{seconds:.2f}", f"{rows / seconds:,.0f}", f"{1000 * chroma / rows:.2f}"]
    figures.append(f"{1000 * ours / rows:.2f}")
    ratios = f"{seconds / first[0]:.2f}", f"{(chroma + ours) / (first[1] + first[2]):.2f}"
    return [label, *figures, *ratios]


async def long_document(bench: Bench, chunks: int) -> list[list[str]]:
    """A document, and edits of it."""
    chance = random.Random(7)
    texts = [sentences(chance, 9)[:1000] for _ in range(chunks)]
    middle = chunks // 2
    edits = {
        f"document of {chunks} chunks, new": texts,
        "the same once more": texts,
        "one more line at its end": [*texts[:-1], texts[-1] + " One more line."],
        "one chunk in its middle changed": [*texts[:middle], sentences(chance, 9), *texts[middle + 1 :]],
        "one more chunk at its beginning": [sentences(chance, 3), *texts],
    }
    rows: list[list[str]] = []
    first = (1.0, 1.0, 1.0)
    for sequence, (label, version) in enumerate(edits.items()):
        parts = versions_of("long.md", version, sequence)
        cost = await bench.cost(bench.index(parts))
        first = first if rows else cost
        rows.append(_row(label, chunks, cost, first))
    return rows


async def small_files(bench: Bench, files: int) -> list[list[str]]:
    """Small files that are new, edited, and gone."""
    chance = random.Random(8)
    texts = [[sentences(chance, 9)[:1000] for _ in range(chance.randint(1, 2))] for _ in range(files)]
    keys = [f"folder/file-{n}.md" for n in range(files)]
    total = sum(map(len, texts))
    edited = [[*text[:-1], text[-1] + " One more line."] for text in texts]
    rows: list[list[str]] = []
    first = (1.0, 1.0, 1.0)
    versions = {f"{files} files, {total} chunks, new": texts, "one more line in each": edited}
    for sequence, (label, version) in enumerate(versions.items(), 10):
        pairs = zip(keys, version, strict=True)
        events = [part for key, text in pairs for part in versions_of(key, text, sequence)]
        cost = await bench.cost(bench.index(events))
        first = first if rows else cost
        rows.append(_row(label, total, cost, first))
    gone = [versions_of(key, ["x"], 20)[0].document for key in keys]
    deletes = [DocumentDeleted(document=document, sequence=20) for document in gone]
    rows.append(_row("deleted", total, await bench.cost(bench.index(deletes)), first))
    return rows


async def bare(bench: Bench, count_: int) -> list[list[str]]:
    """Requests of MAX_ROWS rows as Chroma takes them, without the stage."""
    chance = random.Random(9)
    made, other = (
        [row for part in versions_of("bare.md", texts, 1) for row in rows_of(part)]
        for texts in ([sentences(chance, 9)[:1000] for _ in range(count_)] for _ in range(2))
    )
    base = bench.client.collections("default_tenant", "default_database")

    async def collection(name: str) -> str:
        body = {"name": name, "configuration": {"hnsw": GRAPH}}
        return f"{base}/{(await bench.client.post(base, body, name))['id']}"

    async def send(path: str, steps: Sequence[Step], rows: Sequence[Row]) -> None:
        for start in range(0, len(rows), MAX_ROWS):
            for step, body in steps:
                await bench.client.post(f"{path}/{step}", body(rows[start : start + MAX_ROWS]), step)

    first = await collection("bare")
    ways = [
        ("bare add", [("add", _whole)], made),
        ("bare update of metadata, all keys", [("update", _metadata)], made),
        ("bare update of metadata, the version alone", [("update", _version)], made),
        ("bare get of ids", [("get", lambda rows: {**_ids(rows), "include": []})], made),
        ("bare upsert, other vectors", [("upsert", _whole)], other),
        ("bare delete and add", [("delete", _ids), ("add", _whole)], made),
    ]
    costs = [(label, await bench.cost(send(first, steps, rows))) for label, steps, rows in ways]
    return [_row(label, count_, cost, costs[0][1]) for label, cost in costs]


def _ids(rows: Sequence[Row]) -> dict[str, object]:
    return {"ids": [row.id for row in rows]}


def _metadata(rows: Sequence[Row]) -> dict[str, object]:
    return {**_ids(rows), "metadatas": [dict(row.metadata) for row in rows]}


def _version(rows: Sequence[Row]) -> dict[str, object]:
    return {**_ids(rows), "metadatas": [{"version_key": "x", "version_key_sha256": "y" * 64} for _ in rows]}


def _whole(rows: Sequence[Row]) -> dict[str, object]:
    vectors = [np.frombuffer(row.vector, "<f4").tolist() for row in rows]
    return {**_metadata(rows), "documents": [row.text for row in rows], "embeddings": vectors}


async def main() -> None:
    """Print the table."""
    parser = command_line("updates", __doc__)
    parser.add_argument("--chunks", type=int, default=900, help="of the long document")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--bare", type=int, default=900, help="rows of each bare request")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        async with LocalChroma(Path(folder) / "chroma") as server:
            bench = Bench(server.url, server_of(Path(folder)), Path(folder))
            rows += await bare(bench, options.bare)
            rows += await long_document(bench, options.chunks)
            rows += await small_files(bench, options.files)
            await bench.close()
    columns = ("what", "s", "rows/s", "ms CPU/row, Chroma", "ours", "time of the first", "CPU of it")
    show(table("updates in Chroma: 384 dimensions, chunks of 1,000 bytes", columns, rows))


if __name__ == "__main__":
    asyncio.run(main())
