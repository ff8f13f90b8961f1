"""Spans of a stage: parents, links, tries, and the trace that its outputs continue."""

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import SpanKind

from schemas.errors import CorruptDocument, DocumentTooLarge, TransientError
from schemas.events import DeadLetter, Document, DocumentDeleted, Embedding, RunPosition, Step
from schemas.ids import document_id
from schemas.runs import make_run
from streams.engine.engine import Engine
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.publishing.dead_letters import replay_headers
from streams.engine.publishing.traces import begin_runs
from streams.engine.stage import AnyStage, BatchStage, Context, Outcome, Record, Stage, StatefulStage
from streams.engine.window import Entry, Raw
from streams.partitions import Partition
from streams.topics import DEAD_LETTERS, DOCUMENTS, PARSED, PROGRESS, RUNS, SCHEDULES, SOURCES
from streams.tracing.produced import Produced
from tests.schemas.test_runs import NOON, source
from tests.spans import Spans, id_of, parent_of, recorded, trace_of
from tests.streams.engine.simulation import SimulatedLog
from tests.waiting import eventually

Event = DocumentDeleted
TRACES = ["0af7651916cd43dd8448eb211c80319c", "1bf7651916cd43dd8448eb211c80319c"]
CALLER = "b7ad6b7169203331"
SECRET = "a secret in a text"


def headers(trace: str, flags: str = "01") -> dict[str, bytes]:
    return {"traceparent": f"00-{trace}-{CALLER}-{flags}".encode(), "tracestate": b"vendor=1"}


class Kept(SimulatedLog):
    """Also keeps the headers of what was produced."""

    def __init__(self) -> None:
        super().__init__(random.Random(1))
        self.sent: list[tuple[Send, Headers]] = []

    def produce(self, send: Send, headers: Headers | None = None) -> "asyncio.Future[RecordMetadata]":
        future = super().produce(send, headers)
        self.sent.append((send, headers or {}))
        return future

    async def transact(
        self, sends: Sequence[Send], offsets: Mapping[Partition, int], headers: Sequence[Headers] = ()
    ) -> list[RecordMetadata]:
        self.sent += zip(sends, headers or [{}] * len(sends), strict=True)
        return await super().transact(sends, offsets, headers)

    def parents(self, topic: object) -> list[str]:
        """`{trace}-{span}` in the headers of what was produced to a topic, in order."""
        return [given["traceparent"].decode()[3:52] for send, given in self.sent if send.topic is topic]


def entry(offset: int, given: Mapping[str, bytes]) -> Entry:
    document = Document(
        tenant="t",
        database="d",
        collection="c",
        namespace="n",
        document_key=f"{offset}.md",
        version_key="1",
        embedding=Embedding(model="m"),
        run=RunPosition(invocation_id="run", attempt=1, ordinal=offset),
    )
    event = DocumentDeleted(document=document)
    made = Entry(DOCUMENTS.name, 0, offset, Raw(b"", SECRET.encode(), given))
    made.record = Record(DOCUMENTS.name, 0, offset, document_id(document), event, 0, given)
    return made


def outputs(record: Record[Event]) -> list[Output]:
    run = record.event.document.run
    assert run is not None
    return [Send(PARSED, record.key, record.event), ProgressReport(run, Step.PARSED)]


class Single(Stage[Event]):
    name = "single"
    topic = DOCUMENTS

    def __init__(self, errors: Sequence[Exception] = ()) -> None:
        self.errors = list(errors)

    async def process(self, record: Record[Event], context: Context) -> Sequence[Output]:
        if self.errors:
            raise self.errors.pop(0)
        return outputs(record)


class Batch(BatchStage[Event]):
    name = "batch"
    topic = DOCUMENTS
    concurrency = 1
    max_records = 10

    async def process_batch(self, records: Sequence[Record[Event]], context: Context) -> Sequence[Outcome]:
        return [outputs(record) for record in records]


class Stateful(StatefulStage[Event]):
    name = "stateful"
    topic = DOCUMENTS
    max_records = 10

    async def process_batch(self, records: Sequence[Record[Event]], context: Context) -> Sequence[Outcome]:
        return [outputs(record) for record in records]


@pytest.fixture
def spans() -> Iterator[Spans]:
    with recorded(ParentBased(ALWAYS_ON)) as found:
        yield found


