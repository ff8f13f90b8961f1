"""Read dead letters from their topic, and replay them to their original topics."""

import asyncio
import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from api.letters.record import text_of
from headrace.wiring import Wiring
from schemas.errors import ContractError, RequestError
from schemas.events import DeadLetter, LetterSettled
from streams.kafka.cluster import admin, partition_counts
from streams.state.letters import DROPPED, settle
from streams.state.letters import replay as letters_again
from streams.state.reader import Reader, end_offsets
from streams.topics import DEAD_LETTERS, INBOX


def read_letters(wiring: Wiring) -> list[DeadLetter]:
    """All open dead letters, oldest first: those that are not settled. Blocks."""
    count = partition_counts(admin(wiring.cluster), wiring.cluster).get(DEAD_LETTERS.name)
    if count is None:
        raise RequestError("there are no topics yet: `headrace topics ensure` creates them")
    partitions = [(DEAD_LETTERS.name, partition) for partition in range(count)]
    reader = Reader(wiring.cluster, wiring.codec)
    found: dict[str, DeadLetter] = {}
    try:
        reader.assign(dict.fromkeys(partitions, 0))
        for batch in reader.read_to(end_offsets(wiring.cluster, partitions)):
            for event in (change.event for change in batch.changes):
                if isinstance(event, LetterSettled):
                    found.pop(event.id, None)
                elif isinstance(event, DeadLetter):
                    found[event.id] = event  # the id is that of the record: one that failed twice is one
    finally:
        reader.close()
    return sorted(found.values(), key=lambda letter: letter.failed_at)


def choose(letters: Sequence[DeadLetter], wanted: Sequence[str]) -> list[DeadLetter]:
    """The letters with these ids or prefixes. Raises RequestError for a prefix with no or several matches."""
    chosen = []
    for prefix in wanted:
        fitting = [letter for letter in letters if letter.id.startswith(prefix)]
        if len(fitting) != 1:
            what = "no dead letter begins" if not fitting else f"{len(fitting)} dead letters begin"
            raise RequestError(f"{what} with {prefix!r}; `headrace dead-letters list` shows their ids")
        chosen += fitting
    return chosen


async def replay(wiring: Wiring, letters: Sequence[DeadLetter]) -> None:
    """Send records again (`streams.state.letters.replay`)."""
    await asyncio.to_thread(letters_again, wiring.cluster, wiring.codec, letters, datetime.now(UTC), "")


async def drop(wiring: Wiring, letters: Sequence[DeadLetter]) -> None:
    """Close letters without sending their records again."""
    ids = [letter.id for letter in letters]
    await asyncio.to_thread(settle, wiring.cluster, wiring.codec, ids, DROPPED, datetime.now(UTC), "")


def as_json(letter: DeadLetter) -> dict[str, Any]:
    """A letter as JSON values; bytes in base64."""
    shown = letter.model_dump(mode="python")
    shown["failed_at"] = letter.failed_at.isoformat()
    shown["headers"] = {name: text_of(value) for name, value in letter.headers.items()}
    shown["key"] = None if letter.key is None else text_of(letter.key)
    shown["value"] = None if letter.value is None else base64.b64encode(letter.value).decode()
    return shown


def content_of(wiring: Wiring, letter: DeadLetter) -> str:
    """The type of the event in a letter, if known."""
    if not letter.whole:
        return "a record too large for a letter"
    if letter.value is None:
        return "a tombstone"
    if letter.topic == INBOX.name:
        return f"JSON, {len(letter.value):,} bytes"
    try:
        event = wiring.codec.decode(letter.value)
    except ContractError:
        return f"{len(letter.value):,} bytes of an unknown schema"
    return f"{type(event).__name__}, {len(letter.value):,} bytes"
