"""Switch traces on, as the standard OTEL_* variables say.

The exporters, the sampler, the processor and the resource of OpenTelemetry's SDK read their own variables
(docs/tracing.md lists them). Here are only those that decide whether there are traces, and where they go.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

from schemas.errors import RequestError
from streams import tracing

if TYPE_CHECKING:  # loaded only when traces are on
    from opentelemetry.sdk.trace.export import SpanExporter

_EXPORTER = "OTEL_TRACES_EXPORTER"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_DEFAULT_PROTOCOL = "http/protobuf"
#: How long a process that ends waits for its last spans to be taken. `headrace up` stops in 10 s, with a
#: collector or without.
FLUSH_SECONDS = 2.0


class MissingPackage(RequestError):
    """Traces are wanted, but the extra `otel` is not installed."""


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether the variables ask for traces: they name an exporter or an endpoint, and do not say no."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if exporter := environment.get(_EXPORTER, "").strip().lower():
        return exporter != "none"
    return any(environment.get(name, "").strip() for name in _ENDPOINTS)


def start(service: str, slot: str, environment: Mapping[str, str] = os.environ) -> Callable[[], None]:
    """Switch traces on for this process, if they are wanted; returns what ends them and sends the last spans.

    Args:
        service: `service.name` is `headrace-<service>` unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES
            name it.
        slot: the number of this process among those of the service.

    Raises RequestError for an exporter or a protocol that there is not; `MissingPackage` without the packages
    of the extra `otel`.
    """
    if not wanted(environment):
        return _nothing
    try:
        return _record(_exporter(environment), service, slot)
    except ImportError as error:
        raise _missing(error) from error


def check(environment: Mapping[str, str] = os.environ) -> None:
    """Raise what `start` would raise, and start nothing."""
    if wanted(environment):
        try:
            _exporter(environment).shutdown()
        except ImportError as error:
            raise _missing(error) from error


def _missing(error: ImportError) -> MissingPackage:
    return MissingPackage(
        f"OTEL_* variables ask for traces, but there is no package {error.name}: "
        "install headrace[otel], or set OTEL_TRACES_EXPORTER=none"
    )


def _nothing() -> None:
    """End no traces."""


def _exporter(environment: Mapping[str, str]) -> SpanExporter:
    kind = environment.get(_EXPORTER, "").strip().lower() or "otlp"
    if kind == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter(out=sys.stdout)
    if kind != "otlp":
        raise RequestError(f"{_EXPORTER} is {kind!r}; it can be otlp, console or none")
    named = next((name for name in _PROTOCOLS if environment.get(name, "").strip()), _PROTOCOLS[-1])
    protocol = environment.get(named, "").strip() or _DEFAULT_PROTOCOL
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as OverGrpc

        return OverGrpc()
    if protocol == _DEFAULT_PROTOCOL:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as OverHttp

        return OverHttp()
    raise RequestError(f"{named} is {protocol!r}; it can be {_DEFAULT_PROTOCOL} or grpc")


def _record(exporter: SpanExporter, service: str, slot: str) -> Callable[[], None]:
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource, get_aggregated_resources
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from streams.tracing.recording import RecordingTracer

    ours = {
        "service.name": f"headrace-{service}",
        "service.namespace": "headrace",
        "service.version": version("headrace"),
        "service.instance.id": f"{service}-{slot}@{socket.gethostname()}",
    }
    resource = get_aggregated_resources([OTELResourceDetector()], Resource.create(ours))  # the user's win
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracing.use(RecordingTracer(provider, ours["service.version"]))

    def end() -> None:
        tracing.use(None)
        # A collector that hangs must not hold up the end of the process.
        flush = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
        flush.start()
        flush.join(FLUSH_SECONDS)

    return end
