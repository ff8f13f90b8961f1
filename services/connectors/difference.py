"""The core of a declarative sync: what should be there against what is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from schemas.events import DocumentState


class Action(Enum):
    """What a listed document needs."""

    UPSERT = "upsert"
    UNCHANGED = "unchanged"
    #: This invocation has written it already, in an attempt that was broken off.
    WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class Indexed:
    """What a run must know of a document that was indexed: a hundred bytes instead of its whole state."""

    version_key: str
    fingerprint: str
    complete: bool
    deleted: bool
    chunks: int
    invocation_id: str | None
    collection_id: str | None

    @classmethod
    def of(cls, state: DocumentState) -> "Indexed":
        """The essence of a state."""
        run = state.document.run
        return cls(
            state.document.version_key,
            state.fingerprint,
            state.complete,
            state.deleted,
            state.chunks,
            run.invocation_id if run else None,
            state.collection_id,
        )


def action(
    indexed: Indexed | None,
    version_key: str,
    fingerprint: str,
    invocation_id: str,
    collection_id: str | None,
) -> Action:
    """What to do with a document that is listed with this version. Whatever is not known to be in this very
    collection, whole and the same, is sent again; `collection_id` is None when there is no collection."""
    if indexed is None or indexed.deleted or not indexed.complete:
        return Action.UPSERT
    if (indexed.version_key, indexed.fingerprint) != (version_key, fingerprint):
        return Action.UPSERT
    here = collection_id is not None and indexed.collection_id == collection_id
    if not here and indexed.chunks:  # without chunks, nothing of it can be missing from any collection
        return Action.UPSERT
    return Action.WRITTEN if indexed.invocation_id == invocation_id else Action.UNCHANGED


def gone(indexed: Mapping[str, Indexed], listed: Iterable[str]) -> list[str]:
    """Keys that are indexed, also in part, and no longer listed; in order."""
    kept = set(listed)
    return sorted(key for key, known in indexed.items() if key not in kept and not known.deleted)


def deleted_by(indexed: Mapping[str, Indexed], listed: Iterable[str], invocation_id: str) -> list[str]:
    """Keys that an earlier attempt of this invocation has deleted; in order."""
    kept = set(listed)
    return sorted(
        key
        for key, known in indexed.items()
        if key not in kept and known.deleted and known.invocation_id == invocation_id
    )
