"""The text that parsing has made of a document, while its record on `parsed` is kept: 7 days.

The record is found by bisection. Parsing works through a partition in its order, so sequences grow with
offsets; where a dead letter was replayed they do not, and its record may not be found.
"""

import asyncio
import time
from dataclasses import dataclass

from api.access import Caller
from api.dependencies import Dependencies
from api.documents.queries import find_document, known_layout
from api.errors import Gone
from schemas.errors import DocumentError, TransientError
from schemas.events import DocumentDeleted, DocumentParsed, TopicLayout
from streams.kafka.cluster import Cluster
from streams.partitions import Partition
from streams.state.layout import place_of
from streams.state.reader import ChangelogRecord, Reader, end_offsets, first_offsets
from streams.topics import PARSED

_NOT_KEPT = "the whole parsed text is not kept any more: its record on `parsed` has expired, after 7 days"
#: So few offsets are read one after the other.
_NEAR = 64
#: Records behind the place that bisection finds: those of a partition that was parsed twice.
_MORE = 256
_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Parsed:
    """The whole text of a document, and whether it was converted to markdown."""

    text: str
    converted: bool


async def read_parsed(parts: Dependencies, caller: Caller, document_id_: str) -> Parsed:
    """The text of the indexed version. Raises NotFound, Gone if it is not kept, TransientError."""
    row = await find_document(parts, caller, document_id_)
    if row.sequence is None:
        raise Gone(_NOT_KEPT)
    layout = await known_layout(parts)
    event = await asyncio.to_thread(_find, parts, row.id, row.sequence, layout)
    if event is None:
        raise Gone(_NOT_KEPT)
    try:
        content = await parts.gateway.blobs.get(event.text)
    except DocumentError as error:
        raise Gone(f"the whole parsed text is not kept any more: {error}") from error
    return Parsed(content.decode(errors="replace"), event.text_type == "text/markdown")


def _find(parts: Dependencies, id_: str, sequence: int, layout: TopicLayout) -> DocumentParsed | None:
    """The record of a version; None if it is not there any more."""
    if (written := place_of(layout, id_, sequence)) is None:
        return None
    gateway, place = parts.gateway, (PARSED.name, written[0])
    reader = Reader(gateway.cluster, gateway.codec, patience_seconds=_SECONDS)
    try:
        return Search(gateway.cluster, reader, place).find(id_, sequence)
    finally:
        reader.close()


class Search:
    """Looks for a version in a partition of `parsed`."""

    def __init__(self, cluster: Cluster, reader: Reader, place: Partition) -> None:
        self._reader, self._place = reader, place
        self._first = first_offsets(cluster, [place], _SECONDS)[place]
        self._end = end_offsets(cluster, [place], _SECONDS)[place]
        self._deadline = time.monotonic() + _SECONDS

    def find(self, id_: str, sequence: int) -> DocumentParsed | None:
        low, high = self._first, self._end
        while high - low > _NEAR:
            middle = (low + high) // 2
            found = self._records(middle, 1)
            if not found or _sequence(found[0]) >= sequence:
                high = middle
            else:
                low = found[0].offset + 1
        for record in self._records(low, _NEAR + _MORE):
            event = record.event
            if isinstance(event, DocumentParsed) and (record.key, event.sequence) == (id_, sequence):
                return event
        return None

    def _records(self, offset: int, most: int) -> list[ChangelogRecord]:
        """Up to so many records from an offset on."""
        found: list[ChangelogRecord] = []
        if offset >= self._end:
            return found
        self._reader.assign({self._place: offset})
        for batch in self._reader.read_to({self._place: self._end}):
            found += [record for record in batch.changes if record.offset >= offset]
            if len(found) >= most:
                break
            if time.monotonic() > self._deadline:
                raise TransientError("the broker takes too long to tell what parsing has made of it")
        return found[:most]


def _sequence(record: ChangelogRecord) -> int:
    event = record.event
    known = event.sequence if isinstance(event, DocumentParsed | DocumentDeleted) else None
    return known or 0
