"""A collector of traces: takes OTLP over HTTP, as any collector does, and keeps the spans."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue


@dataclass(frozen=True)
class Taken:
    """One span. `error` is its `error.type`, `seconds` how long it took."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    kind: int
    seconds: float
    attributes: Mapping[str, object]
    links: Sequence[str]


@dataclass
class Collector:
    """Its address, and what it has taken."""

    url: str
    spans: list[Taken] = field(default_factory=list)
    #: Everything that came, as it came.
    bodies: list[bytes] = field(default_factory=list)

    def of(self, trace: str) -> list[Taken]:
        """The spans of one trace."""
        return [span for span in list(self.spans) if span.trace == trace]

    def path(self, span: Taken) -> list[Taken]:
        """The span and its ancestors, the oldest first."""
        by_id = {each.id: each for each in self.of(span.trace)}
        found = [span]
        while found[0].parent in by_id:
            found.insert(0, by_id[found[0].parent])
        return found

    def take(self, body: bytes) -> None:
        """An export."""
        self.bodies.append(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = str(_attributes(resource.resource.attributes)["service.name"])
            for scope in resource.scope_spans:
                self.spans += [
                    Taken(
                        service,
                        span.name,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        span.kind,
                        (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                        _attributes(span.attributes),
                        [link.span_id.hex() for link in span.links],
                    )
                    for span in scope.spans
                ]


def _attributes(found: Sequence[KeyValue]) -> dict[str, object]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value") for each in found}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector = Collector(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