async def processed(stage: AnyStage, entries: Sequence[Entry]) -> Kept:
    log = Kept()
    engine = Engine(stage, log, wait=lambda attempt, error: 0.0, commit_seconds=0.001, naming="h.".__add__)
    place = (DOCUMENTS.name, 0)
    await engine.assign([place])
    running = asyncio.create_task(engine.run())
    engine.deliver(entries)
    await eventually(lambda: log.committed[place] == len(entries))
    engine.finish()
    await running
    return log


def same(span: ReadableSpan) -> str:
    return f"{trace_of(span)}-{id_of(span)}"


async def test_a_record_is_a_child_of_its_header_and_the_parent_of_what_follows_from_it(spans: Spans) -> None:
    log = await processed(Single(), [entry(0, headers(TRACES[0]))])

    span = spans.one("process h.documents")
    assert (trace_of(span), parent_of(span)) == (TRACES[0], CALLER)
    assert log.parents(PARSED) == log.parents(PROGRESS) == [same(span)]
    assert all(given["tracestate"] == b"vendor=1" for _, given in log.sent)
    attributes = dict(span.attributes or {})
    key = attributes.pop("headrace.document.id")
    assert attributes == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "h.documents",
        "messaging.destination.partition.id": "0",
        "messaging.consumer.group.name": "h.single",
        "messaging.kafka.offset": 0,
        "messaging.kafka.message.key": key,
        "headrace.try": 1,
        "headrace.document.key": "0.md",
        "headrace.invocation.id": "run",
    }


async def test_a_record_without_a_trace_begins_one(spans: Spans) -> None:
    log = await processed(Single(), [entry(0, {}), entry(1, {"traceparent": b"nonsense"})])

    first, second = spans.named("process h.documents")
    assert parent_of(first) is None
    assert trace_of(first) != trace_of(second)
    assert sorted(log.parents(PARSED)) == sorted([same(first), same(second)])


async def test_every_try_is_a_span_of_the_same_trace_that_says_no_more_of_its_error_than_the_class(
    spans: Spans,
) -> None:
    log = await processed(
        Single([TransientError(SECRET), ValueError(SECRET)]), [entry(0, headers(TRACES[0]))]
    )

    tries = spans.named("process h.documents")
    assert [(span.attributes or {}).get("error.type") for span in tries] == [
        "TransientError",
        "ValueError",
        None,
    ]
    assert [(span.attributes or {})["headrace.try"] for span in tries] == [1, 2, 3]
    assert {(trace_of(span), parent_of(span)) for span in tries} == {(TRACES[0], CALLER)}
    assert log.parents(PARSED) == [same(tries[-1])]
    assert SECRET not in "".join(span.to_json() for span in spans.all())


async def test_a_dead_letter_and_its_replay_keep_the_trace(spans: Spans) -> None:
    log = await processed(Single([CorruptDocument(SECRET)]), [entry(0, headers(TRACES[0]))])

    span = spans.one("process h.documents")
    assert (span.attributes or {})["error.type"] == "CorruptDocument"
    assert log.parents(DEAD_LETTERS) == log.parents(PROGRESS) == [same(span)]
    [letter] = [send.event for send, _ in log.sent if isinstance(send.event, DeadLetter)]
    assert replay_headers(letter).items() >= headers(TRACES[0]).items()


@pytest.mark.parametrize("stage", [Batch, Stateful])
async def test_a_batch_is_a_child_of_its_first_sampled_record_and_linked_with_the_others(
    spans: Spans, stage: type[BatchStage[Any]]
) -> None:
    given = [headers("2" * 32, flags="00"), headers(TRACES[0]), headers(TRACES[1])]
    log = await processed(stage(), [entry(offset, one) for offset, one in enumerate(given)])

    first, second = spans.named("process h.documents")  # the other is not sampled
    [batch] = [span for span in spans.all() if span.name == f"batch {stage.name}"]
    assert (trace_of(batch), parent_of(batch)) == (TRACES[0], id_of(first))
    assert (batch.attributes or {})["messaging.batch.message_count"] == 3
    assert id_of(second) in {f"{link.context.span_id:016x}" for link in batch.links}
    assert [f"{link.context.span_id:016x}" for link in second.links] == [id_of(batch)]
    assert log.parents(PARSED)[1:] == [same(first), same(second)]
    assert log.parents(PARSED)[0].startswith("2" * 32)
    # Progress of one run is one event, which continues the trace of the first record.
    assert [parent[:32] for parent in log.parents(PROGRESS)] == ["2" * 32]
    assert [given["traceparent"][-2:] for send, given in log.sent if send.topic is PROGRESS] == [b"00"]


