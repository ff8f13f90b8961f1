"""`python -m benchmarks listing`: the gateway's index of documents, from records to pages.

States of documents are encoded as the pipeline does, decoded and folded as the gateway's view does, in
batches of one transaction each. Without a broker: what a gateway without its file spends beside reading.
"""

import asyncio
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from api.views.documents import DocumentFilter, DocumentIndex, DocumentRow, PageStart
from api.views.documents.fold import fold_documents
from api.views.documents.tables import TABLES
from benchmarks.tables import command_line, show, table
from schemas.codec import SingleObjectCodec
from schemas.events import Document, DocumentState, Embedding, RunPosition
from schemas.ids import document_id
from streams.sqlite import open_database
from streams.state.reader import ChangelogRecord
from streams.state.views import View
from streams.topics import DOCUMENT_STATES

_BATCH = 5_000
_ROUNDS = 20
SOURCES = [f"b9a4f649-f642-566c-a1b4-06de9bad2a{number:02}" for number in range(10)]


class Tables:
    """The tables of the view, without what follows topics."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = open_database(path, TABLES)
        self.reader = sqlite3.connect(path, isolation_level=None)
        self.reader.row_factory = sqlite3.Row

    def query(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        """As `View.query`."""
        return self.reader.execute(sql, values).fetchall()

    async def scan(self, sql: str, values: Mapping[str, Any], timeout: float) -> list[sqlite3.Row]:
        """As `View.scan`."""
        return self.query(sql, values)


def states(count: int) -> Iterator[tuple[str, DocumentState]]:
    """Documents of ten sources in two collections, in no order; one of a thousand is not complete."""
    embedding, now = Embedding(model="sentence-transformers/all-MiniLM-L6-v2"), datetime.now(UTC)
    for number in range(count):
        shuffled = number * 7_919 % count
        source = SOURCES[shuffled % len(SOURCES)]
        document = Document(
            tenant="default_tenant",
            database="default_database",
            collection=f"docs-{shuffled % 2}",
            document_key=f"handbook/chapter-{shuffled // 1000:04}/section-{shuffled:07}.md",
            namespace=source,
            version_key=f"{number:064x}",
            embedding=embedding,
            source_id=source,
            run=RunPosition(invocation_id=source, attempt=number, ordinal=number),
        )
        yield (
            document_id(document),
            DocumentState(
                document=document,
                sequence=number,
                fingerprint=f"{number:064x}",
                complete=number % 1000 != 0,
                parts=1,
                parts_done=[0],
                chunks=6,
                extent=6,
                indexed_at=now,
                collection_id=source,
                digests=bytes(24 * 6),
            ),
        )


def fold_all(tables: Tables, count: int) -> float:
    """Seconds to decode and fold all; encoding is not counted."""
    codec, spent = SingleObjectCodec(), 0.0
    made = states(count)
    while batch := [(key, codec.encode(state, "")) for key, state in _some(made)]:
        began = time.perf_counter()
        tables.writer.execute("BEGIN")
        for offset, (key, value) in enumerate(batch):
            change = ChangelogRecord(DOCUMENT_STATES.name, 0, offset, key, codec.decode(value), 0)
            tables.writer.execute("SAVEPOINT record")
            fold_documents(tables.writer, change)
            tables.writer.execute("RELEASE record")
        tables.writer.execute("COMMIT")
        spent += time.perf_counter() - began
    return spent


def _some(made: Iterator[tuple[str, DocumentState]]) -> list[tuple[str, DocumentState]]:
    return [one for one, _ in zip(made, range(_BATCH), strict=False)]


async def timed(name: str, ask: Callable[[], Any]) -> tuple[str, str, str]:
    """Median and worst of some rounds, in milliseconds."""
    took = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        found = ask()
        if asyncio.iscoroutine(found):
            await found
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return name, f"{took[len(took) // 2]:.2f}", f"{took[-1]:.2f}"


async def questions(tables: Tables, count: int) -> list[tuple[str, str, str]]:
    """What pages ask."""
    index = DocumentIndex(cast(View, tables))
    everything = DocumentFilter("default_tenant")
    of_source = DocumentFilter("default_tenant", source_id=SOURCES[3])
    (middle,) = await index.page(
        DocumentFilter("default_tenant", collection="docs-1", prefix=f"handbook/chapter-{count // 2000:04}"),
        None,
        1,
    )
    start = PageStart("default_database", "docs-1", middle.key, middle.id)

    def page(wanted: DocumentFilter, start: PageStart | None = None) -> Callable[[], Any]:
        async def ask() -> list[DocumentRow]:
            return await index.page(wanted, start, 100)

        return ask

    named = {
        "first page of all": page(everything),
        "a page in the middle": page(everything, start),
        "first page of a source": page(of_source),
        "not complete, of all": page(DocumentFilter("default_tenant", state="indexing")),
        "deleted, of all: none": page(DocumentFilter("default_tenant", state="deleted")),
        "keys that begin with": page(DocumentFilter("default_tenant", prefix="handbook/chapter-0000")),
        "keys that contain: in none": page(DocumentFilter("default_tenant", contains="nowhere")),
        "one document": lambda: index.beginning(middle.id, "default_tenant"),
        "totals": lambda: index.totals(everything),
    }
    return [await timed(name, ask) for name, ask in named.items()]


def main() -> None:
    """Fold and ask."""
    parser = command_line("listing", __doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    count = parser.parse_args().documents
    with tempfile.TemporaryDirectory() as folder:
        tables = Tables(Path(folder) / "documents.sqlite")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds = fold_all(tables, count)
        rows = asyncio.run(questions(tables, count))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        show(
            f"{count:,} documents folded in {seconds:.1f} s: {count / seconds:,.0f} a second; file "
            f"{size / 2**20:,.0f} MiB; memory {before / 1024:,.0f} MiB before, {peak / 1024:,.0f} at most",
            table("pages of 100", ("what is asked", "median ms", "worst ms"), rows),
        )


if __name__ == "__main__":
    main()
