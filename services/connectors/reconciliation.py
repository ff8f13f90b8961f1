"""One attempt at a run: sends the difference between listing and index, and deletes at the end.

listing ──┐
          ├─► merged ─► unchanged: a range of ordinals
indexed ──┘      ├────► new or changed: read and sent
                 └────► not listed: set aside ─► complete, and not too many? ─► deleted
"""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing

from schemas import events
from schemas.errors import DocumentError
from schemas.events import Document, DocumentDeleted, MetadataValue, RunRequested
from schemas.ids import Fingerprints, document_id
from services.connectors.difference import Action, action, document_of, embedded_anew, fault, merged, upserted
from services.connectors.guard import DeleteGuard
from services.connectors.lister import (
    Content,
    Entry,
    Gone,
    Item,
    LeftOut,
    Lister,
    Rechecking,
    Selective,
    Skipped,
    Unreadable,
    Unwanted,
)
from services.connectors.memos import Orphans, SourceMemos
from services.connectors.patience import Watch, WatchedLister
from services.connectors.runs import Attempt
from services.connectors.scratch import Doomed, DoomedDocuments, Placed, ReadableDocuments, SortedListing, Why
from services.connectors.states import Indexed, IndexedDocuments, KeyRows, digest, key_rows, place_of, shown
from streams.blobs import BlobStore
from streams.engine.outputs import Send
from streams.reembedded import Reembedded
from streams.state.store import Essence
from streams.topics import DOCUMENTS


