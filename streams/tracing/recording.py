"""Spans, with OpenTelemetry's SDK. Imported only when traces are on."""

from collections.abc import Sequence
from typing import cast

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from streams.tracing import Attributes, Kind, OpenSpan
from streams.tracing.headers import Headers, carried

_PROPAGATOR = TraceContextTextMapPropagator()
_KINDS = {kind: SpanKind[kind.name] for kind in Kind}
_NO_CONTEXT = Context()


class RecordedSpan:
    """See `OpenSpan`."""

    __slots__ = ("_headers", "span")

    def __init__(self, span: trace.Span) -> None:
        self.span = span
        self._headers: Headers | None = None

    @property
    def headers(self) -> Headers:
        """See `OpenSpan`."""
        if self._headers is None:
            self._headers = _written(trace.set_span_in_context(self.span, _NO_CONTEXT))
        return self._headers

    def note(self, attributes: Attributes) -> None:
        """See `OpenSpan`."""
        self.span.set_attributes(attributes)

    def link(self, other: OpenSpan) -> None:
        """See `OpenSpan`."""
        self.span.add_link(cast(RecordedSpan, other).span.get_span_context())

    def end(self, error: str | None = None) -> None:
        """See `OpenSpan`."""
        if error is not None:
            self.span.set_attribute("error.type", error)
            self.span.set_status(Status(StatusCode.ERROR))
        self.span.end()

    def enter(self) -> object:
        """See `OpenSpan`."""
        return contexts.attach(trace.set_span_in_context(self.span))

    def leave(self, token: object) -> None:
        """See `OpenSpan`."""
        contexts.detach(token)  # type: ignore[arg-type]


class RecordingTracer:
    """See `Tracer`.

    Args:
        provider: of OpenTelemetry, with its exporters.
        version: of Headrace.
    """

    def __init__(self, provider: TracerProvider, version: str | None = None) -> None:
        self._tracer = provider.get_tracer("headrace", version)

    def begin(
        self,
        name: str,
        kind: Kind = Kind.INTERNAL,
        attributes: Attributes | None = None,
        parent: Headers | None = None,
        links: Sequence[OpenSpan] = (),
    ) -> OpenSpan:
        """See `Tracer`."""
        linked = [Link(cast(RecordedSpan, other).span.get_span_context()) for other in links]
        context = None if parent is None else _read(parent)
        return RecordedSpan(self._tracer.start_span(name, context, _KINDS[kind], attributes, linked))

    def headers(self) -> Headers:
        """See `Tracer`."""
        return _written(contexts.get_current())


def _read(headers: Headers) -> Context:
    valid = carried(headers)
    if not valid:
        return _NO_CONTEXT
    text = {name: value.decode(errors="replace") for name, value in valid.items()}
    return _PROPAGATOR.extract(text, _NO_CONTEXT)


def _written(context: Context) -> Headers:
    text: dict[str, str] = {}
    _PROPAGATOR.inject(text, context)
    return {name: value.encode() for name, value in text.items()}
