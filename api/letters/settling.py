"""Settle the dead letters that something newer has made void, so that what is open is what needs somebody.

    dead-letters ──────► the open letters ──────────┐
    document-states ───► versions, whole or deleted ├─► void ones ─► `LetterSettled` on `dead-letters`
    invocations ───────► runs that have completed ──┘

Each gateway looks whenever its views change. A note follows from the topics alone and changes nothing the
second time, so it does not matter who writes it, how often, or who is killed before; a letter that a stage
repeats is open again, and void again.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import ExitStack
from dataclasses import replace
from typing import Self

import structlog

from api.clock import now
from api.errors import Unavailable
from api.views.catalogue import Catalogue
from api.views.documents import DocumentIndex, Fate
from api.views.letters import LetterRow, Letters
from schemas.codec import Codec
from schemas.errors import TransientError
from schemas.events import Era
from streams.kafka.cluster import Cluster
from streams.state.layout import LayoutWatch, order_of
from streams.state.letters import SUPERSEDED, settle
from streams.state.watch import Watch
from streams.topics import DOCUMENTS

log = structlog.get_logger(__name__)

#: The producer's number of a version, and its sequence.
Version = tuple[int | None, int]
#: Letters that are looked up, or settled, together.
_TOGETHER = 500
#: Time between two looks, at least, and as a multiple of what one takes: documents of a big run change the
#: views all the time.
PAUSE_SECONDS, _PAUSES = 1.0, 10


class Settling:
    """Settles letters in the background, inside its `async with`."""

    def __init__(
        self, cluster: Cluster, codec: Codec, letters: Letters, index: DocumentIndex, catalogue: Catalogue
    ) -> None:
        self._cluster, self._codec = cluster, codec
        self._letters, self._index, self._catalogue = letters, index, catalogue
        self._layout = LayoutWatch(cluster, codec)

    async def __aenter__(self) -> Self:
        """The views have been started."""
        self._task = asyncio.create_task(self._run(), name="settle dead letters")
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def settle(self) -> bool:
        """Settle the letters that are void now. Returns whether others are open. Raises TransientError if a
        view is behind, or the broker does not answer, and Unavailable while the index is being built."""
        rows = await self._letters.open()
        followed = set[str]()
        for some in _parts(sorted({row.invocation_id for row in rows if row.invocation_id})):
            followed |= self._catalogue.followed(some)
            await asyncio.sleep(0)  # requests come first
        await self._index.refresh()  # behind the catalogue: it has what those runs said of their documents
        fates: dict[str, Fate] = {}
        for some in _parts(sorted({row.document for row in rows if row.document})):
            fates |= self._index.fates(some)
            await asyncio.sleep(0)
        eras = (await self._layout.current()).eras
        placed = [_placed(row, eras) for row in rows]
        void = await asyncio.to_thread(void_letters, placed, fates, followed)
        for some in _parts(sorted(void)):
            await asyncio.to_thread(settle, self._cluster, self._codec, some, SUPERSEDED, now(), "")
        return len(void) < len(rows)

    async def _run(self) -> None:
        with ExitStack() as watches:
            views = (self._letters, self._index, self._catalogue)
            letters, *others = [watches.enter_context(view.changed()) for view in views]
            while True:
                left, began = True, time.monotonic()
                try:
                    left = await self.settle()
                except (TransientError, Unavailable) as error:
                    log.info("dead letters are settled later", error=str(error))
                except Exception:  # a gateway serves without it
                    log.exception("dead letters cannot be settled")
                await asyncio.sleep(max(PAUSE_SECONDS, _PAUSES * (time.monotonic() - began)))
                await _first_of([letters, *others] if left else [letters])


def void_letters(letters: Sequence[LetterRow], fates: Mapping[str, Fate], followed: Set[str]) -> set[str]:
    """The ids of letters that something newer has made void. Pure.

    - The version of the letter, or a newer one, is whole in the collection, or the document was deleted.
    - A newer version failed, too, or the same record once more: that letter counts.
    - A later run of the whole source has completed, and the document did not fail in it: it is unchanged, or
      listed no more. A document that failed there without a letter, unreadable say, keeps this one.

    Args:
        letters: all open ones, with their sequences.
        fates: what has become of their documents.
        followed: the invocations after which a run of the whole source has completed.
    """
    void = set[str]()
    documents: defaultdict[str, list[LetterRow]] = defaultdict(list)
    for letter in letters:
        fate = fates.get(letter.document or "")
        if letter.invocation_id in followed and not (fate and fate.failed):
            void.add(letter.id)
        if letter.document is not None and letter.sequence is not None:
            documents[letter.document].append(letter)
            if fate is not None and fate.ended and not _is_newer(_version(letter), _version(fate)):
                void.add(letter.id)
    for some in documents.values():
        void |= _repeated(some)
    return void


def _repeated(letters: Sequence[LetterRow]) -> set[str]:
    """The letters of one document that another one stands for."""
    versions = {_version(letter) for letter in letters}
    older = {one for one in versions if any(_is_newer(other, one) for other in versions)}
    newest: dict[tuple[Version, str, int | None], LetterRow] = {}
    for letter in sorted(letters, key=lambda one: (one.failed_ms, one.id)):
        newest[_version(letter), letter.topic, letter.part] = letter
    kept = {letter.id for letter in newest.values() if _version(letter) not in older}
    return {letter.id for letter in letters} - kept


def _version(of: LetterRow | Fate) -> Version:
    return of.number, of.sequence or 0


def _is_newer(one: Version, other: Version) -> bool:
    """As indexing decides: the numbers of the producer count first, if both have one."""
    if one[0] is not None and other[0] is not None and one[0] != other[0]:
        return one[0] > other[0]
    return one[1] > other[1]


def _placed(row: LetterRow, eras: Sequence[Era]) -> LetterRow:
    """With the sequence that a record of `documents` has by its place."""
    if row.document is None or row.sequence is not None or row.topic != DOCUMENTS.name:
        return row
    return replace(row, sequence=order_of(eras, row.partition, row.offset))


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + _TOGETHER] for start in range(0, len(names), _TOGETHER))


async def _first_of(watches: Sequence[Watch]) -> None:
    """Return when one of them wakes."""
    waits = [asyncio.create_task(watch.wait()) for watch in watches]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
