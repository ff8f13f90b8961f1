"""Answers that arrive byte by byte: each read is soon done, and the whole would take hours."""

from contextlib import aclosing

import pytest

from schemas.errors import DocumentError, TransientError
from services.connectors.lister import Item
from services.connectors.s3 import S3Origin, client
from tests.s3_server import Answer, MemoryS3, refusal
from tests.services.connectors.listing import Known
from tests.services.connectors.s3.conftest import config, listed, run_of

SLOW_HEAD = Answer(200, b"", {f"X-{number}": "slow" for number in range(90)}, head_pause_s=0.05)
SLOW_BODY = Answer(200, b"slow" * 2_000, {"ETag": '"x"'}, pause_s=0.05)
SLOW_REFUSAL = Answer(403, refusal(403, "AccessDenied", "no" * 2_000).body, pause_s=0.05)


@pytest.fixture(autouse=True)
def little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(client, "READ_SECONDS", 0.2)


@pytest.mark.parametrize("answer", [SLOW_HEAD, SLOW_BODY, SLOW_REFUSAL])
async def test_a_listing_that_trickles_is_asked_for_another_time(
    store: MemoryS3, impatient: S3Origin, answer: Answer
) -> None:
    store.fault = lambda asked: None if asked.key else answer

    async with aclosing(impatient.open(run_of(config(store)), Known())) as lister:
        with pytest.raises(TransientError, match="does not answer: Read timeout"):
            await listed(lister)


@pytest.mark.parametrize("answer", [SLOW_HEAD, SLOW_REFUSAL])
async def test_the_head_of_an_object_that_trickles_is_asked_for_another_time(
    store: MemoryS3, origin: S3Origin, answer: Answer
) -> None:
    store.put("a", b"text")
    once = [answer]
    store.fault = lambda asked: once.pop() if once and asked.key else None

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        [item] = [one for one in await listed(lister) if isinstance(one, Item)]
        assert (await lister.read(item)).body == b"text"


async def test_an_object_that_trickles_fails_alone(store: MemoryS3, origin: S3Origin) -> None:
    store.put("a", b"slow" * 2_000)
    store.put("b", b"text")
    store.fault = lambda asked: SLOW_BODY if asked.key == "a" else None

    async with aclosing(origin.open(run_of(config(store)), Known())) as lister:
        first, second = [one for one in await listed(lister) if isinstance(one, Item)]
        with pytest.raises(DocumentError, match="its 8,000 bytes did not arrive in time"):
            await lister.read(first)
        assert (await lister.read(second)).body == b"text"
