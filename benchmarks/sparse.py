"""Sparse search: chunks per second of BM25, rows per second into the index, milliseconds of a query.

    python -m benchmarks sparse [--rows 100000] [--queries 500]

Rows have 60 terms out of 50,000, as often as words occur in texts (Zipf). They are folded in as they come
from the topic, decoding included, but without a broker. Queries have 4 terms and ask for 16 hits, first one
at a time, then 64 at once while rows are folded in. Client and service share a process and its cores.
"""

import asyncio
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from benchmarks.tables import command_line, show, table
from schemas.codec import SingleObjectCodec
from schemas.events import SparseRow
from schemas.ids import collection_key
from schemas.limits import BM25, SPARSE_KEY
from services.embedding.sparse import Bm25
from services.searching.audit import Audit
from services.searching.index import SparseIndex
from services.searching.server import SearchServer
from streams.state.reader import ChangelogRecord
from streams.topics import SPARSE_ROWS

ROOT = Path(__file__).parent.parent
TOKEN, COLLECTION = "benchmark", "11111111-1111-4111-8111-111111111111"
TERMS, VOCABULARY, BATCH, ROUNDS = 60, 50_000, 2_000, 3
#: Goals: chunks and rows per second, milliseconds of a query.
ENCODED, FOLDED, MEDIAN, WORST, WORST_BUSY = 5_000, 5_000, 5.0, 25.0, 300.0

_chance = np.random.default_rng(7)


@dataclass
class Follows:
    """An index that is always what its topic is."""

    ready: bool = True
    fault: str | None = None

    def rebuild(self) -> None:
        """Never needed."""

    def audit(self, collection: str, repair: bool) -> "Future[Audit | None]":
        """Never asked."""
        raise NotImplementedError


def main() -> None:
    """Print the figures."""
    parser = command_line("sparse", __doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=500)
    options = parser.parse_args()
    chunks, cold, warm = _encoding()
    with tempfile.TemporaryDirectory() as folder:
        index = SparseIndex(Path(folder))
        folded, cpu = _folding(index, options.rows)
        alone, filtered, busy = asyncio.run(_asking(index, options.rows, options.queries))
        index.close()
    rows = [
        ("BM25, chunks/s of a core", f"{warm:,.0f}", f"{cold:,.0f} with no word known", _met(warm, ENCODED)),
        ("rows/s into the index", f"{folded:,.0f}", f"{cpu:,.0f} of a core's time", _met(folded, FOLDED)),
        _latency("query, ms", alone, MEDIAN, WORST),
        _latency("query with a filter, ms", filtered, MEDIAN, WORST),
        _latency("64 queries at once while rows come in, ms", busy, WORST_BUSY, WORST_BUSY),
    ]
    title = f"sparse search, {chunks:,} chunks of 1,000 characters, {options.rows:,} rows"
    show(table(title, ("what", "p50 or rate", "p99", "goal"), rows))


def _met(seen: float, goal: float) -> str:
    return f"{goal:,.0f}: {'met' if seen >= goal else 'MISSED'}"


def _latency(what: str, seconds: Sequence[float], median: float, worst: float) -> tuple[str, str, str, str]:
    p50, p99 = statistics.median(seconds) * 1e3, sorted(seconds)[int(len(seconds) * 0.99)] * 1e3
    met = "met" if p50 <= median and p99 <= worst else "MISSED"
    return what, f"{p50:.2f}", f"{p99:.2f}", f"{median:g} and {worst:g}: {met}"


def _encoding() -> tuple[int, float, float]:
    """Chunks of this repository's texts; chunks per second of CPU time, at first and the best of a few."""
    names = subprocess.check_output(["git", "ls-files", "*.md", "*.py"], cwd=ROOT, text=True).split()
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in names]
    chunks = [text[at : at + 1_000] for text in texts for at in range(0, len(text), 1_000)]
    encoder = Bm25()
    rates = []
    for _ in range(ROUNDS):
        began = time.process_time()
        encoder.encode(chunks)
        rates.append(len(chunks) / (time.process_time() - began))
    return len(chunks), rates[0], max(rates)


