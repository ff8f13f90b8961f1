"""The parsing stage: documents in, their text out. As the first stage, it also validates records."""

import asyncio
from collections.abc import Sequence

from schemas.checks import check_document
from schemas.errors import ContractError
from schemas.events import DocumentDeleted, DocumentParsed, DocumentUpserted, Era, PageSpan, Step
from schemas.ids import document_id
from schemas.limits import MAX_WARNING_LENGTH, MAX_WARNINGS
from services.parsing.document import ParsedDocument
from services.parsing.sandbox.pool import Sandbox
from streams import tracing
from streams.admission import Admission
from streams.blobs import BlobStore
from streams.engine import stage
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.publishing.dead_letters import SEQUENCE_HEADER
from streams.engine.stage import Context, Record
from streams.partitions import partition_of
from streams.state.layout import order_of
from streams.topics import DOCUMENTS, PARSED

Incoming = DocumentUpserted | DocumentDeleted

#: Before workers start without a document. On one machine all services start at once, and its processors are
#: what they wait for.
WARM_AFTER_SECONDS = 2.0


class ParsingStage(stage.Stage[Incoming]):
    """Parses in a sandbox.

    Args:
        sandbox: the stage takes ownership.
        partitions: of `documents`; a record on the wrong partition for its key would lose its order.
        eras: since partitions were grown, what is added to offsets.
    """

    name = "parsing"
    topic = DOCUMENTS

    def __init__(
        self,
        sandbox: Sandbox,
        blobs: BlobStore,
        partitions: int,
        concurrency: int,
        eras: Sequence[Era] = (),
    ) -> None:
        self._sandbox, self._blobs, self._partitions, self._eras = sandbox, blobs, partitions, eras
        self.concurrency = concurrency
        self._admission = Admission()
        self._warming: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Start the workers soon, if no document does before."""
        self._warming = asyncio.get_running_loop().call_later(WARM_AFTER_SECONDS, self._sandbox.start)

    async def close(self) -> None:
        """Stop the workers."""
        if self._warming is not None:
            self._warming.cancel()
        self._sandbox.close()

    async def process(self, record: Record[Incoming], context: Context) -> Sequence[Output]:
        """Emit `DocumentParsed`, or forward the delete with its sequence."""
        event = record.event
        self._check(record)
        sequence = _sequence(record, order_of(self._eras, record.partition, record.offset))
        if isinstance(event, DocumentDeleted):
            return [Send(PARSED, record.key, event.model_copy(update={"sequence": sequence}))]
        check_document(event.document)
        async with self._admission.of(event.content.size):
            parsed = await self._parse(event)
        outputs: list[Output] = [Send(PARSED, record.key, await self._event(event, parsed, sequence))]
        if event.document.run:
            few = tuple(warning[:MAX_WARNING_LENGTH] for warning in parsed.warnings[:MAX_WARNINGS])
            outputs.append(ProgressReport(event.document.run, Step.PARSED, warnings=few))
        return outputs

    async def _parse(self, event: DocumentUpserted) -> ParsedDocument:
        content = await self._blobs.get(event.content)
        name = event.filename or event.document.document_key
        document = event.document
        run = document.run.invocation_id if document.run else None
        with tracing.span("parse", {"headrace.document.bytes": len(content)}) as span:
            parsed = await self._sandbox.parse(content, name, event.content_type, document.main_content, run)
            span.note({"headrace.document.media_type": parsed.media_type})
        return parsed

    async def _event(self, event: DocumentUpserted, parsed: ParsedDocument, sequence: int) -> DocumentParsed:
        name = event.filename or event.document.document_key
        return DocumentParsed(
            document=event.document,
            sequence=sequence,
            text=await self._blobs.put(parsed.markdown.encode()),
            filename=name,
            media_type=parsed.media_type,
            text_type=parsed.text_type,
            title=parsed.title,
            language=parsed.language,
            pages=[PageSpan(number=p.number, start=p.start, end=p.end, name=p.name) for p in parsed.pages],
            warnings=list(parsed.warnings),
        )

    def _check(self, record: Record[Incoming]) -> None:
        expected = document_id(record.event.document)
        if record.key != expected:
            raise ContractError(
                f"the key must be the document id {expected} (see schemas/ids.py), found {record.key!r}"
            )
        partition = partition_of(record.key, self._partitions)
        if record.partition != partition:
            raise ContractError(
                f"key {record.key} belongs on partition {partition}, found on {record.partition}: "
                "set the producer's partitioner to murmur2 (librdkafka: partitioner=murmur2_random)"
            )


def _sequence(record: Record[Incoming], order: int) -> int:
    """The place of the record in the order of its key, or the original place of a replayed record: a greater
    one would make newer versions stale."""
    header = record.headers.get(SEQUENCE_HEADER)
    if header is None:
        return order
    if not header.isdigit() or int(header) > order:
        raise ContractError(
            f"header {SEQUENCE_HEADER} must be an earlier offset, found {header!r} at offset {order}"
        )
    return int(header)
