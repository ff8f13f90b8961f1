"""The folder connector: a folder on the server's disk, synced as a difference."""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from schemas.errors import DocumentError, FencedError, RequestError, TransientError
from schemas.events import (
    Document,
    DocumentDeleted,
    DocumentState,
    DocumentUpserted,
    FolderConfig,
    RunRequested,
    Step,
)
from schemas.ids import document_id, fingerprint
from services.connectors.barrier import markers
from services.connectors.difference import Action, Indexed, action, deleted_by, gone
from services.connectors.disk import Disk
from services.connectors.runs import Attempt, InvocationView, run_failed, scope_of
from services.connectors.selection import Selection
from services.connectors.walk import Listing, list_files, read_file, shown_key
from streams.blobs import BlobStore
from streams.engine import stage
from streams.engine.outputs import Output, Send
from streams.engine.stage import Context, Record
from streams.places import Forbidden, Places
from streams.state.store import PartitionStore
from streams.topics import DOCUMENTS, RUNS_FOLDER


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What is listed against what is indexed, by key.

    Attributes:
        gone: keys to be deleted.
        deleted: keys that an earlier attempt of the run has deleted.
    """

    listing: Listing
    indexed: dict[str, Indexed]
    gone: list[str]
    deleted: list[str]


class FolderConnector(stage.Stage[RunRequested]):
    """Runs of one source one after the other, runs of different sources side by side.

    Args:
        states: `source-documents`, partitioned as `runs.folder` is.
        window: documents of a run that may be in flight.
        partitions: of `documents`.
        places: what may be read; checked whenever a folder or a file is opened.
    """

    name = "connectors.folder"
    topic = RUNS_FOLDER
    concurrency = 16
    sequential_keys = True
    transactional = True

    def __init__(
        self,
        invocations: InvocationView,
        states: PartitionStore[DocumentState],
        blobs: BlobStore,
        window: int,
        partitions: int,
        places: Places | None = None,
    ) -> None:
        self._invocations, self._states, self._blobs, self._window = invocations, states, blobs, window
        self._partitions, self._places = partitions, places or Places()
        self._stuck: dict[str, Disk] = {}  # by path: what earlier runs have left behind
        self._attempts: dict[str, Attempt] = {}

    async def process(self, record: Record[RunRequested], context: Context) -> Sequence[Output]:
        """Emits as it goes; returns when every document of the run is done, or the run has failed."""
        run = record.event
        attempt = Attempt(run.invocation_id, self._invocations, context, self._window)
        self._attempts[run.invocation_id] = attempt
        if await attempt.begin():
            await attempt.settle(self._states, record.partition, partial(self._markers, run))
            await self._states.catch_up([record.partition])
            try:
                async with self._disk(run) as disk:
                    found = await disk.run(self._compare, record, disk)
                    await self._bring(run, attempt, found, disk)
            except RequestError as error:
                await attempt.fail(error)
            else:
                await attempt.end(found.listing.left_out)
        self._attempts.pop(run.invocation_id, None)
        return []

    def failed(self, record: Record[RunRequested], error: Exception) -> Sequence[Output]:
        """A run that is given up has failed."""
        attempt = self._attempts.pop(record.event.invocation_id, None)
        return [run_failed(record.event.invocation_id, attempt.number if attempt else 0, error)]

    def _markers(self, run: RunRequested) -> Sequence[Document]:
        return markers(self._partitions, lambda key: _document(run, key, ""))

    @contextlib.asynccontextmanager
    async def _disk(self, run: RunRequested) -> AsyncIterator[Disk]:
        """The thread that lists and reads for a run. Raises RequestError while an earlier one is stuck."""
        path = _config(run).path
        if (stuck := self._stuck.get(path)) and stuck.busy:
            raise RequestError(f"{path} does not answer: an earlier run still waits for it")
        self._stuck.pop(path, None)
        async with Disk(path) as disk:
            try:
                yield disk
            except RequestError:
                self._stuck[path] = disk
                raise

    def _compare(self, record: Record[RunRequested], disk: Disk) -> _Comparison:
        """For a thread: a million documents take 18 s and more. What `catch_up` reads meanwhile for another
        run does no harm: a row is seen before or after it, and either is a fact of the log.

        Raises RequestError when the folder cannot be listed, or lists nothing and may not.
        """
        run, config = record.event, _config(record.event)
        scope = scope_of(run.source.id, run.collection)
        indexed = {
            state.document.document_key: Indexed.of(state)
            for _, state in self._states.scan(record.partition, scope)
        }
        try:
            listing = list_files(Path(config.path), Selection.of(config), self._places, disk.tick)
        except Forbidden:
            raise
        except ValueError as error:
            raise RequestError(f"the patterns of the source cannot be used: {error}") from error
        except OSError as error:
            reason = error.strerror or error
            raise RequestError(f"the folder {config.path} cannot be listed: {reason}") from error
        doomed = [key for key in gone(indexed, listing.keys) if not listing.hides(key)]
        if doomed and not listing.keys and not run.allow_empty:
            raise RequestError(_nothing_listed(run, len(doomed), listing.left_out))
        return _Comparison(listing, indexed, doomed, deleted_by(indexed, listing.keys, run.invocation_id))

    async def _bring(self, run: RunRequested, attempt: Attempt, found: _Comparison, disk: Disk) -> None:
        for key in found.listing.keys:
            await self._sync(run, attempt, disk, key, found.indexed.get(key))
        for place, why in found.listing.unreadable.items():
            shown = shown_key(place)
            error = f"{shown}: {why}; what is indexed of it stays"
            await attempt.count(Step.FAILED, shown, error=error)
        await self._clear_away(run, attempt, found)

    async def _sync(
        self, run: RunRequested, attempt: Attempt, disk: Disk, key: str, indexed: Indexed | None
    ) -> None:
        root = Path(_config(run).path)
        try:
            content = await disk.run(read_file, root, key, self._places, disk.tick)
        except (TransientError, FencedError):
            raise
        except DocumentError as error:
            await attempt.count(Step.FAILED, shown_key(key), error=str(error))
            return
        document = _document(run, key, hashlib.sha256(content).hexdigest())
        decided = action(
            indexed, document.version_key, fingerprint(document), run.invocation_id, run.collection_id
        )
        match decided:
            case Action.UNCHANGED:
                await attempt.count(Step.UNCHANGED, key)
            case Action.WRITTEN:
                await attempt.count(Step.INDEXED, key, indexed.chunks if indexed else 0)
            case Action.UPSERT:
                payload = await self._blobs.put(content)
                numbered = document.model_copy(update={"run": attempt.position()})
                event = DocumentUpserted(document=numbered, content=payload, filename=key)
                await attempt.add([Send(DOCUMENTS, document_id(document), event)])

    async def _clear_away(self, run: RunRequested, attempt: Attempt, found: _Comparison) -> None:
        for key in found.gone:
            document = _document(run, key, found.indexed[key].version_key)
            numbered = document.model_copy(update={"run": attempt.position()})
            await attempt.add([Send(DOCUMENTS, document_id(document), DocumentDeleted(document=numbered))])
        for key in found.deleted:
            await attempt.count(Step.DELETED, key)


def _config(run: RunRequested) -> FolderConfig:
    return run.source.folder or FolderConfig(path="")


def _nothing_listed(run: RunRequested, documents: int, left_out: Mapping[str, int]) -> str:
    """Why a run that would delete everything fails.

    An empty folder looks like a disk that is not mounted. Device and inode do not tell them apart for sure:
    they change when a container restarts, and stay the same when a network disk lists nothing.
    """
    config = _config(run)
    chosen = f" that match {', '.join(config.include_globs)}" if config.include_globs else ""
    indexed = "1 document of it is" if documents == 1 else f"{documents:,} documents of it are"
    private = f" but {sum(left_out.values()):,} that are left out as private" if left_out else ""
    return (
        f"{config.path} lists no files{chosen}{private} though {indexed} indexed in collection "
        f"{run.collection!r}; nothing was deleted. Is its disk mounted? If it is meant to be empty, run it "
        "with allow_empty (--allow-empty)"
    )


def _document(run: RunRequested, key: str, version_key: str) -> Document:
    return Document(
        tenant=run.source.tenant,
        database=run.source.database,
        collection=run.collection,
        document_key=key,
        namespace=run.source.id,
        version_key=version_key,
        chunking=run.source.chunking,
        embedding=run.source.embedding,
        source_id=run.source.id,
    )
