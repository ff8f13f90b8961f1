"""Waits until everything that was sent before is indexed.

Documents that an interrupted attempt has sent may still be in flight. They are not indexed yet, so a
comparison would miss them, and a file that is deleted meanwhile would stay in the collection. Therefore a
marker (`schemas.markers`) is sent to each partition of `documents`. Every stage keeps the order of a
partition, so once `source-documents` has all markers, it has everything that was sent before them.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

from schemas.errors import TransientError
from schemas.events import Document, DocumentDeleted, Source
from schemas.ids import document_id
from schemas.markers import marker
from services.connectors.states import States
from streams.engine.outputs import Send
from streams.partitions import partition_of
from streams.topics import DOCUMENTS

#: Between two polls. Each asks the broker for one offset; indexing a document takes about half a second.
LOOK_SECONDS = 0.25


def markers(partitions: int, source: Source, collection: str) -> list[Document]:
    """A marker for each partition of `documents`.

    A source and collection always have the same markers, so that compaction keeps one set of them.
    """
    found: dict[int, Document] = {}
    number = 0
    while len(found) < partitions:  # the hash is even: about n ln n tries
        document = marker(source, collection, number)
        found.setdefault(partition_of(document_id(document), partitions), document)
        number += 1
    return list(found.values())


def sends(documents: Sequence[Document]) -> list[Send]:
    """The markers as events. They belong to no run, so they are not counted."""
    return [Send(DOCUMENTS, document_id(d), DocumentDeleted(document=d)) for d in documents]


async def passed(
    documents: Sequence[Document],
    states: States,
    partition: int,
    still_wanted: Callable[[], None],
    within_s: float,
) -> None:
    """Wait until all markers are indexed with their version keys.

    Args:
        partition: of `source-documents`.
        still_wanted: called at every poll; an exception that it raises ends the wait.

    Raises TransientError when no marker arrives for `within_s` seconds.
    """
    missing = {document_id(document): document.version_key for document in documents}
    moved = time.monotonic()
    while missing:
        still_wanted()
        await states.catch_up([partition])
        before = len(missing)
        missing = {
            key: version for key, version in missing.items() if not _is_at(states, partition, key, version)
        }
        if len(missing) < before:
            moved = time.monotonic()
        elif time.monotonic() - moved > within_s:
            raise TransientError(
                f"what an earlier attempt has sent is not indexed after {within_s:.0f} s: {before} of "
                f"{len(documents)} partitions of `{DOCUMENTS.name}` do not move"
            )
        else:
            await asyncio.sleep(LOOK_SECONDS)


def _is_at(states: States, partition: int, key: str, version: str) -> bool:
    state = states.get(partition, key)
    return state is not None and state.document.version_key == version
