"""Compare a collection with its recorded state, and let the pipeline repair the differences.

The command and the gateway do this in their own processes; the service itself does not.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from schemas.api.searching import AuditResponse
from schemas.codec import Codec
from schemas.errors import DocumentError, RequestError, TransientError
from schemas.events import ChunkDigests, DocumentDoubted, DocumentState, SparseRow
from schemas.ids import collection_key
from schemas.markers import is_marker
from services.indexing.comparing.vectors import Vectors
from services.indexing.comparing.verify import Comparison, Finding
from streams.chroma import ChromaClient, segment
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.kafka.sending import Sending, send
from streams.state.layout import require_settled
from streams.state.reader import ChangelogRecord, Reader, end_offsets
from streams.topics import DOCUMENT_STATES, EMBEDDINGS, SPARSE_ROWS

#: Rows per request: Chroma Cloud's maximum.
_PAGE = 300
#: Share of sampled rows that queries may miss.
_MISSED = 0.05
#: How long indexing may take to record a doubt.
_DOUBT_S = 120.0


@dataclass(frozen=True, slots=True)
class Target:
    """A collection by its name."""

    tenant: str
    database: str
    collection: str


@dataclass(frozen=True, slots=True)
class Verified:
    """Compared documents and rows, and the findings.

    Attributes:
        changed: documents that changed during the comparison, and are therefore not checked.
        unknown: rows that belong to no recorded document.
        sparse: rows with a sparse vector.
        index: what the sparse index has of them; None if it was not asked.
        unreached: of `sampled` rows with a vector, how many a query with it did not find.
    """

    documents: int
    rows: int
    unknown: int
    changed: int
    findings: Sequence[Finding]
    sparse: int
    index: AuditResponse | None = None
    unreached: int = 0
    sampled: int = 0

    @property
    def is_graph_damaged(self) -> bool:
        """Whether queries miss rows that they should find. A graph may miss one row in a hundred."""
        return self.unreached > _MISSED * self.sampled

    @property
    def differs(self) -> bool:
        """Whether anything is not as recorded."""
        index = self.index
        unlike = index and (index.missing or index.wrong or index.surplus)
        return bool(self.findings or unlike or self.is_graph_damaged)


class Recorded:
    """The recorded state of the documents of one collection; follows the topic. Methods block.

    Raises RequestError if there are no topics.
    """

    def __init__(self, cluster: Cluster, codec: Codec, target: Target) -> None:
        count = partition_counts(admin(cluster), cluster).get(DOCUMENT_STATES.name)
        if count is None:
            raise RequestError("there are no topics yet: `headrace topics ensure` creates them")
        self._cluster, self._target, self._count = cluster, target, count
        topics = (DOCUMENT_STATES, SPARSE_ROWS)
        self._positions = {(topic.name, partition): 0 for topic in topics for partition in range(count)}
        self._place = collection_key(target.tenant, target.database, target.collection)
        self._reader = Reader(cluster, codec)
        self._reader.assign(self._positions)
        self._reading, self._closed = threading.Lock(), False
        self.states: dict[str, DocumentState] = {}
        self.blocks: dict[str, ChunkDigests] = {}
        #: Row id on `sparse-rows` → id of the collection that it was written for.
        self.sparse: dict[str, str] = {}

    def read(self) -> set[str]:
        """Read the topic to its end. Returns the documents of the collection that changed.

        Raises TransientError if partitions were added: what changes in those would be missed. `close` ends
        it, too.
        """
        with self._reading:
            return self._read()

    def _read(self) -> set[str]:
        changed: set[str] = set()
        if partition_counts(admin(self._cluster), self._cluster).get(DOCUMENT_STATES.name) != self._count:
            raise TransientError("the partitions of the topics were grown meanwhile: run the command again")
        ends = end_offsets(self._cluster, self._positions)
        behind = {place: end for place, end in ends.items() if self._positions[place] < end}
        for batch in self._reader.read_to(behind):
            if self._closed:
                raise TransientError("the comparison was given up")
            for change in batch.changes:
                if change.topic == SPARSE_ROWS.name:
                    self._take_sparse(change)
                elif change.event is None:
                    self.blocks.pop(change.key, None)
                elif isinstance(change.event, ChunkDigests):
                    self.blocks[change.key] = change.event
                elif isinstance(change.event, DocumentState) and self._is_ours(change.event):
                    self.states[change.key] = change.event
                    changed.add(change.key)
            self._positions.update(batch.positions)
        return changed

    def _take_sparse(self, change: ChangelogRecord) -> None:
        place, _, row_id = change.key.partition("/")
        if place != self._place:
            return
        if isinstance(change.event, SparseRow):
            self.sparse[row_id] = change.event.collection_id
        else:
            self.sparse.pop(row_id, None)

    def close(self) -> None:
        """Disconnect from the broker, after a thread that reads has noticed: within a second or so. One whose
        caller was cancelled reads on."""
        self._closed = True
        with self._reading:
            self._reader.close()

    def _is_ours(self, state: DocumentState) -> bool:
        document, target = state.document, self._target
        return not is_marker(document) and target == Target(
            document.tenant, document.database, document.collection
        )


async def verify(
    recorded: Recorded, chroma: ChromaClient, target: Target, tell: Callable[[int], None] = lambda rows: None
) -> Verified:
    """Compare the collection with its current recorded state; `tell` is called with the rows read so far."""
    await asyncio.to_thread(recorded.read)
    found = await chroma.collection(target.tenant, target.database, target.collection)
    states = dict(recorded.states)
    if found is None and not states:
        raise RequestError(f"no collection {target.collection!r} in database {target.database!r}")
    compared = Comparison(found.id if found else None, states, recorded.blocks)
    sparse = [row_id for row_id, id_ in recorded.sparse.items() if found is not None and id_ == found.id]
    compared.take_sparse(sparse)
    unreached = sampled = 0
    if found is not None:
        path = f"{chroma.collections(target.tenant, target.database)}/{segment(found.at)}"
        vectors = Vectors(chroma, path, target.collection)
        await _take_rows(compared, vectors, tell)
        unreached, sampled = await vectors.unreached()
    changed = await asyncio.to_thread(recorded.read)
    findings = [finding for finding in compared.findings() if finding.key not in changed]
    alive = sum(not state.deleted for state in states.values())
    return Verified(
        documents=alive,
        rows=compared.rows,
        unknown=compared.unknown,
        changed=len(changed),
        findings=findings,
        sparse=len(sparse),
        unreached=unreached,
        sampled=sampled,
    )


async def _take_rows(compared: Comparison, vectors: Vectors, tell: Callable[[int], None]) -> None:
    """Take all rows, in pages. Missing rows are fetched again by id, because pages shift while rows are
    written and deleted."""
    seen: set[str] = set()

    async def take(which: Mapping[str, object]) -> int:
        answer, lost = await vectors.rows(which)
        rows = zip(answer["ids"], answer["documents"], answer["metadatas"], strict=True)
        new = [row for row in rows if row[0] not in seen]
        seen.update(row[0] for row in new)
        compared.take([row[0] for row in new], [row[1] for row in new], [row[2] for row in new], lost)
        tell(compared.rows)
        return len(answer["ids"])

    try:
        offset = 0
        while count := await take({"limit": _PAGE, "offset": offset}):
            offset += count
        missing = compared.missing()
        for start in range(0, len(missing), _PAGE):
            await take({"ids": missing[start : start + _PAGE], "limit": _PAGE})
    except DocumentError as error:
        raise RequestError(str(error)) from error


async def doubt(cluster: Cluster, codec: Codec, recorded: Recorded, findings: Sequence[Finding]) -> None:
    """Have documents recorded as incomplete, so that their next run rewrites them.

    The indexing service does it, as the only writer of collections and states. Raises TransientError if it
    does not within two minutes, and while partitions are being grown.
    """
    await asyncio.to_thread(require_settled, cluster, codec)
    doubts = [
        Sending(EMBEDDINGS.name, finding.key, codec.encode(_doubted(finding), EMBEDDINGS.name))
        for finding in findings
    ]
    await asyncio.to_thread(send, cluster, doubts)
    waiting = {finding.key: finding.state.digest_epoch for finding in findings}
    until = time.monotonic() + _DOUBT_S
    while waiting:
        await asyncio.to_thread(recorded.read)
        waiting = {key: epoch for key, epoch in waiting.items() if recorded.states[key].digest_epoch == epoch}
        if waiting and time.monotonic() > until:
            raise TransientError(
                f"indexing has not recorded {len(waiting)} of {len(findings)} documents as incomplete within "
                f"{_DOUBT_S:.0f} s; is it running?"
            )
        await asyncio.sleep(0.1)


def _doubted(finding: Finding) -> DocumentDoubted:
    return DocumentDoubted(
        document=finding.state.document.model_copy(update={"run": None}),
        sequence=finding.state.sequence,
        extent=finding.extent,
        metadata_keys=sorted(finding.keys),
    )


def by_source(findings: Sequence[Finding]) -> tuple[list[str], list[Finding]]:
    """The ids of the sources whose runs will send the documents again, and the documents without a source."""
    alive = [finding for finding in findings if not finding.state.deleted]
    sources = {finding.state.document.source_id for finding in alive}
    return sorted(filter(None, sources)), [one for one in alive if not one.state.document.source_id]
