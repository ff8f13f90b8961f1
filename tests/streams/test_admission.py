"""How many bytes of documents are in memory at once, on plain futures: nothing is loaded here."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.admission import Admission

LARGE, SMALL = 10, 30


class Documents:
    """Documents that ask for admission, and end when they are told."""

    def __init__(self) -> None:
        self.admission = Admission(LARGE, SMALL)
        self.inside: list[tuple[str, int]] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, name: str, size: int) -> None:
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._work(name, size))
        await settled()

    async def end(self, name: str) -> None:
        self.ends[name].set()
        await settled()

    async def cancel(self, name: str) -> None:
        self.tasks[name].cancel()
        await settled()

    @property
    def names(self) -> str:
        return "".join(name for name, _ in self.inside)

    async def _work(self, name: str, size: int) -> None:
        async with self.admission.of(size):
            self.inside.append((name, size))
            try:
                await self.ends[name].wait()
            finally:
                self.inside.remove((name, size))


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def documents() -> Documents:
    return Documents()


async def test_small_documents_share_their_bytes(documents: Documents) -> None:
    for name in "abcd":
        await documents.ask(name, 10)
    assert documents.names == "abc"
    await documents.end("b")
    assert documents.names == "acd"


async def test_large_documents_take_turns_and_hold_up_no_small_one(documents: Documents) -> None:
    for name, size in (("A", 11), ("B", 1_000_000), ("c", 10), ("d", 10)):
        await documents.ask(name, size)
    assert documents.names == "Acd"
    await documents.end("A")
    assert documents.names == "cdB"


async def test_they_come_in_in_the_order_in_which_they_ask(documents: Documents) -> None:
    for name, size in (("a", 10), ("b", 10), ("c", 5), ("d", 10), ("e", 5)):
        await documents.ask(name, size)
    assert documents.names == "abc"  # there is room for e, but d waits before it
    await documents.end("c")
    assert documents.names == "abd"


async def test_who_waits_and_is_cancelled_holds_up_nobody(documents: Documents) -> None:
    for name, size in (("a", 10), ("b", 10), ("c", 5), ("d", 10), ("e", 5)):
        await documents.ask(name, size)
    await documents.cancel("d")
    assert documents.names == "abce"


async def test_who_is_admitted_and_cancelled_at_once_gives_its_bytes_back(documents: Documents) -> None:
    for name in "abcd":
        await documents.ask(name, 10)
    documents.ends["a"].set()
    documents.tasks["d"].cancel()
    await settled()
    await documents.ask("e", 10)
    assert documents.names == "bce"


STEPS = st.lists(st.tuples(st.sampled_from(["ask", "end", "cancel"]), st.integers(0, 15)), max_size=40)


@given(STEPS)
def test_whatever_happens_the_bytes_are_bounded_and_all_come_in_at_last(steps: list[tuple[str, int]]) -> None:
    async def run() -> None:
        documents, asked = Documents(), 0
        for step, number in steps:
            if step == "ask":
                await documents.ask(f"{asked}.", number)
                asked += 1
            elif asked and step == "end":
                await documents.end(f"{number % asked}.")
            elif asked:
                await documents.cancel(f"{number % asked}.")
            sizes = [size for _, size in documents.inside]
            assert sum(size for size in sizes if size <= LARGE) <= SMALL
            assert len([size for size in sizes if size > LARGE]) <= 1
        for number in range(asked):
            await documents.end(f"{number}.")
        assert all(task.done() for task in documents.tasks.values())
        for _ in range(3):
            await documents.ask(f"last{_}", 10)
        assert len(documents.inside) == 3
        for task in documents.tasks.values():
            task.cancel()
        await asyncio.gather(*documents.tasks.values(), return_exceptions=True)

    asyncio.run(run())