@pytest.mark.parametrize("stage", [Single(), Batch(), Stateful()])
async def test_without_traces_headers_are_handed_on_as_they_came(stage: AnyStage) -> None:
    log = await processed(stage, [entry(0, headers(TRACES[0])), entry(1, {})])

    assert [given for send, given in log.sent if send.topic is PARSED] == [headers(TRACES[0]), {}]


async def test_what_a_stage_emits_continues_the_trace_of_its_record(spans: Spans) -> None:
    class Emitting(Single):
        async def process(self, record: Record[Event], context: Context) -> Sequence[Output]:
            await context.emit([Send(PARSED, record.key, record.event)])
            return []

    log = await processed(Emitting(), [entry(0, headers(TRACES[0]))])

    assert log.parents(PARSED) == [same(spans.one("process h.documents"))]


async def test_records_of_compacted_topics_are_state_and_have_no_span(spans: Spans) -> None:
    class OfSources(Single):
        topic = SOURCES

    made = entry(0, {})
    made.topic = SOURCES.name
    log, place = Kept(), (SOURCES.name, 0)
    engine = Engine(OfSources(), log)
    await engine.assign([place])
    engine.deliver([made])
    await eventually(lambda: bool(log.sent))

    assert spans.all() == []


async def test_the_error_of_one_record_of_a_batch_is_that_of_its_span(spans: Spans) -> None:
    class Refusing(Batch):
        async def process_batch(
            self, records: Sequence[Record[Event]], context: Context
        ) -> Sequence[Outcome]:
            return [outputs(records[0]), CorruptDocument(SECRET)]

    await processed(Refusing(), [entry(0, {}), entry(1, {})])

    errors = [(span.attributes or {}).get("error.type") for span in spans.named("process h.documents")]
    assert errors == [None, "CorruptDocument"]
    assert "error.type" not in (spans.one("batch batch").attributes or {})
    assert SECRET not in "".join(span.to_json() for span in spans.all())


def test_each_run_that_is_ordered_by_the_clock_begins_a_trace(spans: Spans) -> None:
    runs = [make_run(source(), "docs", name, NOON) for name in ("a", "b")]
    sends = [Send(SCHEDULES, "s", None)]
    for run in runs:
        sends += [Send(PROGRESS, run.id, run.created), Send(RUNS["folder"], "s", run.requested)]

    state, *given = begin_runs(sends, "scheduling")

    begun = {
        (span.attributes or {})["headrace.invocation.id"]: span for span in spans.named("scheduling run")
    }
    assert state == {}
    parents = [one["traceparent"].decode()[3:52] for one in given]
    assert parents == [same(begun[name]) for name in ("a", "a", "b", "b")]
    assert trace_of(begun["a"]) != trace_of(begun["b"])
    assert begin_runs([Send(SCHEDULES, "s", None)], "scheduling") == ()


def test_a_record_that_is_produced_has_a_span_until_it_is_acknowledged(spans: Spans) -> None:
    made = entry(0, {})
    assert made.record is not None
    send = Send(PARSED, made.record.key, made.record.event)
    produced = Produced(send, "h.parsed", headers(TRACES[0]))
    assert spans.all() == []

    produced.end(RecordMetadata(send, 3, 41))

    span = spans.one("send h.parsed")
    assert produced.headers["traceparent"].decode()[3:52] == same(span)
    assert (trace_of(span), parent_of(span), span.kind) == (TRACES[0], CALLER, SpanKind.PRODUCER)
    assert dict(span.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": "h.parsed",
        "messaging.destination.partition.id": "3",
        "messaging.kafka.offset": 41,
        "messaging.kafka.message.key": send.key,
        "headrace.document.id": send.key,
        "headrace.document.key": "0.md",
        "headrace.invocation.id": "run",
    }


def test_reports_continue_a_trace_without_a_span_and_state_carries_none(spans: Spans) -> None:
    assert Produced(Send(PROGRESS, "run", None), "h.progress", headers(TRACES[0])).headers == headers(
        TRACES[0]
    )
    assert Produced(Send(SOURCES, "s", None), "h.sources", headers(TRACES[0])).headers == {}
    assert spans.all() == []


def test_a_refused_record_says_the_class_of_its_error(spans: Spans) -> None:
    Produced(Send(PARSED, "k", None), "h.parsed", None).end(DocumentTooLarge(SECRET))

    span = spans.one("send h.parsed")
    assert (span.attributes or {})["error.type"] == "DocumentTooLarge"
    assert SECRET not in span.to_json()