class Reconciliation:
    """Brings a collection up to date with a listing.

    Args:
        lister: the source; None for a run that deletes everything without listing.
        documents: what is indexed.
        collection_id: id of the collection, None if it does not exist.
        renewed: what the collection says if it was embedded again. Its documents are embedded with its model,
            and what it holds of the source's own model counts as unchanged.

    Attributes:
        left_out: reason → number of documents that are not listed for it.
        facts: what the invocation shows of the origin.
    """

    def __init__(
        self,
        run: RunRequested,
        attempt: Attempt,
        lister: Lister | None,
        documents: IndexedDocuments,
        memos: SourceMemos,
        blobs: BlobStore,
        collection_id: str | None,
        guard: DeleteGuard,
        watch: Watch,
        renewed: Reembedded | None = None,
    ) -> None:
        self._former = None if renewed is None else Fingerprints(document_of(run, Item(""), ""))
        self._run, self._attempt = run if renewed is None else embedded_anew(run, renewed), attempt
        self._lister = None if lister is None else WatchedLister(lister, watch)
        self._documents, self._memos, self._blobs, self._guard = documents, memos, blobs, guard
        self._fingerprints = Fingerprints(document_of(self._run, Item(""), ""))
        self._mine = digest(run.invocation_id)
        self._here = None if collection_id is None else digest(collection_id)
        self._only = None if lister is None or lister.only is None else frozenset(lister.only)
        self._selective = lister if isinstance(lister, Selective) else None
        self._rechecking = lister if isinstance(lister, Rechecking) else None
        self._keeps_memos = memos.any()
        whole = lister is None or (lister.in_order and lister.only is None)
        self._orphans = Orphans(memos) if self._keeps_memos and whole else None
        self._unreadable: dict[str, Unreadable] = {}
        self.left_out: dict[str, int] = {}
        self.facts: Mapping[str, MetadataValue] = {}

    async def carry_out(self) -> None:
        """Send the difference.

        Raises RequestError when the source cannot be listed, or the run would delete more than it may; then
        nothing is deleted. Raises RunEnded.
        """
        with DoomedDocuments() as doomed, SortedListing() as listing:
            async with aclosing(self._listed(listing)) as listed:
                async for pairs in merged(listed, self._indexed()):
                    for place, entry, rows in pairs:
                        if self._orphans and (memos := self._orphans.before(place)):
                            await self._attempt.add(memos)
                        if not self._is_as_it_was(entry, rows):
                            await self._reconcile(place, entry, rows, doomed)
                        elif self._attempt.is_late():
                            await self._attempt.tell()
            await self._recheck(doomed)
            deleted = ReadableDocuments(doomed, self._unreadable)
            self._guard.check(deleted, bool(self._unreadable), self._only, self.left_out)
            for where, one_place in self._unreadable.items():
                error = f"{shown(where)}: {one_place.reason}; what is indexed of it stays"
                await self._attempt.count(events.Step.FAILED, shown(where), error=error)
            for page in deleted:
                for one in page:
                    await self._delete(one)
            if self._orphans:
                await self._attempt.add(self._orphans.before(None))
        if self._lister is not None:
            self.facts = self._lister.facts()

    async def _recheck(self, doomed: DoomedDocuments) -> None:
        """Sync what the listing missed, although it exists."""
        if self._rechecking is None or not (keys := doomed.gone()):
            return
        for entry in await self._rechecking.recheck(keys):
            if isinstance(entry, Unreadable):
                self._unreadable[entry.place] = entry
                continue
            place = place_of(entry.key)
            doomed.remove(place)
            self._guard.listed += 1
            await self._sync(entry, key_rows(self._documents.at(place)), doomed)

    async def _listed(self, listing: SortedListing) -> AsyncGenerator[Sequence[Placed], None]:
        if self._lister is None:
            return
        async with aclosing(self._lister.pages()) as pages:
            async for page in pages:
                if placed := self._taken(page, listing):
                    yield placed
        if not self._lister.in_order:
            for sorted_page in listing.pages():
                yield sorted_page

    def _taken(self, page: Sequence[Entry], listing: SortedListing) -> Sequence[Placed]:
        """The entries of a page of the listing that are compared now. Raises RunEnded."""
        assert self._lister is not None
        self._attempt.require_running()
        entries = [entry for entry in page if isinstance(entry, Item | Skipped) and self._concerns(entry)]
        for entry in page:
            if isinstance(entry, Unreadable):
                self._unreadable[entry.place] = entry
            elif isinstance(entry, LeftOut):
                self.left_out[entry.reason] = self.left_out.get(entry.reason, 0) + entry.count
        self._guard.listed += len(entries)
        if self._lister.in_order:
            return [(place_of(entry.key), entry) for entry in entries]
        listing.add(entries)
        return ()

    async def _indexed(self) -> AsyncIterator[Sequence[Essence]]:
        if self._only is None:
            async for page in self._documents.rows():
                yield page
        else:
            for place in sorted(map(place_of, self._only)):
                yield self._documents.at(place)

    def _concerns(self, entry: Item | Skipped) -> bool:
        return self._only is None or entry.key in self._only

    def _is_as_it_was(self, entry: Item | Skipped | None, rows: Sequence[Essence]) -> bool:
        """Count a document if it is unchanged. False if `_reconcile` must handle it; for unchanged documents,
        which are most, this takes a fifth of its time."""
        if len(rows) != 1 or not isinstance(entry, Item) or entry.version is None or fault(entry):
            return False
        indexed = Indexed.unpacked(rows[0].essence)
        wanted = self._wanted(entry, entry.version, [indexed])
        if action(indexed, wanted, self._mine, self._here) is not Action.UNCHANGED:
            return False
        if (entry.memo is not None or self._keeps_memos) and self._memos.keep(
            entry.key, entry.version, entry.memo
        ):
            return False
        self._guard.indexed += 1
        self._attempt.count_unchanged()
        return True

    def _wanted(self, item: Item, version: str, known: Sequence[Indexed]) -> bytes:
        """What is indexed of an item that is unchanged."""
        wanted = digest(version, self._fingerprints.of(item.facts, item.custom_id))
        if self._former is not None and all(indexed.content != wanted for indexed in known):
            former = digest(version, self._former.of(item.facts, item.custom_id))
            return former if any(indexed.content == former for indexed in known) else wanted
        return wanted

    async def _reconcile(
        self, place: bytes, entry: Item | Skipped | None, rows: Sequence[Essence], doomed: DoomedDocuments
    ) -> None:
        known = key_rows(rows)
        self._guard.indexed += sum(not indexed.deleted for _, indexed in known)
        if isinstance(entry, Item):
            await self._sync(entry, known, doomed)
            return
        if isinstance(entry, Skipped):
            await self._attempt.count(events.Step.SKIPPED, shown(entry.key), error=entry.reason)
            if entry.keep:
                return
        why = Why.UNWANTED if entry is None and self._unwanted(place) else Why.GONE
        for row, indexed in known:
            await self._gone(row, indexed, why, doomed)

    def _unwanted(self, place: bytes) -> bool:
        if self._lister is None:
            return True
        return self._selective is not None and self._selective.excludes(place.decode())

    async def _gone(self, row: Essence, indexed: Indexed, why: Why, doomed: DoomedDocuments) -> None:
        if not indexed.deleted:
            doomed.add(Doomed(row.place, row.key, why))
        elif indexed.invocation == self._mine:  # an earlier attempt has deleted it
            await self._attempt.count(events.Step.DELETED, row.place.decode())

    async def _sync(self, item: Item, known: KeyRows, doomed: DoomedDocuments) -> None:
        assert self._lister is not None
        content, version = None, item.version
        try:
            if (reason := fault(item)) is not None:
                raise reason
            if version is None:
                content = await self._lister.read(item)
                version = hashlib.sha256(content.body).hexdigest()
            wanted = self._wanted(item, version, [indexed for _, indexed in known])
            row, indexed = next(
                ((row, indexed) for row, indexed in known if indexed.content == wanted), (None, None)
            )
            decided = action(indexed, wanted, self._mine, self._here)
            if decided is Action.UPSERT and content is None:
                content = await self._lister.read(item)
                version = content.version or version
        except Gone:
            for other, state in known:
                await self._gone(other, state, Why.GONE, doomed)
            return
        except Unwanted as error:
            await self._skip(item, error, known, doomed)
            return
        except DocumentError as error:
            await self._attempt.count(events.Step.FAILED, shown(item.key), error=str(error))
            return
        memo = []
        if item.memo is not None or self._keeps_memos:
            memo = self._memos.keep(item.key, version, item.memo)
        if decided is Action.UPSERT:
            assert content is not None
            document = document_of(self._run, item, version)
            id_ = document_id(document)
            if item.custom_id is not None:
                doomed.spare(id_)  # another key may have had this id before
            await self._attempt.add([await self._upsert(id_, document, content), *memo])
        else:
            assert row is not None
            assert indexed is not None
            id_ = row.key
            if decided is Action.UNCHANGED:
                await self._attempt.unchanged()
            else:
                await self._attempt.count(events.Step.INDEXED, item.key, indexed.chunks)
            if memo:
                await self._attempt.add(memo)
        for other, state in known:  # under another custom id
            if other.key != id_:
                await self._gone(other, state, Why.REPLACED, doomed)

    async def _skip(self, item: Item, reason: Unwanted, known: KeyRows, doomed: DoomedDocuments) -> None:
        """Skip a document whose content showed that it is not wanted."""
        await self._attempt.count(events.Step.SKIPPED, item.key, error=str(reason))
        await self._attempt.add(self._memos.keep(item.key, "", reason.memo))
        for row, indexed in known:
            await self._gone(row, indexed, Why.SKIPPED, doomed)

    async def _upsert(self, id_: str, document: Document, content: Content) -> Send:
        payload = await self._blobs.put(content.body)
        numbered = document.model_copy(update={"run": self._attempt.position()})
        return Send(DOCUMENTS, id_, upserted(numbered, payload, content))

    async def _delete(self, doomed: Doomed) -> None:
        state = self._documents.get(doomed.id)
        if state is None:
            return
        item = Item(state.document.document_key, custom_id=state.document.custom_id)
        document = document_of(self._run, item, state.document.version_key)
        numbered = document.model_copy(update={"run": self._attempt.position()})
        forgets = self._keeps_memos and doomed.why in (Why.GONE, Why.UNWANTED)
        memo = self._memos.keep(item.key, "", None) if forgets else []
        await self._attempt.add([Send(DOCUMENTS, doomed.id, DocumentDeleted(document=numbered)), *memo])