def _terms(count: int) -> list[int]:
    return sorted(set((_chance.zipf(1.3, count) % VOCABULARY).tolist()))


def _row(number: int) -> SparseRow:
    indices = _terms(TERMS)
    return SparseRow(
        tenant="default_tenant",
        database="default_database",
        collection="benchmark",
        collection_id=COLLECTION,
        id=f"{number // 8:064x}-{number % 8}",
        sequence=number,
        model=BM25,
        key=SPARSE_KEY,
        indices=np.array(indices, "<u4").tobytes(),
        values=_chance.uniform(0.5, 2, len(indices)).astype("<f4").tobytes(),
        metadata=_metadata(number),
    )


def _metadata(number: int) -> dict[str, Any]:
    lines = {
        "start_line": number % 8 * 10 + 1,
        "end_line": number % 8 * 10 + 10,
        "start_col": 0,
        "end_col": 1,
    }
    key = f"guide/document-{number // 8}.md"
    hashes = {"document_key_sha256": f"{number // 8:064x}", "version_key_sha256": f"{number // 8:064x}"}
    return {"document_key": key, "version_key": key, **hashes, "chunk_strategy": "tree_sitter", **lines}


def _folding(index: SparseIndex, count: int) -> tuple[float, float]:
    """Rows per second, by the clock and of CPU time."""
    codec, seconds, cpu = SingleObjectCodec(), 0.0, 0.0
    place = collection_key("default_tenant", "default_database", "benchmark")
    for start in range(0, count, BATCH):
        made = [_row(number) for number in range(start, min(start + BATCH, count))]
        values = [(f"{place}/{row.id}", codec.encode(row, SPARSE_ROWS.name)) for row in made]
        began, began_cpu = time.perf_counter(), time.process_time()
        index.fold(
            [ChangelogRecord(SPARSE_ROWS.name, 0, 0, key, codec.decode(value), 0) for key, value in values]
        )
        if start // BATCH % 10 == 9:
            index.flush({})
            index.optimize(1 << 40)
        seconds += time.perf_counter() - began
        cpu += time.process_time() - began_cpu
    return count / seconds, count / cpu


async def _asking(
    index: SparseIndex, rows: int, queries: int
) -> tuple[list[float], list[float], list[float]]:
    """Seconds of queries: one at a time, with a filter, and 64 at once while rows come in."""

    async def no_text(model: str, text: str) -> tuple[list[int], list[float]]:
        raise NotImplementedError

    server = SearchServer(index, Follows(), TOKEN, no_text)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with server.serve("127.0.0.1", 0) as port, aiohttp.ClientSession(headers=headers) as session:

        async def ask(where: Mapping[str, Any] | None = None) -> float:
            indices = _terms(4)
            query = {"tenant": "default_tenant", "database": "default_database", "collection_id": COLLECTION}
            vector = {"indices": indices, "values": [1.0] * len(indices)}
            body = {"queries": [{**query, "key": SPARSE_KEY, "vector": vector, "where": where}]}
            began = time.perf_counter()
            async with session.post(f"http://127.0.0.1:{port}/search", json=body) as answer:
                assert answer.status == 200, await answer.text()
                await answer.read()
            return time.perf_counter() - began

        await ask({"start_line": {"$gt": 1}})  # which makes the index of the field
        alone = [await ask() for _ in range(queries)]
        filtered = [await ask({"start_line": {"$gt": 41}}) for _ in range(queries)]
        stop = threading.Event()
        folding = asyncio.create_task(asyncio.to_thread(_keep_folding, index, rows, stop))
        busy = [
            each
            for _ in range(max(1, queries // 64))
            for each in await asyncio.gather(*(ask() for _ in range(64)))
        ]
        stop.set()
        await folding
    return alone, filtered, busy


def _keep_folding(index: SparseIndex, number: int, stop: threading.Event) -> None:
    place = collection_key("default_tenant", "default_database", "benchmark")
    while not stop.is_set():
        made = [_row(number + each) for each in range(200)]
        index.fold([ChangelogRecord(SPARSE_ROWS.name, 0, 0, f"{place}/{row.id}", row, 0) for row in made])
        number += 200


if __name__ == "__main__":
    main()
