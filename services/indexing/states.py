"""What a recorded state says of a collection that is not as it was recorded."""

from collections.abc import Sequence

from schemas.errors import DocumentError
from schemas.events import DocumentEmbedded, DocumentState
from schemas.limits import TRIAL_MODEL_NAMES
from services.indexing.fold import Incoming


def in_collection(state: DocumentState | None, identity: str | None) -> DocumentState | None:
    """The part of a state that is valid for a collection with this id (None: no collection).

    A collection with another id than the state's holds no rows of the document. The sequence still counts.
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
    """The same state without any knowledge of what the rows contain."""
    return state.model_copy(update={"digests": b"", "digest_epoch": state.digest_epoch + 1})


def check_whole(state: DocumentState | None, identity: str | None, events: Sequence[Incoming]) -> None:
    """Raise DocumentError for a version that can never be complete, because some of its parts were in a
    deleted collection and only later parts are still to come."""
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


def check_model(events: Sequence[Incoming], model: str | None) -> None:
    """Raise DocumentError for vectors of another model than that of the collection (None: unknown)."""
    for event in events:
        if not isinstance(event, DocumentEmbedded) or model is None:
            continue
        given, name = event.document.embedding.model, event.document.collection
        if given != model and not {given, model} <= TRIAL_MODEL_NAMES:
            raise DocumentError(
                f"the collection {name!r} holds vectors of the model {model!r}, and this document has one of "
                f"{given!r}: vectors of two models cannot be compared. Sync it into another collection"
            )


def partly_deleted(state: DocumentState) -> DocumentState:
    """The state after only some rows may have been deleted: no part of the version counts as written."""
    return unsure(state.model_copy(update={"complete": False, "parts_done": []}))
