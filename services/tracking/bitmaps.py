"""Which ordinals of an attempt passed which stage: one roaring bitmap per stage and block of 65,536.

A document has one of five outcomes, so the bitmaps of the final stages are disjoint, and their counts show
whether every ordinal has an outcome:

    0 ─────────────────────────────────────────────────────────────── total
    │ indexed ███████ │ unchanged ████ │ deleted ██ │ skipped █ │ failed █ │  open … │

Everything here is a set operation whose result does not depend on the order of its inputs:

- what is indexed has also been parsed, chunked and embedded, whoever reports it first;
- `failed` yields to the other four: a document that failed and then succeeded (its dead letter was
  replayed, or two deliveries of it ended differently) has succeeded;
- unchanged, deleted and skipped documents have no content to parse.

Once every ordinal has an outcome, only a failed document can still change, so only failed ordinals are kept.
"""

from collections.abc import Iterable, Iterator

from pyroaring import BitMap

from schemas.events import Counts, ProgressBlock, Step

#: Stages by number, in pipeline order; the last five are final.
STAGES = tuple(Step)
NUMBERS = {stage: number for number, stage in enumerate(STAGES)}
_EMBEDDED, _INDEXED, _UNCHANGED, _DELETED, _FAILED, _SKIPPED = (
    NUMBERS[stage]
    for stage in (Step.EMBEDDED, Step.INDEXED, Step.UNCHANGED, Step.DELETED, Step.FAILED, Step.SKIPPED)
)
#: Final stages.
_ENDS = (_INDEXED, _UNCHANGED, _DELETED, _SKIPPED)

#: Ordinals of a block: a roaring container's, so that a bitmap is at most one container of 8 KB.
BLOCK = 65_536
_LOW = BLOCK - 1
#: Maximum ordinals of a run. Roaring bitmaps hold up to 2^32; a run of so many documents is a mistake.
MAX_ORDINALS = 1 << 32
#: Maximum ordinals in all ranges of an event, some 16 blocks: it bounds the bitmaps that an event creates.
MAX_RANGE = 1 << 20

#: A stage of a block as one number, block * 8 + stage: what the sets of changed bitmaps hold.
_Slot = int


