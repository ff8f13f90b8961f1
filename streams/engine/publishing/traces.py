"""The spans of a stage: one for each try of each record, children of what the record's headers name.

A batch has a span of its own, in which its requests are. It is a child of the span of its first sampled
record, and linked with those of the others, which may be of other traces.
"""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from streams import tracing
from streams.engine.outputs import Output, Send
from streams.engine.publishing.dead_letters import about
from streams.engine.stage import Outcome, Record
from streams.engine.window import Entry
from streams.topics import BY_NAME, INBOX
from streams.tracing import Kind, OpenSpan, Tracer
from streams.tracing.headers import Headers, carried, is_sampled

#: Topic in the catalogue → its name on the cluster.
Naming = Callable[[str], str]
#: Topics whose keys are our ids; those of other programs may be anything.
_KEYED_BY_IDS = BY_NAME.keys() - {INBOX.name}


def headers_of(entry: Entry) -> Headers:
    """The trace that the outputs of a record continue."""
    return carried(entry.raw.headers) if entry.trace is None else entry.trace


def headers_of_sends(entries: Sequence[Entry], sends: Sequence[Send]) -> Sequence[Headers]:
    """The trace of each event that the outputs of these records have become (`coalesce`): that of its record,
    or of the first one, where several report progress together. Empty if no record has any."""
    if not any(headers_of(entry) for entry in entries):
        return ()
    own = [headers_of(entry) for entry in entries for output in entry.outputs if isinstance(output, Send)]
    reporting: dict[str, Headers] = {}
    for entry in entries:
        for output in entry.outputs:
            if not isinstance(output, Send):
                reporting.setdefault(output.run.invocation_id, headers_of(entry))
    return [*own, *(reporting[send.key] for send in sends[len(own) :])]


def begin_runs(sends: Sequence[Output], stage: str) -> Sequence[Headers]:
    """A trace for each run that these events order; the headers of each event."""
    tracer = tracing.tracer()
    runs = [_invocation(send) for send in sends]
    ordered = {run for send, run in zip(sends, runs, strict=True) if _orders(send)}
    if tracer is None or not ordered:
        return ()
    begun: dict[str | None, Headers] = {}
    for run in ordered:
        attributes = {"headrace.invocation.id": str(run)}
        span = tracer.begin(f"{stage} run", attributes=attributes, parent={})
        begun[run] = span.headers
        span.end()
    return [begun.get(run, {}) for run in runs]


def _orders(send: Output) -> bool:
    return isinstance(send, Send) and send.topic.name.startswith("runs.")


def _invocation(send: Output) -> str | None:
    return getattr(send.event, "invocation_id", None) if isinstance(send, Send) else None


class Traces:
    """Begins the spans of one stage.

    Args:
        stage: its name.
        naming: names topics, and the stage's group.
    """

    def __init__(self, stage: str, naming: Naming) -> None:
        self._stage, self._naming = stage, naming

    def trial(self, group: Sequence[Entry]) -> "Trial":
        """The spans of a try of these records, around it."""
        tracer = tracing.tracer()
        if tracer is None:
            return _UNTRACED
        # The records of compacted topics are state. What they follow from was traced, and each may be one of
        # many for the same thing.
        messages = [entry for entry in group if not _is_state(entry.topic)]
        spans = {id(entry): tracer.begin(*self._of(entry), entry.raw.headers) for entry in messages}
        for entry in messages:
            entry.trace = spans[id(entry)].headers
        return Trial(spans, self._batch(tracer, list(spans.values()), len(group)))

    def _batch(self, tracer: Tracer, spans: Sequence[OpenSpan], records: int) -> OpenSpan | None:
        if len(spans) < 2:
            return None
        first = next((span for span in spans if is_sampled(span.headers)), spans[0])
        others = [span for span in spans if span is not first]
        batch = tracer.begin(
            f"batch {self._stage}",
            Kind.INTERNAL,
            {"messaging.batch.message_count": records},
            first.headers,
            others,
        )
        for other in others:  # so that the batch is found from their traces, too
            other.link(batch)
        return batch

    def _of(self, entry: Entry) -> tuple[str, Kind, Mapping[str, str | int]]:
        name = self._naming(entry.topic)
        attributes: dict[str, str | int] = {
            "messaging.system": "kafka",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": name,
            "messaging.destination.partition.id": str(entry.partition),
            "messaging.consumer.group.name": self._naming(self._stage),
            "messaging.kafka.offset": entry.offset,
            "headrace.try": entry.attempt,
        }
        return f"process {name}", Kind.CONSUMER, attributes | _ids(entry.record)


class Trial:
    """The spans of one try of a group; a context manager around it. A span fails with the error of its
    record, or with that which leaves the block."""

    def __init__(self, spans: Mapping[int, OpenSpan], batch: OpenSpan | None = None) -> None:
        self._spans, self._batch = spans, batch
        self._inner = batch or next(iter(spans.values()), None)
        self._errors: dict[int, str] = {}

    def judge(self, group: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
        """These are the outcomes of the records."""
        if self._spans:
            for entry, outcome in zip(group, outcomes, strict=True):
                if isinstance(outcome, Exception):
                    self._errors[id(entry)] = type(outcome).__name__

    def __enter__(self) -> Self:
        if self._inner is not None:
            self._token = self._inner.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._inner is None:
            return
        self._inner.leave(self._token)
        raised = None if kind is None else kind.__name__
        if self._batch is not None:
            self._batch.end(raised)
        for entry, span in self._spans.items():
            span.end(raised or self._errors.get(entry))


_UNTRACED = Trial({})


def _is_state(topic: str) -> bool:
    known = BY_NAME.get(topic)
    return known is not None and known.compact


def _ids(record: Record[Any] | None) -> dict[str, str]:
    """The ids in a record: names, not contents."""
    if record is None:
        return {}
    names = {"document": "headrace.document.key", "invocation": "headrace.invocation.id"}
    found = {names[what]: name for what, name in about(record).items()}
    if "headrace.document.key" in found:
        found["headrace.document.id"] = record.key
    if record.topic in _KEYED_BY_IDS:
        found["messaging.kafka.message.key"] = record.key
    return found
