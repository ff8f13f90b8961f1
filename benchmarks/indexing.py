"""How fast rows reach Chroma: our HTTP client beside the package chromadb, and the stage by batch size.

    python -m benchmarks indexing [--rows 3000] [--rounds 3] [--beside]

Starts a Chroma server of its own in a temporary folder. Vectors have 384 dimensions, chunks 1,000 bytes,
documents 8 chunks. CPU is this process's alone: what the indexer costs beside the server.

First, and alone with `--beside`: the stage and the package's `add` write new rows into collections with one
graph, in turns. Their rate is also compared by the CPU of both processes, which repeats on a busy machine.
"""

import asyncio
import random
import resource
import struct
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

import chromadb
import numpy as np
from chromadb.api.collection_configuration import CreateCollectionConfiguration, CreateHNSWConfiguration
from chromadb.api.models.AsyncCollection import AsyncCollection
from chromadb.config import Settings

from benchmarks.processor import seconds_by_name, server_of
from benchmarks.tables import command_line, show, table
from schemas.codec import SingleObjectCodec
from schemas.events import Chunk, Document, DocumentEmbedded, DocumentState, Embedding
from schemas.ids import document_id
from services.indexing import ChromaStore, Collection, IndexingStage, Row
from services.indexing import vectors as limits
from services.indexing.configuration import GRAPH
from services.indexing.plan import Incoming
from services.indexing.rows import rows_of
from streams.engine.log import RecordMetadata
from streams.engine.outputs import Output, Send
from streams.engine.stage import Record
from streams.kafka.cluster import Cluster
from streams.local import LocalChroma
from streams.state.store import PartitionStore
from streams.topics import DOCUMENT_STATES

DIMENSION, CHUNK_BYTES, CHUNKS = 384, 1000, 8
MODEL = Embedding(model="sentence-transformers/all-MiniLM-L6-v2")
WORDS = ["stream", "broker", "chunk", "vector", "offset", "partition", "replay", "commit", "fence", "record"]

_random = random.Random(7)


class Alive:
    """A context without an engine."""

    def check_alive(self) -> None:
        """Always."""

    async def emit(self, outputs: Sequence[Output]) -> None:
        """Nothing is emitted."""


