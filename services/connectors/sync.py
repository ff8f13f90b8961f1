"""A run of a source that lists: compare what is listed with what is indexed, and send the difference.

One implementation for all types; what is of one type stands behind `services.connectors.lister`.

    list ─┐
          ├─► compare ─► read and send what is new or changed ─► delete what is gone ─► all done? ─► end
 indexed ─┘
"""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random_exponential

from schemas import events
from schemas.errors import DocumentError, DocumentTooLarge, RequestError, TransientError
from schemas.events import (
    Document,
    DocumentDeleted,
    DocumentUpserted,
    RunRequested,
)
from schemas.ids import document_id, fingerprint
from schemas.limits import MAX_FILE_BYTES
from schemas.markers import is_marker
from schemas.sources import SOURCE_TYPES
from services.connectors.barrier import markers
from services.connectors.difference import Action, Indexed, action, deleted_by, gone
from services.connectors.invocations import Invocations
from services.connectors.lister import Content, Item, Lister, Listing, Origin
from services.connectors.runs import Attempt, Connector
from services.connectors.states import States, scope_of
from streams.blobs import BlobStore
from streams.engine.outputs import Output, Send
from streams.engine.stage import Context, Record
from streams.topics import DOCUMENTS, RUNS

#: A store that is busy or starts again costs a run nothing; one that is away for longer another attempt.
_LOOK_UP_SECONDS = 300
#: A run whose collection is deleted under it begins anew; one that this happens to again and again fails.
_MOST_ATTEMPTS = 3


