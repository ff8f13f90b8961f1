"""The stage of the inbox: gives each event the key of its document, and writes it to `documents`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from schemas.codec import Codec
from schemas.errors import ContractError, DocumentError
from schemas.events import DocumentDeleted, DocumentUpserted, Event, Payload, RunPosition
from schemas.ids import document_id
from schemas.inbox import Rules, Said, said_by
from services.inbox.collections import Collections
from services.inbox.letters import OpenLetters
from services.inbox.room import Room
from services.inbox.rows import events_of
from services.inbox.tables import Table
from services.inbox.values import Values
from streams.blobs import BlobStore
from streams.engine.outputs import Output, Send
from streams.engine.stage import Context, Record, Stage
from streams.topics import DOCUMENTS, INBOX, Topic


class InboxRecord(Event):
    """The bytes of a record; the stage reads them, because only it knows which topic they are of."""

    value: bytes


class InboxCodec:
    """Takes any bytes, and writes events as `codec` does."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def encode(self, event: Event, topic: str) -> bytes:
        """See `schemas.codec.Codec`."""
        return self._codec.encode(event, topic)

    def decode(self, value: bytes) -> InboxRecord:
        """The bytes, unread."""
        return InboxRecord(value=value)


class InboxStage(Stage[InboxRecord]):
    """Events keep the order of their partition, and so do the versions of a document. Records of different
    partitions are written as they come.

    Args:
        rules: what the deployment adds to an event, and refuses.
        tables: topic → how its rows are read.
    """

    name = "inbox"
    topic = replace(INBOX, records=(InboxRecord,))
    #: The order of `documents` is the order of versions.
    transactional: ClassVar[bool] = True
    #: Its keys are those of others.
    fetch_seconds: ClassVar[float] = 1.0
    #: Most records only wait for their turn.
    concurrency = 64

    def __init__(
        self,
        values: Values,
        rules: Rules,
        tables: Mapping[str, Table],
        collections: Collections,
        blobs: BlobStore,
        room: Room,
    ) -> None:
        self._values, self._rules, self._tables, self._collections = values, rules, tables, collections
        self._blobs, self._room = blobs, room
        self._letters = OpenLetters(self.name)
        self.more_topics = [Topic(name, self.topic.records) for name in tables]

    async def process(self, record: Record[InboxRecord], context: Context) -> Sequence[Output]:
        """The events of one record. Raises ContractError with the field that is wrong."""
        try:
            said = [await self._placed(one) for one in await self._said(record)]
        except (ContractError, DocumentError):
            self._letters.add(record, record.event.value)
            raise
        contents = [None if one.content is None else await self._blobs.put(one.content) for one in said]
        place = (record.topic, record.partition)
        runs = await self._room.enter(place, record.offset, len(said)) if said else []
        sent = [_sent(*each) for each in zip(said, contents, runs, strict=True)]
        table = self._tables.get(record.topic)
        return [
            *sent,
            *(note for one in said for note in self._letters.settled_by(record, one.document, table)),
        ]

    async def _placed(self, said: Said) -> Said:
        return replace(said, document=await self._collections.placed(said.document))

    async def _said(self, record: Record[InboxRecord]) -> list[Said]:
        value, table = record.event.value, self._tables.get(record.topic)
        if table is not None:
            row = await self._values.read(value) if value else None
            return [said_by(fields, self._rules) for fields in events_of(table, record.key, row)]
        if not value:
            raise ContractError(
                'the record has no value; a delete is {"op": "delete", …} with its document_key'
            )
        return [said_by(await self._values.read(value), self._rules)]


def _sent(said: Said, content: Payload | None, run: RunPosition) -> Send:
    document = said.document.model_copy(update={"run": run})
    key = document_id(document)
    if content is None:
        return Send(DOCUMENTS, key, DocumentDeleted(document=document))
    event = DocumentUpserted(
        document=document, content=content, filename=said.filename, content_type=said.content_type
    )
    return Send(DOCUMENTS, key, event)
