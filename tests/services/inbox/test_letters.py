"""Dead letters of records that cannot be read: a later record of the same document settles them."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import ContractError, DocumentError
from schemas.events import Document, Embedding, LetterSettled
from schemas.ids import document_id
from services.inbox import InboxCodec, InboxStage
from streams.engine.publishing.dead_letters import dead_letter
from streams.engine.stage import Record
from streams.engine.window import Entry, Raw
from streams.topics import DEAD_LETTERS
from tests.services.inbox.test_stage import EVENT, TABLE, NoContext, stage

ID = document_id(
    Document(
        tenant="default_tenant",
        database="default_database",
        collection="docs",
        document_key="a.md",
        embedding=Embedding(model="m"),
    )
)
GOOD = json.dumps(EVENT).encode()
TYPO = json.dumps(EVENT | {"contnt": "text"}).encode()
ROW, OTHER_ROW = ({"op": "u", "before": None, "after": {"id": id_, "name": "A"}} for id_ in (1, 2))
LOST_COLUMN = {"op": "u", "before": None, "after": {"id": 1}}


def as_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def record(value: Any, offset: int, key: str, topic: str = "inbox", partition: int = 3) -> Record[Any]:
    read = InboxCodec(None).decode(as_bytes(value))  # type: ignore[arg-type]
    return Record(topic, partition, offset, key, read, 0)


async def fail(one: InboxStage, made: Record[Any]) -> str:
    """The id of the dead letter that the engine writes of a record."""
    with pytest.raises((ContractError, DocumentError)) as error:
        await one.process(made, NoContext())
    entry = Entry(made.topic, made.partition, made.offset, Raw(made.key.encode(), made.event.value, {}))
    return dead_letter(one.name, entry, error.value).key


async def settled(one: InboxStage, made: Record[Any]) -> list[str]:
    """The letters that a record settles."""
    notes = [output for output in await one.process(made, NoContext()) if output.topic is DEAD_LETTERS]  # type: ignore[union-attr]
    events = [note.event for note in notes]  # type: ignore[union-attr]
    assert all(isinstance(event, LetterSettled) and event.action == "superseded" for event in events)
    assert [note.key for note in notes] == [event.id for event in events]  # type: ignore[union-attr]
    return [event.id for event in events]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("bad", "good", "key", "topic"),
    [
        (b"{", GOOD, ID, "inbox"),
        (b"", GOOD, ID, "inbox"),
        (TYPO, GOOD, ID, "inbox"),
        (TYPO, GOOD, "a.md", "inbox"),
        (b'{"collection": "docs", "content": NaN', GOOD, "a.md", "inbox"),
        (TYPO, EVENT | {"content": None}, "a.md", "inbox"),
        (LOST_COLUMN, ROW, '{"id": 1}', TABLE.topic),
        (LOST_COLUMN, ROW, "1", TABLE.topic),
    ],
)
async def test_a_later_record_of_the_document_settles_the_letters_before_it_once(
    tmp_path: Path, bad: Any, good: Any, key: str, topic: str
) -> None:
    one = stage(tmp_path)
    letters = [await fail(one, record(bad, offset, key, topic)) for offset in (5, 7)]
    later = await fail(one, record(bad, 9, key, topic))

    assert await settled(one, record(good, 8, key, topic)) == letters
    assert await settled(one, record(good, 8, key, topic)) == []
    assert await settled(one, record(good, 10, key, topic)) == [later]


@pytest.mark.parametrize(
    ("bad", "good", "key", "topic"),
    [
        (TYPO, GOOD, "all of one key", "inbox"),
        (TYPO, GOOD, "", "inbox"),
        (TYPO, EVENT | {"collection": "notes"}, "a.md", "inbox"),
        (b"{", GOOD, "a.md", "inbox"),  # perhaps of another collection
        (TYPO, EVENT | {"version": 3}, "a.md", "inbox"),  # perhaps of version 4
        (LOST_COLUMN, OTHER_ROW, '{"shop": 1}', TABLE.topic),
        (LOST_COLUMN, OTHER_ROW, '{"id": 1}', TABLE.topic),
    ],
)
async def test_what_may_be_about_another_document_or_newer_stays_open(
    tmp_path: Path, bad: Any, good: Any, key: str, topic: str
) -> None:
    one = stage(tmp_path)
    await fail(one, record(bad, 5, key, topic))

    assert await settled(one, record(good, 8, key, topic)) == []


async def test_other_partitions_and_topics_settle_nothing(tmp_path: Path) -> None:
    one = stage(tmp_path)
    await fail(one, record(TYPO, 5, ID))

    assert await settled(one, record(GOOD, 8, ID, partition=4)) == []
    assert await settled(one, record(GOOD, 4, ID)) == []
