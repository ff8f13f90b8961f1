"""What compares a collection with its recorded state, for the gateway."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from api.verification.verifier import Compared
from api.views.documents import Place
from headrace.wiring.shared import Wiring
from schemas.api import CollectionFinding
from services.indexing.comparing.recorded import Recorded, Target, Verified, by_source, doubt, verify
from services.indexing.comparing.verify import Finding
from streams.chroma import ChromaClient


class CollectionVerifier:
    """Opens comparisons."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    @contextlib.asynccontextmanager
    async def open(self, place: Place) -> AsyncIterator["CollectionComparing"]:
        """A comparison of this collection."""
        wiring, target = self._wiring, Target(place.tenant, place.database, place.collection)
        chroma = ChromaClient(wiring.chroma_url, wiring.chroma_token, wiring.settings.chroma_tenant)
        recorded = await asyncio.to_thread(Recorded, wiring.cluster, wiring.codec, target)
        try:
            yield CollectionComparing(wiring, recorded, chroma, target)
        finally:
            await asyncio.to_thread(recorded.close)
            await chroma.close()


class CollectionComparing:
    """A comparison of one collection."""

    def __init__(self, wiring: Wiring, recorded: Recorded, chroma: ChromaClient, target: Target) -> None:
        self._wiring, self._recorded, self._chroma, self._target = wiring, recorded, chroma, target
        self._found: Verified | None = None

    async def compare(self, tell: Callable[[int], None]) -> Compared:
        """Compare now."""
        self._found = found = await verify(self._recorded, self._chroma, self._target, tell)
        sources, others = by_source(found.findings)
        return Compared(
            documents=found.documents,
            rows=found.rows,
            sparse_rows=found.sparse,
            unknown_rows=found.unknown,
            changed_meanwhile=found.changed,
            findings=[_shown(finding) for finding in found.findings],
            sources=sources,
            others=[one.state.document.document_key for one in others],
        )

    async def doubt(self) -> None:
        """Have the documents that were found recorded as incomplete."""
        assert self._found is not None, "compare first"
        await doubt(self._wiring.cluster, self._wiring.codec, self._recorded, self._found.findings)


def _shown(finding: Finding) -> CollectionFinding:
    return CollectionFinding(
        document_id=finding.key,
        document_key=finding.state.document.document_key,
        source_id=finding.state.document.source_id,
        missing=len(finding.missing),
        surplus=len(finding.surplus),
        wrong=len(finding.wrong | finding.without_vector),
        sparse=len(finding.sparse),
        incomplete=finding.incomplete,
        elsewhere=finding.elsewhere,
        deleted=finding.state.deleted,
    )
