"""Fold the events of one document, in partition order, into its current version. Pure."""

from dataclasses import dataclass, field, replace

from schemas.events import Document, DocumentDeleted, DocumentDoubted, DocumentEmbedded, DocumentState
from services.indexing.rows import metadata_keys
from services.indexing.sparse import sparse_total

Incoming = DocumentEmbedded | DocumentDeleted | DocumentDoubted


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the document that is being written to the collection."""

    document: Document
    sequence: int
    deleted: bool
    parts: int
    total: int
    done: frozenset[int] = frozenset()

    @property
    def complete(self) -> bool:
        return len(self.done) == self.parts


@dataclass(slots=True)
class Fold:
    """The events so far.

    Attributes:
        writers: indices of the events whose rows belong to `version`.
        unsure: rows may differ from what is recorded. A superseded version is not written, but it may have
            been written before a crash, when the events were read in other batches.
    """

    version: Version | None
    extent: int
    sparse_extent: int
    keys: frozenset[str]
    epoch: int = 0
    changed: bool = False
    unsure: bool = False
    writers: list[int] = field(default_factory=list)

    @property
    def completed(self) -> Version | None:
        """The version, if these events have completed it: what it does not have may go."""
        return self.version if self.changed and self.version and self.version.complete else None


def fold_of(state: DocumentState | None) -> Fold:
    """The fold before the first event."""
    if state is None:
        return Fold(None, 0, 0, frozenset())
    keys, version = frozenset(state.metadata_keys), _version(state)
    return Fold(version, state.extent, state.sparse_extent, keys, state.digest_epoch)


def _version(state: DocumentState) -> Version:
    done = frozenset(state.parts_done)
    return Version(state.document, state.sequence, state.deleted, state.parts, state.chunks, done)


def take(fold: Fold, index: int, event: Incoming) -> None:
    """Fold the event with this index."""
    known, sequence = fold.version, event.sequence or 0
    if known is not None and (sequence < known.sequence or _is_older(event.document, known.document)):
        return
    if isinstance(event, DocumentDoubted):
        _doubt(fold, event)
        return
    if isinstance(event, DocumentDeleted):
        if known is not None and _has_moved(event.document, known.document):
            return
        if known is None or sequence > known.sequence or not known.deleted:
            bare = event.document.model_copy(update={"metadata": {}})  # none of it is in the collection
            _begin(fold, Version(bare, sequence, True, 0, 0))
        return
    if known is not None and sequence == known.sequence and known.deleted:
        return
    # Same sequence, different chunking: the document was chunked again by a newer chunker. Its part 0, which
    # always arrives first, restarts it too; other parts are late ones of the former chunking.
    cut = (sequence, event.parts, event.total)
    if known is None or cut != (known.sequence, known.parts, known.total):
        if known is not None and sequence == known.sequence and event.part > 0:
            return
        _begin(fold, Version(event.document, sequence, False, event.parts, event.total))
    assert fold.version is not None
    if event.part not in fold.version.done:
        fold.version = replace(fold.version, document=event.document, done=fold.version.done | {event.part})
        fold.changed = True
        fold.writers.append(index)


def _has_moved(document: Document, known: Document) -> bool:
    """Whether a source deletes what has another owner now. When it compared, it did not know that the other's
    version was on its way."""
    return document.source_id is not None and document.source_id != known.source_id


def _is_older(document: Document, known: Document) -> bool:
    """Whether the producer says that a document is older than the known version."""
    return None not in (document.version, known.version) and document.version < known.version  # type: ignore[operator]


def _begin(fold: Fold, version: Version) -> None:
    if fold.version is not None:  # it may have been written before a crash
        fold.keys |= metadata_keys(fold.version.document) if not fold.version.deleted else frozenset()
    fold.unsure = fold.unsure or fold.changed
    fold.version, fold.changed = version, True
    fold.extent = max(fold.extent, version.total)
    fold.sparse_extent = max(fold.sparse_extent, sparse_total(version.document, version.total))
    fold.writers.clear()


def _doubt(fold: Fold, event: DocumentDoubted) -> None:
    """Count no part as written, forget what is known of the rows, and allow for more of them."""
    version = fold.version
    if version is None or version.sequence != event.sequence:
        return
    fold.version = replace(version, done=frozenset())
    fold.changed = fold.unsure = True
    fold.extent = max(fold.extent, event.extent)
    fold.sparse_extent = max(fold.sparse_extent, event.extent)
    fold.keys |= frozenset(event.metadata_keys)
    fold.writers.clear()