def event(number: int, collection: str, sequence: int) -> DocumentEmbedded:
    """A document of CHUNKS chunks."""
    document = Document(
        tenant="default_tenant",
        database="default_database",
        collection=collection,
        document_key=f"folder/file-{number}.md",
        namespace="source",
        source_id="source",
        version_key=f"{sequence}",
        embedding=MODEL,
    )
    texts = [" ".join(_random.choices(WORDS, k=CHUNK_BYTES // 7)) for _ in range(CHUNKS)]
    return DocumentEmbedded(
        document=document,
        sequence=sequence,
        part=0,
        parts=1,
        first=0,
        total=CHUNKS,
        chunks=[
            Chunk(
                text=text,
                start_line=n,
                end_line=n + 9,
                start_col=0,
                end_col=80,
                strategy="markdown",
                language="markdown",
            )
            for n, text in enumerate(texts)
        ],
        dimension=DIMENSION,
        vectors=b"".join(
            struct.pack(f"<{DIMENSION}f", *(_random.gauss(0, 1) for _ in range(DIMENSION))) for _ in texts
        ),
    )


async def measured(label: str, rows: int, work: Callable[[], Awaitable[None]]) -> list[str]:
    """Run `work` once; a row of the table of what it cost."""
    begun, cpu = time.perf_counter(), time.process_time()
    await work()
    seconds, spent = time.perf_counter() - begun, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return [label, f"{rows / seconds:,.0f}", f"{spent / rows * 1e6:,.0f}", f"{peak}"]


async def by_request(url: str, rows: Sequence[Row]) -> AsyncIterator[list[str]]:
    """Rows a second by rows of a request: our client, and the package chromadb."""
    host, port = url.removeprefix("http://").split(":")
    client = await chromadb.AsyncHttpClient(
        host=host, port=int(port), settings=Settings(anonymized_telemetry=False)
    )
    store = ChromaStore(url)
    for size in (100, limits.MAX_ROWS, 1000):
        batches = [rows[start : start + size] for start in range(0, len(rows), size)]
        target = Collection("default_tenant", "default_database", f"ours-{size}", MODEL)
        theirs = await client.create_collection(f"theirs-{size}", embedding_function=None)

        async def ours(batches: Sequence[Sequence[Row]] = batches, target: Collection = target) -> None:
            for batch in batches:
                identity = await store.create(target, lambda: None)
                await store.upsert(target, identity, batch, lambda: None)

        async def package(
            batches: Sequence[Sequence[Row]] = batches,
            theirs: AsyncCollection = theirs,
        ) -> None:
            for batch in batches:
                await theirs.upsert(
                    ids=[row.id for row in batch],
                    embeddings=[np.frombuffer(row.vector, "<f4") for row in batch],
                    documents=[row.text for row in batch],
                    metadatas=[dict(row.metadata) for row in batch],  # type: ignore[arg-type]
                )

        yield await measured(f"ours, {size} rows a request", len(rows), ours)
        yield await measured(f"chromadb, {size} rows a request", len(rows), package)
    await store.close()


async def by_batch(url: str, documents: int, folder: Path) -> AsyncIterator[list[str]]:
    """The stage: first versions, then second versions of the same documents, by records of a batch."""
    for size in (16, 64, 250, 500):
        cluster, offsets = Cluster("127.0.0.1:1"), count()
        states = PartitionStore[DocumentState](
            cluster, SingleObjectCodec(), DOCUMENT_STATES, folder / f"{size}.db"
        )
        stage = IndexingStage(ChromaStore(url), states)
        for version in (1, 2):
            events = [event(n, f"stage-{size}", version * 10_000 + n) for n in range(documents)]

            async def index(
                events: Sequence[DocumentEmbedded] = events,
                size: int = size,
                stage: IndexingStage = stage,
                states: PartitionStore[DocumentState] = states,
                offsets: "count[int]" = offsets,
            ) -> None:
                async for outputs in batches(stage, events, size):
                    sends = [output for output in outputs if isinstance(output, Send)]
                    states.apply([RecordMetadata(send, 0, next(offsets)) for send in sends])

            yield await measured(
                f"stage, version {version}, {size} documents a batch", documents * CHUNKS, index
            )
        await stage.close()
        states.close()


async def beside_bare(url: str, rows: int, rounds: int, folder: Path) -> list[list[str]]:
    """New rows by the package's `add` and by the stage: rows/s by the clock and by CPU, and the share.

    Chroma takes rows into its graph when it is asked for some, so each way ends with a count.
    """
    host, port = url.removeprefix("http://").split(":")
    settings = Settings(anonymized_telemetry=False)
    client = await chromadb.AsyncHttpClient(host=host, port=int(port), settings=settings)
    server = {"chroma": server_of(folder)}
    costs: dict[str, list[tuple[float, float]]] = {"package chromadb, add": [], "stage, new documents": []}
    for number in range(rounds):
        events = [event(n, f"beside-{number}", n) for n in range(rows // CHUNKS)]
        made = [row for one in events for row in rows_of(one)]
        configuration = CreateCollectionConfiguration(hnsw=CreateHNSWConfiguration(**GRAPH))  # type: ignore[typeddict-item]
        theirs = await client.create_collection(
            f"bare-{number}", configuration=configuration, embedding_function=None
        )
        ways = [
            ("package chromadb, add", f"bare-{number}", partial(_add, theirs, made)),
            (
                "stage, new documents",
                f"beside-{number}",
                partial(_index, url, events, folder / f"{number}.db"),
            ),
        ]
        for label, name, work in ways if number % 2 == 0 else reversed(ways):
            begun, spent = time.perf_counter(), time.process_time() + seconds_by_name(server)["chroma"]
            await work()
            assert await (await client.get_collection(name)).count() == len(made)
            cpu = time.process_time() + seconds_by_name(server)["chroma"] - spent
            costs[label].append((time.perf_counter() - begun, cpu))
    first, second = costs.values()
    shares = [median(one[by] / other[by] for one, other in zip(first, second, strict=True)) for by in (0, 1)]
    table_: list[list[str]] = []
    for label, some in costs.items():
        rates = [f"{rows / median(one[by] for one in some):,.0f}" for by in (0, 1)]
        table_.append([label, *rates, *([] if some is first else [f"{share:.2f}" for share in shares])])
    return table_


async def _add(theirs: AsyncCollection, rows: Sequence[Row]) -> None:
    for start in range(0, len(rows), limits.MAX_ROWS):
        batch = rows[start : start + limits.MAX_ROWS]
        await theirs.add(
            ids=[row.id for row in batch],
            embeddings=[np.frombuffer(row.vector, "<f4") for row in batch],
            documents=[row.text for row in batch],
            metadatas=[dict(row.metadata) for row in batch],  # type: ignore[arg-type]
        )


async def _index(url: str, events: Sequence[DocumentEmbedded], file: Path) -> None:
    states = PartitionStore[DocumentState](Cluster("127.0.0.1:1"), SingleObjectCodec(), DOCUMENT_STATES, file)
    stage, offsets = IndexingStage(ChromaStore(url), states), count()
    async for outputs in batches(stage, events, 250):
        sends = [output for output in outputs if isinstance(output, Send)]
        states.apply([RecordMetadata(send, 0, next(offsets)) for send in sends])
    await stage.close()
    states.close()


async def batches(
    stage: IndexingStage, events: Sequence[DocumentEmbedded], size: int
) -> AsyncIterator[list[Output]]:
    """Outputs of each batch."""
    for start in range(0, len(events), size):
        records: list[Record[Incoming]] = [
            Record("embeddings", 0, 0, document_id(each.document), each, 0)
            for each in events[start : start + size]
        ]
        outcomes = await stage.process_batch(records, Alive())
        yield [output for outcome in outcomes if not isinstance(outcome, Exception) for output in outcome]


async def main() -> None:
    """Print the table."""
    parser = command_line("indexing", __doc__)
    parser.add_argument("--rows", type=int, default=3000, help="of each way")
    parser.add_argument("--rounds", type=int, default=3, help="of the stage beside the package")
    parser.add_argument("--beside", action="store_true", help="only the stage beside the package")
    options = parser.parse_args()
    rows = options.rows
    with tempfile.TemporaryDirectory() as folder:
        async with LocalChroma(Path(folder) / "chroma") as server:
            beside = await beside_bare(server.url, rows, options.rounds, Path(folder))
            show(
                table(
                    f"{rows} new rows, into collections with one graph",
                    ("way", "rows/s", "rows/s of CPU", "of the first", "by CPU"),
                    beside,
                )
            )
            if options.beside:
                return
            made = [row for n in range(rows // CHUNKS) for row in rows_of(event(n, "requests", 1))]
            requests = [row async for row in by_request(server.url, made)]
            stage = [row async for row in by_batch(server.url, rows // CHUNKS, Path(folder))]
    columns = ("way", "rows/s", "µs CPU/row, ours", "MB peak")
    show(
        table(
            f"indexing, {rows} rows of {DIMENSION} dimensions and {CHUNK_BYTES} bytes",
            columns,
            requests + stage,
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
