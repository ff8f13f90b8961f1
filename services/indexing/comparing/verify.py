"""Compare the recorded state of a collection with its rows. Pure.

states, digests ──┐
                  ├──► Comparison ──► findings: rows that are missing, surplus or wrong, by document
rows of Chroma, ──┘
of sparse-rows
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.events import ChunkDigests, DocumentState
from schemas.ids import chunk_id_base
from services.indexing.digests import Digest, Digests, block_key
from services.indexing.rows import row_id


@dataclass(slots=True)
class Finding:
    """The faults of a document.

    Attributes:
        missing: numbers of chunks that have no row.
        surplus: numbers of rows without a chunk.
        wrong: numbers of rows whose text, metadata or version differ from the recorded ones.
        without_vector: numbers of rows whose vector Chroma has lost, so that no query finds them.
        sparse: numbers of chunks whose record on `sparse-rows` is missing or unexpected.
        elsewhere: it was indexed into an earlier collection of this name.
        incomplete: parts of its newest version are not indexed.
        keys: metadata keys of its rows.
    """

    key: str
    state: DocumentState
    missing: set[int] = field(default_factory=set)
    surplus: set[int] = field(default_factory=set)
    wrong: set[int] = field(default_factory=set)
    without_vector: set[int] = field(default_factory=set)
    sparse: set[int] = field(default_factory=set)
    elsewhere: bool = False
    incomplete: bool = False
    keys: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        rows = self.missing or self.surplus or self.wrong or self.without_vector or self.sparse
        return bool(rows or self.elsewhere or self.incomplete)

    @property
    def extent(self) -> int:
        """One more than the greatest row number that may exist."""
        numbers = (*self.surplus, *self.sparse)
        return max([self.state.extent, self.state.sparse_extent, *(number + 1 for number in numbers)])


@dataclass(slots=True)
class _Expected:
    finding: Finding
    digests: Digests
    seen: set[int] = field(default_factory=set)
    sparse: set[int] = field(default_factory=set)


class Comparison:
    """Compares the documents of one collection with its rows.

    Args:
        collection_id: id of the current collection; None if there is none.
        states: by document id.
        blocks: digests after the first block, by the key of their record.
    """

    def __init__(
        self,
        collection_id: str | None,
        states: Mapping[str, DocumentState],
        blocks: Mapping[str, ChunkDigests],
    ) -> None:
        self._documents: dict[str, _Expected] = {}
        self.rows = self.unknown = 0
        for key, state in states.items():
            elsewhere = state.collection_id != collection_id and state.chunks > 0 and not state.deleted
            incomplete = not elsewhere and not state.complete and not state.deleted
            finding = Finding(key, state, elsewhere=elsewhere, incomplete=incomplete)
            base = chunk_id_base(state.document)
            self._documents[base] = _Expected(finding, _digests(key, state, blocks))

    def take(
        self,
        ids: Sequence[str],
        texts: Sequence[Any],
        metadatas: Sequence[Any],
        without_vector: Collection[str] = (),
    ) -> None:
        """Rows of the collection, each once; `without_vector` are ids of them."""
        for id_, text, metadata in zip(ids, texts, metadatas, strict=True):
            self.rows += 1
            base, _, number = id_.rpartition("-")
            expected = self._documents.get(base)
            if expected is None or not number.isdecimal():
                self.unknown += 1
            else:
                _judge(expected, int(number), text, metadata or {})
                if id_ in without_vector and int(number) in _chunks_of(expected):
                    expected.finding.without_vector.add(int(number))

    def take_sparse(self, ids: Iterable[str]) -> None:
        """Ids of all rows of this collection on `sparse-rows`."""
        for id_ in ids:
            base, _, number = id_.rpartition("-")
            if (expected := self._documents.get(base)) is not None and number.isdecimal():
                expected.sparse.add(int(number))

    def missing(self) -> list[str]:
        """Ids of expected rows that were not taken."""
        return [
            row_id(expected.finding.state.document, number)
            for expected in self._documents.values()
            for number in sorted(_chunks_of(expected) - expected.seen)
        ]

    def findings(self) -> list[Finding]:
        """The faults by document key, after all rows were taken."""
        for expected in self._documents.values():
            expected.finding.missing = _chunks_of(expected) - expected.seen
            expected.finding.sparse = _sparse_differences(expected)
        found = (expected.finding for expected in self._documents.values() if expected.finding)
        return sorted(found, key=lambda finding: finding.state.document.document_key)


def _digests(key: str, state: DocumentState, blocks: Mapping[str, ChunkDigests]) -> Digests:
    def load(number: int) -> bytes:
        if number == 0:
            return state.digests
        block = blocks.get(block_key(key, number))
        return block.digests if block is not None and block.digest_epoch == state.digest_epoch else b""

    return Digests(load)


def _chunks_of(expected: _Expected) -> set[int]:
    """Numbers of the rows that should exist."""
    finding = expected.finding
    if finding.state.deleted or finding.elsewhere or finding.incomplete:
        return set()
    return set(range(finding.state.chunks))


def _sparse_differences(expected: _Expected) -> set[int]:
    finding = expected.finding
    if finding.elsewhere or finding.incomplete:  # its next run writes both sides
        return set()
    return set(range(finding.state.sparse_extent)) ^ expected.sparse


def _judge(expected: _Expected, number: int, text: Any, metadata: Mapping[str, Any]) -> None:
    finding, state = expected.finding, expected.finding.state
    if finding.elsewhere:  # the old rows went with their collection; these belong to a later version
        return
    expected.seen.add(number)
    finding.keys.update(metadata)
    if state.deleted or (number >= state.chunks and state.complete):
        finding.surplus.add(number)
    elif not finding.incomplete and not _is_as_recorded(expected, number, text, metadata):
        finding.wrong.add(number)


def _is_as_recorded(expected: _Expected, number: int, text: Any, metadata: Mapping[str, Any]) -> bool:
    if metadata.get("version_key") != expected.finding.state.document.version_key:
        return False
    known = expected.digests.get(number)
    if known is None:  # recorded by an earlier release, or after a refusal
        return True
    plain = {key: value for key, value in metadata.items() if not isinstance(value, Mapping)}  # no vectors
    found = Digest.of(str(text or ""), b"", plain)
    return found.text == known.text and found.metadata == known.metadata
