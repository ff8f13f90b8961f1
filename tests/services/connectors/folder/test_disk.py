"""A disk that does not answer holds up one run: not the process, not the runs and uploads beside it."""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from schemas.errors import RequestError
from schemas.events import RunFailed, Status
from services.connectors.folder import disk
from services.connectors.folder.disk import Disk
from streams.places import Places
from tests.services.connectors.fakes import folder_source, requested
from tests.services.connectors.folder.test_walk import opened
from tests.services.connectors.test_folder import World
from tests.waiting import eventually


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Set at the end, so that no thread stays behind."""
    event = threading.Event()
    yield event
    event.set()


async def test_what_a_call_returns_or_raises_comes_back() -> None:
    with closing(Disk("/srv")) as one:
        assert await one.run(lambda number: number + 1, 1) == 2
        with pytest.raises(KeyError):
            await one.run({}.__getitem__, "x")


async def test_what_does_not_move_is_given_up_and_what_moves_is_not(released: threading.Event) -> None:
    with (
        closing(Disk("/srv", stuck_seconds=0.2)) as one,
        pytest.raises(RequestError, match=r"^/srv does not answer"),
    ):
        await one.run(released.wait)
    assert one.stuck

    with closing(Disk("/srv", stuck_seconds=2.0)) as two:

        def slow_but_alive() -> str:
            for _ in range(25):
                threading.Event().wait(0.1)
                two.tick()
            return "done"

        assert await two.run(slow_but_alive) == "done"


async def test_a_thread_ends_with_its_run(released: threading.Event) -> None:
    with closing(Disk("/srv")) as one:
        await one.run(int)
    await eventually(lambda: all("disk /srv" not in thread.name for thread in threading.enumerate()))


async def test_runs_go_on_beside_more_stuck_ones_than_the_machine_has_threads_to_lend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, released: threading.Event
) -> None:
    """`asyncio.to_thread` lends a handful of threads to all that is in the process."""
    real = os.scandir

    def scandir(fd: int) -> object:
        if opened(fd).name.startswith("dead"):
            released.wait()
        return real(fd)

    monkeypatch.setattr(os, "scandir", scandir)
    world = World(tmp_path)
    world.write(a="1")
    stuck = []
    for number in range(40):
        (tmp_path / f"dead{number}").mkdir()
        record = requested(folder_source(tmp_path / f"dead{number}"), f"stuck-{number}")
        pipeline, connector, _ = world.begin()
        stuck.append(asyncio.create_task(connector.process(record, pipeline)))
    await asyncio.sleep(0)

    pipeline = await asyncio.wait_for(world.run(), 30)
    await asyncio.wait_for(asyncio.to_thread(int), 30)

    assert pipeline.written() == {"a.md": "upsert"}
    released.set()
    for task in stuck:
        task.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)


async def test_a_run_whose_disk_does_not_answer_fails_with_the_reason_and_so_does_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, released: threading.Event
) -> None:
    world = World(tmp_path)
    world.write(a="1")
    monkeypatch.setattr(disk, "STUCK_SECONDS", 0.2)
    monkeypatch.setattr(os, "scandir", lambda fd: released.wait())

    first, second = await world.refused(), await world.refused()

    assert "does not answer: nothing could be read of it for 0.2 s" in first
    assert "does not answer: an earlier run still waits for it" in second


async def test_a_folder_outside_of_the_roots_fails_its_run(tmp_path: Path) -> None:
    world = World(tmp_path, Places([tmp_path / "elsewhere"]))
    world.write(a="1")
    pipeline, connector, tracking = world.begin()

    await connector.process(requested(folder_source(world.folder)), pipeline)

    [failed] = [event.error for event in pipeline.of(RunFailed) if isinstance(event, RunFailed)]
    assert "is not below HEADRACE_FOLDER_ROOTS" in failed
    assert tracking.status is not Status.COMPLETE