class Ordinals:
    """The bitmaps of one attempt, their counts, and which of them differ from what is on the topic."""

    __slots__ = ("_blocks", "_dirty", "_stored", "chunks", "counts")

    def __init__(self) -> None:
        self.counts = [0] * len(STAGES)
        #: Chunks written by the indexed documents.
        self.chunks = 0
        self._blocks: dict[int, list[BitMap]] = {}
        self._dirty: set[_Slot] = set()
        self._stored: set[_Slot] = set()

    @property
    def covered(self) -> int:
        """Ordinals whose documents have ended."""
        return sum(self.counts[number] for number in (*_ENDS, _FAILED))

    @property
    def failed(self) -> int:
        """Ordinals whose documents have failed and not been indexed since."""
        return self.counts[_FAILED]

    @property
    def size(self) -> int:
        """Blocks held, as a measure of memory: at most 8 x 8 KB each, typically below 1 KB."""
        return len(self._blocks)

    def passed(self, stage: Step, ordinal: int, chunks: int, closed: bool) -> bool:
        """Note that `ordinal` passed `stage`; False if that changes nothing.

        Args:
            chunks: what was written; counts when the document is newly indexed.
            closed: everything is accounted for, so that only failed ordinals are held any more.
        """
        index, low, number = ordinal >> 16, ordinal & _LOW, NUMBERS[stage]
        maps = self._blocks.get(index)
        if maps is None:
            if closed:
                return False
            maps = self._blocks[index] = [BitMap() for _ in STAGES]
        if closed and low not in maps[_FAILED]:
            return False
        if any(low in maps[end] for end in _ENDS):
            return False
        if number <= _EMBEDDED or number == _FAILED:
            if low in maps[number]:
                return False
            if number == _FAILED:
                self._add(index, low, _FAILED, maps)
            else:
                self._came_to(index, low, number, maps)
            return True
        self._succeeded(index, low, number, maps)
        if number == _INDEXED:
            self.chunks += chunks
        if closed:
            self._forget(index, low, maps)
        return True

    def unchanged(self, first: int, count: int, closed: bool) -> bool:
        """Note that the documents of a range are unchanged; False if that changes nothing."""
        moved = False
        end = first + count
        for index in range(first >> 16, ((end - 1) >> 16) + 1):
            start = index * BLOCK
            lows = BitMap(range(max(first, start) - start, min(end, start + BLOCK) - start))
            moved |= self._unchanged_in(index, lows, closed)
        return moved

    def restart(self) -> None:
        """A new attempt: nothing has passed anything."""
        self._dirty |= self._stored
        self._blocks.clear()
        self.counts = [0] * len(STAGES)
        self.chunks = 0

    def limit(self, total: int) -> None:
        """The ordinals end at `total`: what was reported beyond does not exist. (No connector of ours does
        that; it must not complete a run early.)"""
        beyond = [index for index in self._blocks if (index + 1) * BLOCK > total]
        for index in beyond:
            first = max(0, total - index * BLOCK)
            for number, bitmap in enumerate(self._blocks[index]):
                if surplus := bitmap.range_cardinality(first, BLOCK):
                    bitmap.remove_range(first, BLOCK)
                    self.counts[number] -= surplus
                    self._dirty.add(index * 8 + number)

    def close(self) -> None:
        """Everything is accounted for: keep what says which documents failed, and how far they came."""
        for index, maps in list(self._blocks.items()):
            failed = maps[_FAILED]
            for number, bitmap in enumerate(maps):
                if number != _FAILED and bitmap:
                    bitmap.intersection_update(failed)
                    self._dirty.add(index * 8 + number)
            if not failed:
                del self._blocks[index]

    # -------------------------------------------------------------------------- to the topic and back

    def rendered(self) -> Counts:
        """The counts as the summary carries them."""
        parsed, chunked, embedded, indexed, unchanged, deleted, failed, skipped = self.counts
        return Counts(
            parsed=parsed,
            chunked=chunked,
            embedded=embedded,
            indexed=indexed,
            unchanged=unchanged,
            deleted=deleted,
            failed=failed,
            skipped=skipped,
            chunks=self.chunks,
        )

    def changes(self, invocation_id: str, attempt: int) -> Iterator[tuple[str, ProgressBlock | None]]:
        """What the topic lacks: key and event, or None for what is to be removed. Counts as written then."""
        for slot in sorted(self._dirty):
            index, number = divmod(slot, 8)
            stage = STAGES[number]
            key = f"{invocation_id}/{stage.value}/{index}"
            if (maps := self._blocks.get(index)) and (bitmap := maps[number]):
                self._stored.add(slot)
                bitmap.run_optimize()
                yield key, _block(invocation_id, attempt, stage, index, bitmap.serialize())
            elif slot in self._stored:
                self._stored.discard(slot)
                yield key, None
        self._dirty.clear()

    def restore(self, counts: Counts, attempt: int | None, blocks: Iterable[ProgressBlock]) -> None:
        """Take over what was written: the counts of the summary and all blocks of the invocation.

        A block of another attempt is one that should be gone: it is removed with the next changes.
        """
        self.counts = [getattr(counts, stage.value) for stage in STAGES]
        self.chunks = counts.chunks
        for block in blocks:
            slot = block.block * 8 + NUMBERS[block.stage]
            self._stored.add(slot)
            if block.attempt != attempt:
                self._dirty.add(slot)
                continue
            maps = self._blocks.setdefault(block.block, [BitMap() for _ in STAGES])
            maps[slot & 7] = BitMap.deserialize(block.bitmap)

    def restore_single(self, counts: Counts) -> None:
        """The same for a run of one document: what its counts say is all there is to know about ordinal 0."""
        self.restore(counts, None, ())
        self._blocks[0] = [BitMap((0,)) if count else BitMap() for count in self.counts]

    # ---------------------------------------------------------------------------------------- inside

    def _unchanged_in(self, index: int, lows: BitMap, closed: bool) -> bool:
        """Ordinals of one block, all at once: what `passed` does for one."""
        maps = self._blocks.get(index)
        if maps is None:
            if closed:
                return False
            maps = self._blocks[index] = [BitMap() for _ in STAGES]
        if closed:
            lows &= maps[_FAILED]
        for end in _ENDS:
            lows -= maps[end]
        if not lows:
            return False
        for number in (*range(_INDEXED), _FAILED):
            if common := lows & maps[number]:
                maps[number] -= common
                self.counts[number] -= len(common)
                self._dirty.add(index * 8 + number)
        maps[_UNCHANGED] |= lows
        self.counts[_UNCHANGED] += len(lows)
        self._dirty.add(index * 8 + _UNCHANGED)
        if closed:
            maps[_UNCHANGED] -= lows
        return True

    def _came_to(self, index: int, low: int, number: int, maps: list[BitMap]) -> None:
        """The document passed this stage and so all before it."""
        while number >= 0 and low not in maps[number]:
            self._add(index, low, number, maps)
            number -= 1

    def _succeeded(self, index: int, low: int, number: int, maps: list[BitMap]) -> None:
        if low in maps[_FAILED]:
            self._discard(index, low, _FAILED, maps)
        self._add(index, low, number, maps)
        if number == _INDEXED:
            self._came_to(index, low, _EMBEDDED, maps)
            return
        for earlier in range(_INDEXED):
            if low in maps[earlier]:
                self._discard(index, low, earlier, maps)

    def _forget(self, index: int, low: int, maps: list[BitMap]) -> None:
        """Drop the ordinal from the bitmaps, not from the counts."""
        for number, bitmap in enumerate(maps):
            bitmap.discard(low)
            self._dirty.add(index * 8 + number)

    def _add(self, index: int, low: int, number: int, maps: list[BitMap]) -> None:
        maps[number].add(low)
        self.counts[number] += 1
        self._dirty.add(index * 8 + number)

    def _discard(self, index: int, low: int, number: int, maps: list[BitMap]) -> None:
        maps[number].remove(low)
        self.counts[number] -= 1
        self._dirty.add(index * 8 + number)


def _block(invocation_id: str, attempt: int, stage: Step, index: int, bitmap: bytes) -> ProgressBlock:
    return ProgressBlock(
        invocation_id=invocation_id, attempt=attempt, stage=stage, block=index, bitmap=bitmap
    )
