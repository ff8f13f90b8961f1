"""Uploads: a run is one document, whose content the gateway has already put into the blob store."""

from collections.abc import Sequence

from schemas.errors import ContractError
from schemas.events import Document, DocumentUpserted, RunRequested
from schemas.ids import document_id
from services.connectors.runs import Attempt, InvocationView, run_failed
from streams.engine.outputs import Output, Send
from streams.engine.stage import Context, Record, Stage
from streams.topics import DOCUMENTS, RUNS_FILE_UPLOAD


class UploadConnector(Stage[RunRequested]):
    """Turns an upload into its document. Uploads of one file keep their order."""

    name = "connectors.file_upload"
    topic = RUNS_FILE_UPLOAD
    concurrency = 64
    transactional = True

    def __init__(self, invocations: InvocationView) -> None:
        self._invocations = invocations
        self._attempts: dict[str, int] = {}

    async def process(self, record: Record[RunRequested], context: Context) -> Sequence[Output]:
        """The document and the end of its listing, unless the invocation was cancelled."""
        run = record.event
        if run.upload is None:
            raise ContractError(f"invocation {run.invocation_id} of type file_upload has no upload")
        attempt = Attempt(run.invocation_id, self._invocations, context, window=1)
        self._attempts[run.invocation_id] = attempt.number
        if not await attempt.begin():
            self._attempts.pop(run.invocation_id, None)
            return []
        upload = run.upload
        document = Document(
            tenant=run.source.tenant,
            database=run.source.database,
            collection=run.collection,
            document_key=upload.filename,
            custom_id=upload.custom_id,
            version_key=upload.content.sha256,
            metadata=upload.metadata,
            chunking=upload.chunking,
            embedding=upload.embedding,
            source_id=run.source.id,
            run=attempt.position(),
        )
        event = DocumentUpserted(
            document=document,
            content=upload.content,
            filename=upload.filename,
            content_type=upload.content_type,
        )
        self._attempts.pop(run.invocation_id, None)
        return [Send(DOCUMENTS, document_id(document), event), attempt.listed()]

    def failed(self, record: Record[RunRequested], error: Exception) -> Sequence[Output]:
        """An upload that is given up has failed."""
        attempt = self._attempts.pop(record.event.invocation_id, 0)
        return [run_failed(record.event.invocation_id, attempt, error)]
