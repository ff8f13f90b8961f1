"""Records that could not be read, until one behind them brings their document: their dead letters are void.

Of such a record only the key says which document it is about. That is certain if the record behind it, in the
same partition and with the same key, shows that its producer makes keys of documents. Otherwise the letter
stays open. So it does when the process has ended meanwhile: what is here is forgotten.
"""

import re
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any

from schemas.events import Document, LetterSettled
from schemas.ids import document_id
from services.inbox.rows import document_key_of
from services.inbox.tables import Table
from streams.engine.outputs import Send
from streams.engine.publishing.dead_letters import letter_id
from streams.engine.stage import Record
from streams.state.letters import SUPERSEDED
from streams.topics import DEAD_LETTERS

#: Keys that are remembered, and letters of each: some megabytes.
_MOST_KEYS, _MOST_LETTERS = 10_000, 100
_COLLECTION = re.compile(rb'"collection"\s*:\s*"([^"\\]*)"')


class OpenLetters:
    """The unreadable records of the partitions that this process reads."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        #: Topic, partition and key → offset → the collection that the record seems to name.
        self._open: OrderedDict[tuple[str, int, str], dict[int, str | None]] = OrderedDict()

    def add(self, record: Record[Any], value: bytes) -> None:
        """Note a record that becomes a dead letter."""
        if not record.key:
            return
        found = _COLLECTION.search(value)
        letters = self._open.setdefault((record.topic, record.partition, record.key), {})
        letters[record.offset] = found.group(1).decode(errors="replace") if found else None
        if len(letters) > _MOST_LETTERS:
            del letters[min(letters)]
        while len(self._open) > _MOST_KEYS:
            self._open.popitem(last=False)

    def settled_by(self, record: Record[Any], document: Document, table: Table | None) -> list[Send]:
        """The notes that settle the letters before a record with the newest version of a document."""
        place = (record.topic, record.partition, record.key)
        letters = self._open.get(place)
        if not letters:
            return []
        before = [
            offset
            for offset, collection in letters.items()
            if offset < record.offset and _is_about(record.key, document, table, collection)
        ]
        for offset in before:
            del letters[offset]
        if not letters:
            del self._open[place]
        now = datetime.now(UTC)
        ids = [letter_id(self._stage, record.topic, record.partition, offset) for offset in before]
        return [
            Send(DEAD_LETTERS, id_, LetterSettled(id=id_, action=SUPERSEDED, settled_at=now)) for id_ in ids
        ]


def _is_about(key: str, document: Document, table: Table | None, collection: str | None) -> bool:
    """Whether an earlier record with this key is about this document, too."""
    if table is not None:
        return document_key_of(table, key) == document.document_key
    if document.version is not None:  # which says what is newer, and not the order on the topic
        return False
    return key == document_id(document) or (
        key == document.document_key and collection == document.collection
    )
