"""What has become of a document, in few words."""

from dataclasses import dataclass

from api.views.documents.tables import DELETED, INDEXED

#: The columns of a fate, behind the id.
FATE = f"lower(hex(id)), fate IN ('{INDEXED}', '{DELETED}'), sequence, number, failed_ms IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Fate:
    """What has become of a document.

    Attributes:
        ended: its version is whole in the collection, or deleted.
        sequence, number: of that version; the number is its producer's.
        failed: a newer one failed.
    """

    ended: bool
    sequence: int | None
    number: int | None
    failed: bool
