"""Uploads: a run is one document, whose content the gateway has already put into the blob store."""

from collections.abc import Sequence

from schemas.errors import ContractError
from schemas.events import Document, DocumentUpserted, RunRequested
from schemas.ids import document_id
from schemas.sources import FILE_UPLOAD
from services.connectors.runs import Connector
from streams.engine.outputs import Output, Send
from streams.engine.stage import Context, Record
from streams.topics import DOCUMENTS, RUNS


class UploadConnector(Connector):
    """Turns an upload into its document. Uploads of one file keep their order."""

    name = "connectors.file_upload"
    topic = RUNS[FILE_UPLOAD.name]
    #: All uploads to a source have one key.
    fetch_seconds = 1.0
    concurrency = 64

    async def carry_out(self, record: Record[RunRequested], context: Context) -> Sequence[Output]:
        """The document and `RunListed`; nothing if the invocation was cancelled."""
        run = record.event
        if run.upload is None:
            raise ContractError(f"invocation {run.invocation_id} of type file_upload has no upload")
        attempt = self.attempt(record, context, window=1)
        if not await attempt.begin():
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
            main_content=upload.main_content,
        )
        event = DocumentUpserted(
            document=document,
            content=upload.content,
            filename=upload.filename,
            content_type=upload.content_type,
        )
        await attempt.require_order()  # nobody waits for its end, so now
        return [Send(DOCUMENTS, document_id(document), event), attempt.listed()]
