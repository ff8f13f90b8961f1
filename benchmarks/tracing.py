"""What traces cost: CPU a record of a stage, while they are off, on, and on with 1 % of the traces sampled.

    python -m benchmarks tracing [--records 20000] [--rounds 7]

A stage of one output a record, on a log in memory that acknowledges at once: nothing but the engine and its
spans. The ways take turns. Spans are encoded as for a collector, and dropped. Encoding and decoding of a
record's event, the broker and the work of a stage come on top in a real one.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from statistics import median

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBasedTraceIdRatio, Sampler

from benchmarks.tables import command_line, show, table
from schemas.events import Document, DocumentDeleted, Embedding
from schemas.ids import document_id
from streams import tracing
from streams.engine.engine import Engine
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Output, Send
from streams.engine.stage import Context, Record, Stage
from streams.engine.window import Entry, Raw
from streams.partitions import Partition
from streams.topics import DOCUMENTS, PARSED
from streams.tracing.recording import RecordingTracer

_PLACE: Partition = (DOCUMENTS.name, 0)
_AT_ONCE = 500


class _Memory:
    """A log that takes everything and keeps nothing."""

    def __init__(self) -> None:
        self.committed = 0

    def pause(self, partition: Partition) -> None:
        return

    def resume(self, partition: Partition) -> None:
        return

    def produce(self, send: Send, headers: Headers | None = None) -> "asyncio.Future[RecordMetadata]":
        done: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        done.set_result(RecordMetadata(send, 0, 0))
        return done

    def commit(self, offsets: Mapping[Partition, int], wait: bool = False) -> None:
        self.committed = offsets[_PLACE]

    async def transact(
        self, sends: Sequence[Send], offsets: Mapping[Partition, int], headers: Sequence[Headers] = ()
    ) -> list[RecordMetadata]:
        raise NotImplementedError

    def check_alive(self) -> None:
        return


class _Forward(Stage[DocumentDeleted]):
    name = "forward"
    topic = DOCUMENTS

    async def process(self, record: Record[DocumentDeleted], context: Context) -> Sequence[Output]:
        """Emit the event of the record."""
        return [Send(PARSED, record.key, record.event)]


class _Encoded(SpanExporter):
    """Encodes spans, and drops them."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See `SpanExporter`."""
        encode_spans(spans).SerializeToString()
        return SpanExportResult.SUCCESS


def _entries(count: int) -> list[Entry]:
    document = Document(
        tenant="t",
        database="d",
        collection="c",
        namespace="n",
        document_key="guide/install.md",
        version_key="1",
        embedding=Embedding(model="m"),
    )
    key, event = document_id(document), DocumentDeleted(document=document)
    found = []
    for offset in range(count):
        entry = Entry(*_PLACE, offset, Raw(key.encode(), b"", {}))
        entry.record = Record(*_PLACE, offset, key, event, 0)
        found.append(entry)
    return found


async def _microseconds(records: int) -> float:
    """CPU of this process a record."""
    log = _Memory()
    engine = Engine(_Forward(), log, commit_seconds=0.001)
    await engine.assign([_PLACE])
    running = asyncio.create_task(engine.run())
    entries = _entries(records)
    begun = time.process_time()
    for first in range(0, records, _AT_ONCE):
        some = entries[first : first + _AT_ONCE]
        engine.deliver(some)
        while log.committed < first + len(some):  # noqa: ASYNC110 – an event would be measured, too
            await asyncio.sleep(0)
    spent = time.process_time() - begun
    engine.finish()
    await running
    return 1e6 * spent / records


def _measured(sampler: Sampler | None, records: int) -> float:
    if sampler is None:
        return asyncio.run(_microseconds(records))
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(_Encoded(), max_queue_size=100_000))
    tracing.use(RecordingTracer(provider))
    try:
        return asyncio.run(_microseconds(records))
    finally:
        tracing.use(None)
        provider.shutdown()


def main() -> None:
    """Read the command line and print the table."""
    parser = command_line("tracing", __doc__)
    parser.add_argument("--records", type=int, default=20_000, help="of a round")
    parser.add_argument("--rounds", type=int, default=7, help="how often each way runs")
    asked = parser.parse_args()
    ways: dict[str, Sampler | None] = {
        "off": None,
        "on, 1 % sampled": ParentBasedTraceIdRatio(0.01),
        "on, all": ALWAYS_ON,
    }
    _measured(None, asked.records)  # warm
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(asked.rounds):
        for name, sampler in ways.items():
            found[name].append(_measured(sampler, asked.records))
    rows = [
        (
            name,
            f"{median(each):.1f}",
            f"{min(each):.1f} to {max(each):.1f}",
            f"{median(each) - median(found['off']):+.1f}",
        )
        for name, each in found.items()
    ]
    title = f"CPU of a stage, µs a record: {asked.rounds} rounds in turns, {asked.records:,} records each"
    show(table(title, ("traces", "median", "range", "beyond off"), rows))


if __name__ == "__main__":
    main()
