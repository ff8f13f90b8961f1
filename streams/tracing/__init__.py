"""Traces: one from the request, or the produced event, to the row in Chroma (docs/tracing.md).

    with tracing.span("parse", {"headrace.document.bytes": size}) as span:
        parsed = await parse()
        span.note({"headrace.document.pages": pages})

Nothing of OpenTelemetry is imported until `streams.tracing.startup` switches traces on; until then a span is
one object that does nothing. Spans carry names, ids, sizes and classes of errors: no text of documents, no
secret and no message of an error, which may quote both.

headers   the W3C headers of records
produced  the spans of records that are produced
startup   switches traces on, by the OTEL_* variables
recording the spans, with OpenTelemetry's SDK
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from enum import Enum
from functools import partial
from types import TracebackType
from typing import ParamSpec, Protocol, Self, TypeVar

from streams.tracing.headers import Headers

P = ParamSpec("P")
R = TypeVar("R")

Attributes = Mapping[str, str | int | float | bool]


class Kind(Enum):
    """OpenTelemetry's kinds of spans."""

    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class OpenSpan(Protocol):
    """A span that has begun."""

    @property
    def headers(self) -> Headers:
        """The headers with which others continue the trace, as its children."""
        ...

    def note(self, attributes: Attributes) -> None:
        """Set attributes."""
        ...

    def link(self, other: "OpenSpan") -> None:
        """Link another span."""
        ...

    def end(self, error: str | None = None) -> None:
        """End it. `error`: the class of the error that it failed with, or an HTTP status."""
        ...

    def enter(self) -> object:
        """Make it the parent of what begins in this context; returns a token for `leave`."""
        ...

    def leave(self, token: object) -> None:
        """Undo `enter`."""
        ...


class Tracer(Protocol):
    """Begins spans."""

    def begin(
        self,
        name: str,
        kind: Kind = Kind.INTERNAL,
        attributes: Attributes | None = None,
        parent: Headers | None = None,
        links: Sequence[OpenSpan] = (),
    ) -> OpenSpan:
        """A new span. Its parent is in `parent`, headers of a record or request, which begin a trace if they
        have none; without `parent` it is the span that this context has entered."""
        ...

    def headers(self) -> Headers:
        """The headers of the span that this context has entered; empty if there is none."""
        ...


_tracer: Tracer | None = None


def tracer() -> Tracer | None:
    """The tracer of this process; None while traces are off."""
    return _tracer


def use(chosen: Tracer | None) -> None:
    """Set the tracer of this process."""
    global _tracer
    _tracer = chosen


class Spanning:
    """A context manager around a span, which fails with the error that leaves it. Nothing without one."""

    __slots__ = ("_error", "_span", "_token")

    def __init__(self, span: OpenSpan | None) -> None:
        self._span = span
        self._error: str | None = None

    def note(self, attributes: Attributes) -> None:
        """Set attributes."""
        if self._span is not None:
            self._span.note(attributes)

    def fail(self, error: str) -> None:
        """It has failed, without an error that leaves the block."""
        if self._span is not None:
            self._error = error

    def __enter__(self) -> Self:
        if self._span is not None:
            self._token = self._span.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._span is not None:
            self._span.leave(self._token)
            self._span.end(self._error if kind is None else kind.__name__)


_NOTHING = Spanning(None)


def span(
    name: str,
    attributes: Attributes | None = None,
    kind: Kind = Kind.INTERNAL,
    parent: Headers | None = None,
) -> Spanning:
    """A span around a block; its arguments are those of `Tracer.begin`."""
    return _NOTHING if _tracer is None else Spanning(_tracer.begin(name, kind, attributes, parent))


def current_headers() -> Headers:
    """The headers of the span that this context has entered; empty if there is none or traces are off."""
    return {} if _tracer is None else _tracer.headers()


def bound(function: Callable[P, R]) -> Callable[P, R]:
    """The function, for another thread: what begins in it has the parent that it would have here."""
    return function if _tracer is None else partial(copy_context().run, function)
