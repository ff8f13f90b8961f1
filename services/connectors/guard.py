"""Stops a run that would delete surprisingly many documents, and says how to allow it.

An origin that lists nothing, or far less than before, looks the same whether its documents were deleted, a
disk is not mounted, a permission was revoked or a prefix was mistyped.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import chain

from schemas.errors import RequestError
from schemas.events import RunRequested
from schemas.sources import SOURCE_TYPES
from services.connectors.lister import Lister
from services.connectors.scratch import Doomed, Why
from services.connectors.states import Indexed, IndexedDocuments

#: Fewer documents than this may always be deleted.
FEW = 20


class DeleteGuard:
    """Counts one run's documents, and checks its deletes before the first one is sent.

    Args:
        share: of the indexed documents that a run may delete without permission.

    Attributes:
        listed: number of documents that the origin lists.
        indexed: number of documents in the collection that the run compares.
    """

    def __init__(
        self, run: RunRequested, lister: Lister | None, documents: IndexedDocuments, share: float
    ) -> None:
        self._run, self._lister, self._documents, self._share = run, lister, documents, share
        self.listed = self.indexed = 0

    def check(
        self,
        doomed: Iterable[Sequence[Doomed]],
        partly_unreadable: bool,
        only: Set[str] | None,
        left_out: Mapping[str, int],
    ) -> None:
        """Raises RequestError unless these documents may be deleted.

        Documents that the source excludes or replaces may always be, as long as the listing is not empty.
        """
        if self._lister is None:
            return
        nothing = not self.listed and not partly_unreadable and only is None
        if nothing and self._run.allow_empty:
            return
        if nothing and self.indexed:
            raise RequestError(self._empty(self._lister.when_empty, left_out))
        if self._run.allow_mass_delete:
            return
        surprising = sum(one.why in (Why.GONE, Why.SKIPPED) for one in chain.from_iterable(doomed))
        if surprising < FEW:
            return
        indexed = self.indexed if only is None else self._all_indexed()
        if surprising > indexed * self._share:
            raise RequestError(self._mass(surprising, indexed))

    def _all_indexed(self) -> int:
        return sum(
            not Indexed.unpacked(row.essence).deleted for page in self._documents.pages() for row in page
        )

    def _empty(self, question: str, left_out: Mapping[str, int]) -> str:
        documents = f"{self.indexed:,} documents of it are" if self.indexed != 1 else "1 document of it is"
        others = " and ".join(f"{count:,} left out ({why})" for why, count in left_out.items())
        but = f" but {others}" if others else ""
        return (
            f"{self._shown()} lists nothing{but} though {documents} indexed in collection "
            f"{self._run.collection!r}; nothing was deleted. {question} If it is meant to be empty, run it "
            "with allow_empty (--allow-empty)"
        )

    def _mass(self, surprising: int, indexed: int) -> str:
        return (
            f"{self._shown()} no longer lists {surprising:,} of its {indexed:,} documents in collection "
            f"{self._run.collection!r}, more than {self._share:.0%} of them (HEADRACE_MASS_DELETE_SHARE). "
            "Nothing was deleted. If they are meant to be gone, run it with allow_mass_delete "
            "(--allow-mass-delete)"
        )

    def _shown(self) -> str:
        kind = SOURCE_TYPES[self._run.source.type]
        return kind.shown(kind.form_of(self._run.source.config))
