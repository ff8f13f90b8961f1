"""Spans that a test makes, in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler
from opentelemetry.trace import SpanContext, format_span_id, format_trace_id

from streams import tracing
from streams.tracing.recording import RecordingTracer


class Spans:
    """Those that have ended."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def all(self) -> list[ReadableSpan]:
        """In the order of their ends."""
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        """Those with this name."""
        return [span for span in self.all() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        """The only one with this name."""
        [span] = self.named(name)
        return span


@contextmanager
def recorded(sampler: Sampler | None = None) -> Iterator[Spans]:
    """Traces are on in the block."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(RecordingTracer(provider))
    try:
        yield Spans(exporter)
    finally:
        tracing.use(None)


def id_of(span: ReadableSpan) -> str:
    """Its id, 16 hex digits."""
    return format_span_id(_context(span).span_id)


def trace_of(span: ReadableSpan) -> str:
    """The id of its trace, 32 hex digits."""
    return format_trace_id(_context(span).trace_id)


def _context(span: ReadableSpan) -> SpanContext:
    context = span.get_span_context()
    assert context is not None
    return context


def parent_of(span: ReadableSpan) -> str | None:
    """The id of its parent, if it has one."""
    return None if span.parent is None else format_span_id(span.parent.span_id)
