"""Interpret a recorded state when the collection may differ from it."""

from collections.abc import Sequence

from schemas.errors import DocumentError
from schemas.events import DocumentEmbedded, DocumentState
from services.indexing.fold import Incoming


def in_collection(state: DocumentState | None, identity: str | None) -> DocumentState | None:
    """The part of a state that is valid for a collection with this id (None: no collection).

    A collection whose id differs from the state's has no rows of the document. The sequence still counts.
    """
    if state is None or state.collection_id in (None, identity):
        return state
    nothing: dict[str, object] = {
        "complete": state.deleted,
        "parts_done": [],
        "extent": 0,
        "metadata_keys": [],
    }
    return unsure(state.model_copy(update={**nothing, "collection_id": identity}))


def unsure(state: DocumentState) -> DocumentState:
    """The same state, but with nothing known of the content of the rows."""
    return state.model_copy(update={"digests": b"", "digest_epoch": state.digest_epoch + 1})


def check_whole(state: DocumentState | None, identity: str | None, events: Sequence[Incoming]) -> None:
    """Raise DocumentError for a version that can never be complete: some of its parts were in a deleted
    collection, and only later parts are still to come."""
    if state is None or state.collection_id in (None, identity):
        return
    begun = set(state.parts_done)
    for event in events:
        if (
            isinstance(event, DocumentEmbedded)
            and (event.sequence, event.parts, event.total) == (state.sequence, state.parts, state.chunks)
            and begun
            and event.part not in begun
        ):
            raise DocumentError(
                f"the collection {event.document.collection!r} was deleted while this document was written: "
                f"{len(begun)} of its {event.parts} parts went with it; sync or upload the document again"
            )


def partly_deleted(state: DocumentState) -> DocumentState:
    """The state after only some rows may have been deleted: no part of the version counts as written."""
    return unsure(state.model_copy(update={"complete": False, "parts_done": []}))
