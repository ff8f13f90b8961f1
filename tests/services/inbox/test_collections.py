"""What Chroma says of a collection decides what becomes of its events."""

import asyncio

import pytest

from schemas.errors import ContractError, TransientError
from schemas.events import Document, Embedding
from services.inbox.collections import Collections
from streams.chroma import FoundCollection
from streams.reembedded import Reembedded

NEW = Embedding(model="new")
RENEWED = Reembedded(at="2", identity="1", former="1", embedding=NEW)
DOCUMENT = Document(
    tenant="t", database="d", collection="docs", document_key="a", embedding=Embedding(model="old")
)


class Chroma:
    def __init__(self, *answers: FoundCollection | Exception | None) -> None:
        self.answers, self.asked = list(answers), 0

    async def collection(self, tenant: str, database: str, collection: str) -> FoundCollection | None:
        self.asked += 1
        await asyncio.sleep(0)
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_collection_is_asked_for_once_in_some_seconds_however_many_events_name_it() -> None:
    now = 0.0
    chroma = Chroma(None)
    collections = Collections(chroma, lambda: now)

    assert await asyncio.gather(*(collections.placed(DOCUMENT) for _ in range(50))) == [DOCUMENT] * 50
    assert chroma.asked == 1
    now = 6.0
    await collections.placed(DOCUMENT)
    assert chroma.asked == 2


async def test_a_closed_collection_takes_no_event() -> None:
    with pytest.raises(ContractError, match="collection 'docs' is closed"):
        await Collections(Chroma(FoundCollection("1", closed=True))).placed(DOCUMENT)


async def test_one_that_was_embedded_again_has_its_own_model() -> None:
    chroma = Chroma(FoundCollection("1", closed=False, reembedded=RENEWED))

    assert (await Collections(chroma).placed(DOCUMENT)).embedding == NEW


async def test_a_chroma_that_is_away_is_asked_again_at_the_next_try() -> None:
    chroma = Chroma(TransientError("away"), None)
    collections = Collections(chroma)

    with pytest.raises(TransientError):
        await collections.placed(DOCUMENT)
    assert await collections.placed(DOCUMENT) == DOCUMENT