class Collections(Protocol):
    """The collections of the vector store."""

    async def id_of(self, tenant: str, database: str, collection: str) -> str | None:
        """The id of a collection, None where there is none. Raises TransientError without an answer."""
        ...


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What is listed against what is indexed, by key.

    Attributes:
        collection_id: of the collection that was found, None where there was none.
        gone: keys to be deleted.
        deleted: keys that an earlier attempt of the run has deleted.
    """

    collection_id: str | None
    listing: Listing
    indexed: dict[str, Indexed]
    gone: list[str]
    deleted: list[str]


class SyncConnector(Connector):
    """Runs of one source one after the other, runs of different sources side by side.

    Args:
        kind: the type of its sources.
        states: `source-documents`, partitioned as `runs.<type>` is.
        window: documents of a run that may be in flight.
        partitions: of `documents`.
    """

    concurrency = 16
    sequential_keys = True

    def __init__(
        self,
        kind: str,
        origin: Origin[Any],
        invocations: Invocations,
        states: States,
        collections: Collections,
        blobs: BlobStore,
        window: int,
        partitions: int,
    ) -> None:
        super().__init__(invocations)
        self.name, self.topic = f"connectors.{kind}", RUNS[kind]
        self._origin, self._states, self._collections, self._blobs = origin, states, collections, blobs
        self._window, self._partitions = window, partitions

    async def carry_out(self, record: Record[RunRequested], context: Context) -> Sequence[Output]:
        """Emits as it goes; returns when every document of the run is done, or the run has failed.

        The collection may be deleted while the run fills it. What went into the old one is then missing from
        the new one, so the run ends only if the collection is still the one that it began with.
        """
        for _ in range(_MOST_ATTEMPTS):
            attempt = self.attempt(record, context, self._window)
            if not await attempt.begin():
                return []
            try:
                async with aclosing(self._origin.open(record.event, _Unknown())) as lister:
                    found = await self._compare(record, attempt, lister)
                    await self._bring(record.event, attempt, lister, found)
            except RequestError as error:
                await attempt.fail(error)
                return []
            if not await attempt.drained(
                found.listing.left_out, lister.facts()
            ):  # failed or cancelled meanwhile
                return []
            if await self._is_whole(record, found):
                await attempt.end(found.listing.left_out, lister.facts())
                return []
        await attempt.fail(
            RequestError(
                f"collection {record.event.collection!r} was deleted while the run filled it, "
                f"{_MOST_ATTEMPTS} times in a row; documents are missing from it, run the source again"
            )
        )
        return []

    async def _compare(self, record: Record[RunRequested], attempt: Attempt, lister: Lister) -> _Comparison:
        """Raises RequestError when the source cannot be listed, or lists nothing and may not."""
        run = record.event
        await attempt.settle(
            self._states, record.partition, markers(self._partitions, run.source, run.collection)
        )
        collection_id = await self._collection_id(run)
        await self._states.catch_up([record.partition])
        indexed = await asyncio.to_thread(self._indexed, record)
        listing = Listing()
        if not run.delete_documents:
            listing = await Listing.of(lister)
            if lister.only is not None:
                indexed = {key: indexed[key] for key in lister.only if key in indexed}
            elif not (listing.items or listing.skipped or listing.unreadable or run.allow_empty):
                _refuse_to_empty(run, indexed, listing.left_out, lister.when_empty)
        return await asyncio.to_thread(_compared, run, collection_id, listing, indexed)

    def _indexed(self, record: Record[RunRequested]) -> dict[str, Indexed]:
        """For a thread: a million documents take 18 s and more. What `catch_up` reads meanwhile for another
        run does no harm: a row is seen before or after it, and either is a fact of the log."""
        scope = scope_of(record.event.source.id, record.event.collection)
        return {
            state.document.document_key: Indexed.of(state)
            for _, state in self._states.scan(record.partition, scope)
            if not is_marker(state.document)
        }

    @retry(
        retry=retry_if_exception_type(TransientError),
        wait=wait_random_exponential(max=10),
        stop=stop_after_delay(_LOOK_UP_SECONDS),
        reraise=True,
    )
    async def _collection_id(self, run: RunRequested) -> str | None:
        return await self._collections.id_of(run.source.tenant, run.source.database, run.collection)

    async def _is_whole(self, record: Record[RunRequested], found: _Comparison) -> bool:
        """Whether all documents of the run are in the collection that is there now."""
        now = await self._collection_id(record.event)
        if found.collection_id is not None:
            return now == found.collection_id
        await self._states.catch_up([record.partition])  # it was made by this run, perhaps more than once
        indexed = await asyncio.to_thread(self._indexed, record)
        return all(
            known.collection_id == now
            for known in indexed.values()
            if known.invocation_id == record.event.invocation_id
            and known.complete
            and not known.deleted
            and known.chunks
        )

    async def _bring(self, run: RunRequested, attempt: Attempt, lister: Lister, found: _Comparison) -> None:
        for item in found.listing.items.values():
            await self._sync(run, attempt, lister, item, found)
        for place, why in found.listing.unreadable.items():
            error = f"{_shown(place)}: {why}; what is indexed of it stays"
            await attempt.count(events.Step.FAILED, _shown(place), error=error)
        for key, why in found.listing.skipped.items():
            await attempt.count(events.Step.SKIPPED, _shown(key), error=why)
        for key in found.gone:
            document = _document(run, Item(key), found.indexed[key].version_key)
            numbered = document.model_copy(update={"run": attempt.position()})
            await attempt.add([Send(DOCUMENTS, document_id(document), DocumentDeleted(document=numbered))])
        for key in found.deleted:
            await attempt.count(events.Step.DELETED, key)

    async def _sync(
        self, run: RunRequested, attempt: Attempt, lister: Lister, item: Item, found: _Comparison
    ) -> None:
        indexed, content = found.indexed.get(item.key), None
        try:
            _check(item)
            if item.version is None:
                content = await lister.read(item)
            document = _document(run, item, item.version or _sha256(content))
            decided = action(
                indexed,
                document.version_key,
                fingerprint(document),
                run.invocation_id,
                found.collection_id,
            )
            if decided is Action.UPSERT and content is None:
                content = await lister.read(item)
        except DocumentError as error:
            await attempt.count(events.Step.FAILED, _shown(item.key), error=str(error))
            return
        match decided:
            case Action.UNCHANGED:
                await attempt.count(events.Step.UNCHANGED, item.key)
            case Action.WRITTEN:
                await attempt.count(events.Step.INDEXED, item.key, indexed.chunks if indexed else 0)
            case Action.UPSERT:
                await attempt.add([await self._upsert(document, content, attempt)])

    async def _upsert(self, document: Document, content: Content | None, attempt: Attempt) -> Send:
        assert content is not None
        payload = await self._blobs.put(content.body)
        event = DocumentUpserted(
            document=document.model_copy(update={"run": attempt.position()}),
            content=payload,
            filename=content.filename or document.document_key,
            content_type=content.content_type,
        )
        return Send(DOCUMENTS, document_id(document), event)


class _Unknown:
    """Nothing is known yet of what earlier runs have found."""

    def keys(self) -> Iterator[str]:
        return iter(())

    def memo(self, key: str) -> bytes | None:
        return None


def _compared(
    run: RunRequested, collection_id: str | None, listing: Listing, indexed: dict[str, Indexed]
) -> _Comparison:
    doomed = [key for key in gone(indexed, listing.items) if not listing.hides(key)]
    deleted = deleted_by(indexed, listing.items, run.invocation_id)
    return _Comparison(collection_id, listing, indexed, doomed, deleted)


def _refuse_to_empty(
    run: RunRequested, indexed: dict[str, Indexed], left_out: Mapping[str, int], question: str
) -> None:
    """Raises RequestError for a run that would delete everything.

    An empty folder looks like a disk that is not mounted. Device and inode do not tell them apart for sure:
    they change when a container restarts, and stay the same when a network disk lists nothing.
    """
    count = len(gone(indexed, ()))
    if not count:
        return
    kind = SOURCE_TYPES[run.source.type]
    shown = kind.shown(kind.form_of(run.source.config))
    documents = "1 document of it is" if count == 1 else f"{count:,} documents of it are"
    private = f" but {sum(left_out.values()):,} that are left out as private" if left_out else ""
    raise RequestError(
        f"{shown} lists nothing{private} though {documents} indexed in collection {run.collection!r}; "
        f"nothing was deleted. {question} If it is meant to be empty, run it with allow_empty (--allow-empty)"
    )


def _check(item: Item) -> None:
    """Raises DocumentError for what cannot be a document, whatever it holds."""
    if (shown := _shown(item.key)) != item.key:
        raise DocumentError(f"{shown}: the name is not UTF-8, so it cannot be a document key")
    if item.size is not None and item.size > MAX_FILE_BYTES:
        raise DocumentTooLarge(f"{shown}: {item.size:,} bytes, the limit is {MAX_FILE_BYTES:,}")


def _shown(key: str) -> str:
    """The key as it may travel: what UTF-8 cannot encode is spelled out."""
    return key.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _sha256(content: Content | None) -> str:
    assert content is not None
    return hashlib.sha256(content.body).hexdigest()


def _document(run: RunRequested, item: Item, version_key: str) -> Document:
    kind = SOURCE_TYPES[run.source.type]
    return Document(
        tenant=run.source.tenant,
        database=run.source.database,
        collection=run.collection,
        document_key=item.key,
        namespace=run.source.id if kind.own_tree else "",
        version_key=version_key,
        metadata=dict(item.facts),
        custom_id=item.custom_id,
        chunking=run.source.chunking,
        embedding=run.source.embedding,
        source_id=run.source.id,
        main_content=kind.main_content(run.source.config),
    )
