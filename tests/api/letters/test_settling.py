"""Which dead letters something newer has made void; and that they are settled on their topic."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from api.letters.settling import void_letters
from api.views.documents import Fate
from api.views.letters import LetterRow
from schemas.events import (
    DeadLetter,
    Document,
    DocumentEmbedded,
    DocumentState,
    DocumentUpserted,
    Embedding,
    Event,
    LetterSettled,
    Payload,
)
from schemas.ids import document_id
from streams.engine.outputs import Send
from streams.engine.publishing.dead_letters import SEQUENCE_HEADER
from streams.topics import DEAD_LETTERS, DOCUMENT_STATES
from tests.api.conftest import DATABASE, MODEL, Server, Start
from tests.api.fake_tracking import FakeTracking
from tests.api.records import read_all

LETTER = LetterRow(
    id="1",
    tenant="t",
    database="d",
    collection="c",
    topic="chunks",
    partition=0,
    offset=7,
    stage="embedding",
    error_class="E",
    error="broken",
    reason="broken",
    tries=1,
    document_key="a.pdf",
    invocation_id="run",
    failed_ms=1,
    bytes=1,
    whole=True,
    at_partition=0,
    at_offset=0,
    state="open",
    settled_ms=None,
    document="a",
    sequence=10,
    number=None,
    part=0,
)


def letter(**fields: Any) -> LetterRow:
    return replace(LETTER, **fields)


def fate(sequence: int | None, number: int | None = None, ended: bool = True, failed: bool = False) -> Fate:
    return Fate(ended, sequence, number, failed)


@pytest.mark.parametrize(
    ("letters", "fates", "followed", "void"),
    [
        pytest.param([letter()], {}, (), "", id="nothing newer is known"),
        pytest.param([letter()], {"a": fate(11)}, (), "1", id="a newer version is whole"),
        pytest.param([letter()], {"a": fate(10)}, (), "1", id="its version is whole after all"),
        pytest.param([letter()], {"a": fate(9, failed=True)}, (), "", id="an older version is whole"),
        pytest.param([letter()], {"a": fate(11, ended=False)}, (), "", id="parts of a newer one are missing"),
        pytest.param([letter()], {"b": fate(11)}, (), "", id="another document's"),
        pytest.param([letter(number=5)], {"a": fate(11, 4)}, (), "", id="later, and older by its number"),
        pytest.param([letter(number=5)], {"a": fate(9, 6)}, (), "1", id="earlier, and newer by its number"),
        pytest.param([letter(number=5)], {"a": fate(11)}, (), "1", id="only one has a number"),
        pytest.param([letter(), letter(id="2", sequence=11)], {}, (), "1", id="a newer version failed"),
        pytest.param(
            [letter(), letter(id="2", sequence=11, topic="documents")], {}, (), "1", id="at another stage"
        ),
        pytest.param([letter(), letter(id="2", part=1)], {}, (), "", id="two parts of one version"),
        pytest.param([letter(), letter(id="2", failed_ms=2)], {}, (), "1", id="one part twice"),
        pytest.param([letter(), letter(id="2", document="b")], {}, (), "", id="two documents"),
        pytest.param([letter()], {}, ("run",), "1", id="listed no more"),
        pytest.param([letter()], {"a": fate(9)}, ("run",), "1", id="unchanged since an older version"),
        pytest.param([letter()], {"a": fate(9, failed=True)}, ("run",), "", id="unreadable in the later run"),
        pytest.param([letter()], {}, ("other",), "", id="a run of another source"),
        pytest.param(
            [letter(document=None, sequence=None)], {}, ("run",), "1", id="too large, and a later run"
        ),
        pytest.param(
            [letter(document=None, sequence=None), letter(id="2", document=None, sequence=None)],
            {},
            (),
            "",
            id="records that belong to no document",
        ),
    ],
)
def test_a_letter_is_void_once_something_newer_has_its_place(
    letters: Sequence[LetterRow], fates: dict[str, Fate], followed: Sequence[str], void: str
) -> None:
    assert void_letters(letters, fates, set(followed)) == set(void)


def document(key: str, collection: str) -> Document:
    return Document(
        tenant="default_tenant",
        database=DATABASE,
        collection=collection,
        document_key=key,
        namespace="a program",
        embedding=Embedding(model=MODEL),
    )


class World:
    """Writes what stages would, and reads what is open."""

    def __init__(self, server: Server, tracking: FakeTracking, collection: str) -> None:
        self._server, self._tracking, self.collection = server, tracking, collection

    async def letter(
        self, id_: str, name: str, offset: int, event: Event | None = None, **fields: Any
    ) -> None:
        """A letter of `documents[0]` at an offset, or of another record."""
        at = document(name, self.collection)
        content = Payload(size=2, sha256="0" * 64, inline=b"\xff\xfe")
        codec = self._server.gateway.codec
        made = DeadLetter(
            **{
                "id": f"{self.collection}-{id_}",
                "topic": "documents",
                "partition": 0,
                "offset": offset,
                "key": document_id(at).encode(),
                "value": codec.encode(event or DocumentUpserted(document=at, content=content), "documents"),
                "stage": "parsing",
                "error_class": "CorruptDocument",
                "error": "broken",
                "attempt": 1,
                "failed_at": datetime.now(UTC),
                **fields,
            }
        )
        await self._tracking.producer.send(Send(DEAD_LETTERS, made.id, made))

    async def state(self, key: str, sequence: int, **fields: Any) -> None:
        state = DocumentState(
            document=document(key, self.collection),
            sequence=sequence,
            fingerprint="f",
            indexed_at=datetime.now(UTC),
            **{"complete": True, **fields},
        )
        await self._tracking.producer.send(Send(DOCUMENT_STATES, document_id(state.document), state))

    async def states(self, server: Server | None = None) -> dict[str, str]:
        """What has become of the letters of this test."""
        query = {"state": "all", "limit": "1000"}
        page = await (server or self._server).call("GET", "/api/v1/dead-letters", status=200, params=query)
        return {
            one["id"].removeprefix(f"{self.collection}-"): one["state"]
            for one in page["letters"]
            if one["id"].startswith(self.collection)
        }

    async def until(self, wanted: dict[str, str], server: Server | None = None) -> None:
        async with asyncio.timeout(30):
            while await self.states(server) != wanted:  # noqa: ASYNC110  (asked of the gateway)
                await asyncio.sleep(0.05)


async def test_letters_are_settled_on_their_topic_and_again_if_a_stage_repeats_one(
    server: Server, tracking: FakeTracking, start: Start
) -> None:
    world = World(server, tracking, "settled-letters")
    await world.letter("bad", "a.pdf", 4)
    await world.letter("worse", "a.pdf", 6)
    await world.letter("other", "b.pdf", 5)
    await world.until({"bad": "superseded", "worse": "open", "other": "open"})

    await world.state("a.pdf", 7)
    await world.state("b.pdf", 8, deleted=True, complete=False)
    settled = dict.fromkeys(("bad", "worse", "other"), "superseded")
    await world.until(settled)
    await world.letter("bad", "a.pdf", 4)  # its stage died before it had committed
    await world.letter("last", "c.pdf", 9)
    await world.until({**settled, "last": "open"})

    notes = [one.event for one in await read_all(server.gateway.cluster, DEAD_LETTERS)]
    mine = Counter(
        one.id.removeprefix("settled-letters-")
        for one in notes
        if isinstance(one, LetterSettled) and one.id.startswith("settled-letters")
    )
    assert set(mine) == {"bad", "other", "worse"}
    assert mine["bad"] >= 2  # any may be noted once more, before the view has what is noted

    await world.until({**settled, "last": "open"}, await start())  # another gateway finds it so


async def test_the_sequence_of_a_letter_is_what_its_record_says_or_its_place(
    server: Server, tracking: FakeTracking
) -> None:
    world = World(server, tracking, "sequences-of-letters")
    at = document("part.pdf", world.collection)
    part = DocumentEmbedded(
        document=at, sequence=3, part=1, parts=2, first=64, total=65, chunks=[], dimension=2, vectors=b""
    )
    await world.letter("replayed", "replayed.pdf", 900, headers={SEQUENCE_HEADER: b"3"})
    await world.letter("place", "place.pdf", 900)
    await world.letter("part", "part.pdf", 900, part, topic="embeddings")
    await world.letter("foreign", "foreign.pdf", 3, key=b"not its id")
    for key in ("replayed.pdf", "place.pdf", "part.pdf", "foreign.pdf"):
        await world.state(key, 4)
    await world.until({"replayed": "superseded", "place": "open", "part": "superseded", "foreign": "open"})
