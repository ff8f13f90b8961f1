"""One question for all who ask the same at the same time, and no answer that is older than the question."""

import asyncio

import pytest

from schemas.errors import TransientError
from services.connectors.github.server.together import Together


class Server:
    """Answers with the state that it was in when it was asked."""

    def __init__(self) -> None:
        self.state, self.asked = 1, 0
        self.answers = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.asked += 1
        state = self.state
        await self.answers.wait()
        if self.error is not None:
            raise self.error
        return state


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_while_an_answer_is_under_way_gets_a_newer_one_and_shares_it() -> None:
    server, together = Server(), Together[int]()
    early = [asyncio.create_task(together.ask("refs", server)) for _ in range(10)]
    await turns()
    server.state = 2
    late = [asyncio.create_task(together.ask("refs", server)) for _ in range(10)]
    other = asyncio.create_task(together.ask("other refs", server))
    await turns()
    late[0].cancel()
    server.answers.set()

    assert {await one for one in early} == {1}
    assert {await one for one in late[1:]} == {2}
    assert (await other, server.asked) == (2, 3)
    server.state = 3
    assert await together.ask("refs", server) == 3


async def test_who_shares_a_question_shares_its_failure_and_the_next_is_asked_anew() -> None:
    server, together = Server(), Together[int]()
    server.answers.set()
    server.error = TransientError("away")
    asked = [asyncio.create_task(together.ask("refs", server)) for _ in range(3)]

    for one in asked:
        with pytest.raises(TransientError, match="away"):
            await one

    server.error = None
    assert (await together.ask("refs", server), server.asked) == (1, 2)
