"""The trace of a record that is produced: its headers, and a span that ends with its acknowledgement."""

from __future__ import annotations

from schemas.markers import invocation_of
from streams import tracing
from streams.engine.log import Headers, RecordMetadata
from streams.engine.outputs import Send
from streams.engine.publishing.dead_letters import document_of
from streams.topics import PROGRESS
from streams.tracing import Kind, OpenSpan


class Produced:
    """The trace of one record.

    A record of a compacted topic is state, which continues no trace. One of `progress` continues a trace, but
    has no span of its own: every stage reports on every document.

    Args:
        topic: its name on the cluster.
        headers: of the trace that it continues; None for that of the caller.
    """

    __slots__ = ("_span", "headers")

    def __init__(self, send: Send, topic: str, headers: Headers | None) -> None:
        self._span: OpenSpan | None = None
        tracer = tracing.tracer()
        if send.topic.compact:
            self.headers: Headers = {}
        elif tracer is None:
            self.headers = headers or {}
        elif send.topic is PROGRESS:
            self.headers = tracer.headers() if headers is None else headers
        else:
            self._span = tracer.begin(f"send {topic}", Kind.PRODUCER, _attributes(send, topic), headers)
            self.headers = self._span.headers

    def end(self, outcome: RecordMetadata | Exception) -> None:
        """It was acknowledged, or refused."""
        if self._span is None:
            return
        if isinstance(outcome, Exception):
            self._span.end(type(outcome).__name__)
            return
        self._span.note(
            {
                "messaging.destination.partition.id": str(outcome.partition),
                "messaging.kafka.offset": outcome.offset,
            }
        )
        self._span.end()


def _attributes(send: Send, topic: str) -> dict[str, str]:
    attributes = {
        "messaging.system": "kafka",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": topic,
        "messaging.kafka.message.key": send.key,
    }
    document = document_of(send.event)
    if document is not None:
        attributes |= {"headrace.document.id": send.key, "headrace.document.key": document.document_key}
    invocation = invocation_of(document) if document else getattr(send.event, "invocation_id", None)
    if invocation is not None:
        attributes["headrace.invocation.id"] = invocation
    return attributes
