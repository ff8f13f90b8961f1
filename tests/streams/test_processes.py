"""Worker processes: a call that hangs or crashes costs its own document."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import CorruptDocument, DocumentError, DocumentTooLarge
from streams.processes import WorkerProcesses
from tests.waiting import eventually


@pytest.fixture(scope="module")
def workers() -> Iterator[WorkerProcesses]:
    made = WorkerProcesses(1, wall_seconds=1.5, preload=["tests.streams.test_processes"])
    yield made
    made.close()


def double(number: int) -> int:
    return 2 * number


def hang() -> None:
    while True:
        time.sleep(1)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def crash_once(marker: Path) -> str:
    if not marker.exists():
        marker.touch()
        crash()
    return "well"


def refuse() -> None:
    raise CorruptDocument("report.pdf: no pages")


async def test_a_call_has_its_result_and_raises_what_its_function_raises(workers: WorkerProcesses) -> None:
    assert await workers.run("a", double, 21) == 42
    with pytest.raises(CorruptDocument, match=r"report\.pdf: no pages"):
        await workers.run("a", refuse)


async def test_a_call_that_hangs_is_ended_in_time_and_the_next_one_goes_on(workers: WorkerProcesses) -> None:
    begun = time.monotonic()

    with pytest.raises(DocumentTooLarge, match=r"endless\.pdf: took longer than 1\.5 s"):
        await workers.run("endless.pdf", hang)

    assert time.monotonic() - begun < 10
    assert await workers.run("next", double, 1) == 2


async def test_a_call_that_kills_two_workers_fails_its_document(workers: WorkerProcesses) -> None:
    with pytest.raises(DocumentError, match=r"bomb\.zip: killed its worker twice"):
        await workers.run("bomb.zip", crash)
    assert await workers.run("next", double, 1) == 2


async def test_a_call_whose_worker_dies_once_has_its_result(workers: WorkerProcesses, tmp_path: Path) -> None:
    assert await workers.run("a", crash_once, tmp_path / "marker") == "well"


async def test_workers_can_be_closed_and_called_again() -> None:
    workers = WorkerProcesses(1, wall_seconds=30)
    assert await workers.run("a", double, 1) == 2
    workers.close()
    workers.close()
    assert await workers.run("a", double, 2) == 4
    workers.close()


def note_and_hang(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    hang()


_PARENT = """
import asyncio, sys
from pathlib import Path
from streams.processes import WorkerProcesses
from tests.streams.test_processes import note_and_hang

async def main():
    workers = WorkerProcesses(2, wall_seconds=60)
    await asyncio.gather(*[workers.run("a", note_and_hang, Path(sys.argv[1])) for _ in range(2)])

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="there is no prctl elsewhere")
def test_a_killed_parent_leaves_no_workers_whatever_they_are_at(tmp_path: Path) -> None:
    script, noted = tmp_path / "parent.py", tmp_path / "noted"
    script.write_text(_PARENT)
    noted.mkdir()
    root = str(Path(__file__).resolve().parents[2])
    parent = subprocess.Popen(
        [sys.executable, str(script), str(noted)], env={**os.environ, "PYTHONPATH": root}
    )
    try:
        asyncio.run(eventually(lambda: len(list(noted.iterdir())) == 2, 30))
    finally:
        parent.kill()
        parent.wait()

    workers = [int(path.name) for path in noted.iterdir()]
    asyncio.run(eventually(lambda: not any(alive(pid) for pid in workers), 10))


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
