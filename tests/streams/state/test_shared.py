"""One question for all who ask it at the same time."""

import asyncio
import queue
import threading

import pytest

from streams.state.shared import Shared
from tests.waiting import eventually


class Slow:
    """Answers when it is told to, with the number of the question, or an error."""

    def __init__(self) -> None:
        self.asked, self.at_once, self.most = 0, 0, 0
        self.answers: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
        self._lock = threading.Lock()

    def __call__(self) -> int:
        with self._lock:
            self.asked += 1
            number = self.asked
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        error = self.answers.get(timeout=20)
        with self._lock:
            self.at_once -= 1
        if error is not None:
            raise error
        return number


async def test_however_many_ask_two_rounds_are_enough_and_each_answer_is_of_after_its_question() -> None:
    slow = Slow()
    shared = Shared(slow)
    first = asyncio.create_task(shared.answer())
    await eventually(lambda: slow.asked == 1)

    others = [asyncio.create_task(shared.answer()) for _ in range(20)]
    await asyncio.sleep(0)
    others[0].cancel()
    for _ in range(2):
        slow.answers.put(None)

    assert await first == 1
    assert await asyncio.gather(*others[1:]) == [2] * 19
    slow.answers.put(None)
    assert await shared.answer() == 3
    assert slow.most == 1


async def test_an_error_is_that_of_all_who_wait_and_of_nobody_later() -> None:
    slow = Slow()
    shared = Shared(slow)
    asking = [asyncio.create_task(shared.answer()) for _ in range(3)]
    slow.answers.put(ValueError("away"))

    assert {str(error) for error in await asyncio.gather(*asking, return_exceptions=True)} == {"away"}
    slow.answers.put(None)
    assert await shared.answer() == 2


async def test_who_gives_up_ends_no_round_and_begins_no_other() -> None:
    slow = Slow()
    shared = Shared(slow)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await shared.answer()
    await eventually(lambda: slow.asked == 1)

    for _ in range(2):
        slow.answers.put(None)
    assert await shared.answer() == 2
