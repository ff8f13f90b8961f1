"""Pages that are read while the run sends those before them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from schemas.errors import DocumentError
from services.connectors.lister import Content
from services.connectors.web.ahead import ReadAhead

SIZES = {f"{number:02}": 100 for number in range(20)}


class Reading:
    """Reads pages, and notes which, and how many at once."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.at_once = self.most_at_once = 0
        self.broken = ""

    async def __call__(self, key: str) -> Content | None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        self.read.append(key)
        if key == self.broken:
            raise DocumentError("broken")
        return Content(key.encode()) if key in SIZES else None


@asynccontextmanager
async def ahead(reading: Reading, max_bytes: int) -> AsyncIterator[ReadAhead]:
    made = ReadAhead(SIZES, reading, max_bytes)
    try:
        yield made
    finally:
        await made.aclose()


async def rest() -> None:
    """Let everything run that can."""
    for _ in range(200):
        await asyncio.sleep(0)


async def test_the_pages_behind_are_read_one_at_a_time_until_there_is_no_room() -> None:
    reading = Reading()
    async with ahead(reading, max_bytes=450) as pages:
        assert await pages.take("00") == Content(b"00")
        await rest()
        assert reading.read == ["00", "01", "02", "03"]

        found = [await pages.take(key) for key in list(SIZES)[1:]]

    assert found == [Content(key.encode()) for key in list(SIZES)[1:]]
    assert reading.read == list(SIZES)
    assert reading.most_at_once == 1


async def test_a_page_that_is_larger_than_the_room_is_read_when_it_is_asked_for() -> None:
    reading = Reading()
    async with ahead(reading, max_bytes=10) as pages:
        for key in SIZES:
            assert await pages.take(key) == Content(key.encode())
            await rest()
            assert reading.read[-1] == key


async def test_pages_that_nobody_asks_for_are_dropped_and_can_be_read_all_the_same() -> None:
    reading = Reading()
    async with ahead(reading, max_bytes=300) as pages:
        await pages.take("00")
        assert await pages.take("10") == Content(b"10")
        await rest()
        assert not {"05", "09"} & set(reading.read)
        assert await pages.take("05") == Content(b"05")
        assert await pages.take("not listed") is None


async def test_an_error_is_that_of_its_page_alone() -> None:
    reading = Reading()
    reading.broken = "02"
    async with ahead(reading, max_bytes=1000) as pages:
        await pages.take("00")
        await rest()
        await pages.take("01")
        with pytest.raises(DocumentError, match="broken"):
            await pages.take("02")
        assert await pages.take("03") == Content(b"03")


async def test_what_is_read_for_nothing_ends_with_the_run() -> None:
    reading = Reading()
    async with ahead(reading, max_bytes=1000) as pages:
        await pages.take("00")
        read = list(reading.read)
    await rest()
    assert reading.read == read
