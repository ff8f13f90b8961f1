"""Services that are forked: what they are told, and how they end."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.processes.forked import ForkedProcess, Forks
from tests.processes import is_alive, open_files
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED here: services fork on Linux")

SERVICES = "tests.streams.forked_services"

#: A supervisor: prints the process ids of its fork server and of its service, then waits to be killed.
SUPERVISOR = f"""
import asyncio, os
from pathlib import Path
from streams.processes.forked import Forks

async def main():
    forks = Forks([], "{SERVICES}:wait")
    with open(os.devnull, "ab") as log:
        service = await forks.start(["service", "0"], dict(os.environ), log.fileno(), [])
    print((Path("/proc") / str(service.pid) / "stat").read_text().rpartition(")")[2].split()[1], service.pid)
    print(flush=True)
    await service.wait()

asyncio.run(main())
"""


@contextlib.contextmanager
def forks(function: str, *preload: str) -> Iterator[Forks]:
    with contextlib.closing(Forks(preload, f"{SERVICES}:{function}")) as forks:
        yield forks


async def started(forks: Forks, log: Path, *arguments: str, **environment: str) -> ForkedProcess:
    with log.open("ab") as file:
        process = await forks.start(["service", *arguments], environment, file.fileno(), [])
    assert process is not None
    return process


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def test_a_forked_service_is_what_it_would_be_as_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_API_KEY", "of another service")
    with forks("tell", "csv") as server:
        process = await started(server, tmp_path / "log", "7", HEADRACE_SLOT="0")
        status = await process.wait()

    told = json.loads((tmp_path / "log").read_text())
    assert (status, process.returncode) == (7, 7)
    assert told == {
        "arguments": ["service", "7"],
        "argv": ["headrace", "service", "7"],
        "environment": {"HEADRACE_SLOT": "0"},
        "session": process.pid,
        "pid": process.pid,
        "terminated_by": True,
        "loaded": True,
        "title": "headrace service 7",
    }


async def test_a_service_keeps_the_files_that_it_is_given(tmp_path: Path) -> None:
    lock = os.open(tmp_path / "lock", os.O_CREAT)
    with forks("wait") as server, (tmp_path / "log").open("ab") as log:
        process = await server.start(["service", "0"], {}, log.fileno(), [lock])
        assert process is not None
        kept = open_files(process.pid)
    os.close(lock)

    assert str(tmp_path / "lock") in kept


async def test_a_service_is_killed_alone(tmp_path: Path) -> None:
    with forks("wait") as server:
        one, other = [await started(server, tmp_path / "log", "0") for _ in range(2)]
        os.killpg(one.pid, signal.SIGKILL)

        assert await one.wait() == -signal.SIGKILL
        assert other.returncode is None
        os.kill(other.pid, signal.SIGTERM)
        assert await other.wait() == -signal.SIGTERM


async def test_the_error_of_a_service_is_in_its_log(tmp_path: Path) -> None:
    with forks("tell") as server:
        process = await started(server, tmp_path / "log", "x")
        assert await process.wait() == 1

    assert "ValueError: invalid literal for int" in (tmp_path / "log").read_text()


async def test_services_die_with_their_fork_server_and_then_start_as_programs(tmp_path: Path) -> None:
    with forks("wait") as server:
        process = await started(server, tmp_path / "log", "0")
        os.kill(parent_of(process.pid), signal.SIGKILL)

        assert await process.wait() == -signal.SIGKILL
        assert not is_alive(process.pid)
        with (tmp_path / "log").open("ab") as log:
            assert await server.start(["service", "0"], {}, log.fileno(), []) is None


async def test_a_module_that_cannot_be_loaded_leaves_services_to_start_as_programs(tmp_path: Path) -> None:
    with forks("wait", "no_such_module") as server, (tmp_path / "log").open("ab") as log:
        assert await server.start(["service", "0"], {}, log.fileno(), []) is None


async def test_closing_kills_what_is_left(tmp_path: Path) -> None:
    with forks("wait") as server:
        process = await started(server, tmp_path / "log", "0")

    assert await process.wait() == -signal.SIGKILL


async def test_fork_server_and_services_die_with_the_supervisor() -> None:
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SUPERVISOR, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert supervisor.stdout is not None
    server, service = map(int, (await supervisor.stdout.readline()).split())
    assert is_alive(server)
    assert is_alive(service)

    supervisor.kill()
    await supervisor.wait()

    await eventually(lambda: not is_alive(server) and not is_alive(service))
