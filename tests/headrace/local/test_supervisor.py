"""The supervisor, with small Python programs as children."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.local.running_file import stopping_signals
from headrace.local.supervisor import (
    ProcessState,
    RestartDelay,
    StateChange,
    Supervisor,
)
from schemas.errors import RequestError, TransientError
from streams.local import DataDirLock, LocalChroma
from streams.local.process import ProcessSpec
from tests.processes import is_alive
from tests.waiting import eventually

#: Writes "NAME up", lives until SIGTERM, writes "NAME down" to the same file.
GENTLE = """
import pathlib, signal, sys
name, journal = sys.argv[1:]
def write(what):
    with open(journal, "a") as file: file.write(f"{name} {what}\\n")
def down(*_):
    write("down"); sys.exit(0)
signal.signal(signal.SIGTERM, down)
write("up")
while True: signal.pause()
"""

#: Ends twice while it starts, then lives.
FALTERING = """
import pathlib, signal, sys
journal = pathlib.Path(sys.argv[2])
with journal.open("a") as file: print("try", file=file)
if journal.read_text().count("try") < 3: sys.exit("no leader yet")
with journal.open("a") as file: print(sys.argv[1], "up", file=file)
while True: signal.pause()
"""

STUBBORN = """
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[2], "a").write(f"{sys.argv[1]} up\\n")
while True: signal.pause()
"""

QUICK = RestartDelay(first_s=0.02, most_s=0.5, reset_after_s=60)


class Bench:
    """Specs of children that write into one journal, and the changes that were reported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "journal"
        self.journal.touch()
        self.changes: list[StateChange] = []

    def lines(self) -> list[str]:
        return self.journal.read_text().splitlines()

    def spec(self, name: str, program: str = GENTLE, stop_s: float = 10.0) -> ProcessSpec:
        async def is_up() -> None:
            await eventually(lambda: f"{name} up" in self.lines())

        argv = [sys.executable, "-c", program, name, str(self.journal)]
        return ProcessSpec(name, argv, self.folder / f"{name}.log", ready=is_up, ready_s=30, stop_s=stop_s)

    def supervisor(self, *stop_order: list[str], stop_within_s: float = 9.0) -> Supervisor:
        return Supervisor(stop_order, self.changes.append, QUICK, stop_within_s=stop_within_s, signals=())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def pid_of(supervisor: Supervisor, name: str) -> int:
    """The process of a child that runs; never 0, which `os.kill` takes for the whole process group."""
    pid = supervisor.states[name].pid
    assert pid
    return pid


async def test_a_child_that_is_killed_is_started_again(bench: Bench) -> None:
    async with bench.supervisor() as supervisor:
        await supervisor.start(bench.spec("indexing"))
        first = supervisor.states["indexing"].pid
        assert first
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: supervisor.states["indexing"].restarts == 1)
        await eventually(lambda: supervisor.states["indexing"].state is ProcessState.RUNNING)
        assert supervisor.states["indexing"].pid != first
    waiting = next(change for change in bench.changes if change.state is ProcessState.WAITING)
    assert waiting.exit_status == -signal.SIGKILL


async def test_a_child_that_is_stuck_is_started_again_and_the_reason_is_told(bench: Bench) -> None:
    asked = 0

    async def stuck() -> str:
        nonlocal asked
        asked += 1
        return "its disk was full" if asked == 1 else await asyncio.get_running_loop().create_future()

    async with bench.supervisor() as supervisor:
        await supervisor.start(replace(bench.spec("a"), stuck=stuck))
        await eventually(lambda: bench.lines().count("a up") == 2)
    assert bench.lines() == ["a up", "a down", "a up", "a down"]
    assert [one.reason for one in bench.changes if one.state is ProcessState.WAITING] == ["its disk was full"]


async def test_a_child_that_may_take_long_is_not_killed_when_it_starts_again(bench: Bench) -> None:
    starts, serves = 0, asyncio.Event()

    async def ready() -> None:
        nonlocal starts
        starts += 1
        if starts > 1:
            await serves.wait()

    spec = replace(bench.spec("api"), ready=ready, ready_s=0.1, may_take_long=True)
    async with bench.supervisor() as supervisor:
        await supervisor.start(spec)
        os.kill(pid_of(supervisor, "api"), signal.SIGKILL)
        await eventually(lambda: starts >= 4)  # three times longer than it may take at first
        serves.set()
        await eventually(lambda: supervisor.states["api"].state is ProcessState.RUNNING)
        assert supervisor.states["api"].restarts == 1


async def test_pauses_between_deaths_grow(bench: Bench) -> None:
    spec = replace(bench.spec("parsing", "raise SystemExit(1)"), ready=None)
    async with bench.supervisor() as supervisor:
        await supervisor.start(spec)
        await eventually(lambda: supervisor.states["parsing"].restarts >= 4)
    pauses = [change.pause_s for change in bench.changes if change.state is ProcessState.WAITING]
    assert all(0.01 * 2**n <= pause <= 0.02 * 2**n for n, pause in enumerate(pauses[:4]))


async def test_a_child_that_lived_long_enough_starts_again_after_the_first_pause(bench: Bench) -> None:
    long_enough = RestartDelay(first_s=0.02, most_s=0.5, reset_after_s=0)
    async with Supervisor(on_change=bench.changes.append, backoff=long_enough, signals=()) as supervisor:
        await supervisor.start(bench.spec("parsing"))
        for restarts in range(1, 5):
            os.kill(pid_of(supervisor, "parsing"), signal.SIGKILL)
            await eventually(lambda: supervisor.states["parsing"].restarts == restarts)  # noqa: B023
            await eventually(lambda: supervisor.states["parsing"].state is ProcessState.RUNNING)
    assert all(change.pause_s <= 0.02 for change in bench.changes)


@given(
    st.integers(1, 10_000),
    st.floats(0, 1, exclude_max=True),
    st.floats(0.001, 10),
    st.floats(10, 1000),
)
def test_a_pause_is_at_least_half_of_its_power_of_two_and_never_more_than_the_most(
    deaths: int, chance: float, first_s: float, most_s: float
) -> None:
    pause = RestartDelay(first_s, most_s).pause_s(deaths, chance)
    assert min(most_s, first_s * 2 ** min(deaths - 1, 40)) / 2 <= pause <= most_s
    assert pause <= first_s * 2.0 ** min(deaths - 1, 1000)


async def test_children_are_stopped_group_after_group_and_unnamed_ones_first(bench: Bench) -> None:
    async with bench.supervisor(["api"], ["parsing"], ["chroma"], ["broker"]) as supervisor:
        for name in ("broker", "chroma", "extra", "parsing", "api"):
            await supervisor.start(bench.spec(name))
    down = [line.split()[0] for line in bench.lines() if line.endswith("down")]
    assert down == ["extra", "api", "parsing", "chroma", "broker"]
    assert {change.state for change in supervisor.states.values()} == {ProcessState.STOPPED}


async def test_a_child_that_ignores_sigterm_costs_the_others_neither_time_nor_their_way_out(
    bench: Bench,
) -> None:
    async with bench.supervisor(["stubborn"], ["broker"], stop_within_s=2.5) as supervisor:
        await supervisor.start(bench.spec("broker"))
        await supervisor.start(bench.spec("stubborn", STUBBORN, stop_s=120))
        pid = supervisor.states["stubborn"].pid
        began = time.monotonic()
    assert time.monotonic() - began < 60
    assert bench.lines()[-1] == "broker down"
    assert supervisor.states["stubborn"].exit_status == -signal.SIGKILL
    assert pid
    assert not is_alive(pid)


async def test_what_a_child_started_ends_with_it(bench: Bench) -> None:
    parent = """
        import subprocess, sys
        worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open(sys.argv[2], "a").write(f"{worker.pid}\\n{sys.argv[1]} up\\n")
        worker.wait()
    """
    async with bench.supervisor() as supervisor:
        await supervisor.start(bench.spec("parsing", textwrap.dedent(parent)))
        worker = int(bench.lines()[0])
        assert is_alive(worker)
    await eventually(lambda: not is_alive(worker))


async def test_a_child_that_ends_while_it_starts_is_an_error_with_the_end_of_its_log(bench: Bench) -> None:
    with pytest.raises(TransientError, match=r"(?s)api ended with 3.*no such port"):
        async with bench.supervisor() as supervisor:
            await supervisor.start(
                bench.spec("api", "import sys; print('no such port', flush=True); sys.exit(3)")
            )


async def test_a_child_that_ends_while_it_starts_is_started_again_if_its_spec_says_so(bench: Bench) -> None:
    async with bench.supervisor() as supervisor:
        await supervisor.start(replace(bench.spec("api", FALTERING), starts=3))
        state = supervisor.states["api"]
    waiting = [change for change in bench.changes if change.state is ProcessState.WAITING]
    assert [(change.exit_status, change.reason) for change in waiting] == [(1, "no leader yet")] * 2
    assert (state.state, state.restarts) == (ProcessState.RUNNING, 2)
    assert waiting[0].pause_s < waiting[1].pause_s


async def test_a_start_is_given_up_after_so_many_ends_and_at_once_after_a_final_one(bench: Bench) -> None:
    spec = replace(bench.spec("api", FALTERING), starts=2)
    with pytest.raises(TransientError, match="api ended with 1: no leader yet"):
        async with bench.supervisor() as supervisor:
            await supervisor.start(spec)
    assert bench.lines() == ["try"] * 2
    with pytest.raises(RequestError, match="api ended with 3"):
        async with bench.supervisor() as supervisor:
            await supervisor.start(
                replace(spec, argv=[sys.executable, "-c", "raise SystemExit(3)"], final={3})
            )
    assert [change.state for change in bench.changes].count(ProcessState.WAITING) == 1


async def test_a_program_that_does_not_exist_is_named(bench: Bench, tmp_path: Path) -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    spec = ProcessSpec("api", [str(tmp_path / "nothing")], tmp_path / "api.log", ready=never)
    with pytest.raises(TransientError, match="nothing cannot be run: No such file"):
        async with bench.supervisor() as supervisor:
            await supervisor.start(spec)


async def test_a_child_leads_its_own_session_so_that_ctrl_c_reaches_it_only_through_us(
    bench: Bench,
) -> None:
    async with bench.supervisor() as supervisor:
        await supervisor.start(bench.spec("api"))
        pid = pid_of(supervisor, "api")
        assert os.getsid(pid) == pid != os.getsid(0)


async def test_an_embedded_server_comes_back_on_its_port_under_a_supervisor(tmp_path: Path) -> None:
    async with Supervisor([["chroma"]], backoff=QUICK, signals=()) as supervisor:
        server = LocalChroma(tmp_path)
        try:
            await supervisor.start(await server.prepare())
            url = server.url
            os.kill(pid_of(supervisor, "chroma"), signal.SIGKILL)
            await eventually(lambda: supervisor.states["chroma"].restarts == 1)
            await eventually(lambda: supervisor.states["chroma"].state is ProcessState.RUNNING, within_s=30)
            async with aiohttp.ClientSession() as session, session.get(f"{url}/api/v2/heartbeat") as answer:
                assert answer.status == 200
            await supervisor.stop()
        finally:
            await server.close()
    with DataDirLock(tmp_path, "test"):
        pass


SUPERVISING = """
import asyncio, pathlib, signal, sys
from headrace.local.supervisor import Supervisor
from streams.local.process import ProcessSpec
folder = pathlib.Path(sys.argv[1])
async def main():
    async with Supervisor(stop_within_s=2.5) as supervisor:
        for name, program in (("gentle", sys.argv[2]), ("stubborn", sys.argv[3])):
            argv = [sys.executable, "-c", program, name, str(folder / "journal")]
            await supervisor.start(ProcessSpec(name, argv, folder / "log"))
        print(*(change.pid for change in supervisor.states.values()), flush=True)
        await supervisor.wait()
    print("stopped", flush=True)
asyncio.run(main())
"""


@pytest.fixture
def supervising(bench: Bench) -> "Iterator[subprocess.Popen[str]]":
    argv = [sys.executable, "-c", SUPERVISING, str(bench.folder), GENTLE, STUBBORN]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_stops_all_children_and_what_follows_the_context_runs(
    bench: Bench, supervising: "subprocess.Popen[str]", number: signal.Signals
) -> None:
    assert supervising.stdout
    children = [int(pid) for pid in supervising.stdout.readline().split()]
    await eventually(lambda: {"gentle up", "stubborn up"} <= set(bench.lines()))
    supervising.send_signal(number)
    rest, _ = await asyncio.to_thread(supervising.communicate, timeout=30)
    assert (rest, supervising.returncode) == ("stopped\n", 0)
    assert not any(map(is_alive, children))
    assert "gentle down" in bench.lines()


def test_what_nohup_started_is_not_stopped_by_a_hangup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert stopping_signals() == [signal.SIGINT, signal.SIGTERM]
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG, which only Linux has")
async def test_children_die_with_a_supervisor_that_is_killed(
    bench: Bench, supervising: "subprocess.Popen[str]"
) -> None:
    assert supervising.stdout
    children = [int(pid) for pid in supervising.stdout.readline().split()]
    await eventually(lambda: {"gentle up", "stubborn up"} <= set(bench.lines()))
    supervising.kill()
    supervising.communicate()
    await eventually(lambda: not any(map(is_alive, children)), what=f"death of {children}")


async def test_a_death_is_told_with_the_last_words_of_the_child(bench: Bench) -> None:
    program = "import sys; sys.stderr.write('the hub\\n  is away\\n'); sys.exit(70)"
    async with bench.supervisor() as supervisor:
        await supervisor.start(replace(bench.spec("embedding", program), ready=None))
        await eventually(lambda: supervisor.states["embedding"].restarts >= 2)
    waiting = [change for change in bench.changes if change.state is ProcessState.WAITING]
    assert {(change.exit_status, change.reason) for change in waiting} == {(70, "the hub")}


async def test_a_child_that_can_never_run_stops_everything_with_its_reason(bench: Bench) -> None:
    program = "import sys; sys.stderr.write('headrace: no such model\\n'); sys.exit(2)"
    hopeless = replace(bench.spec("embedding", program), ready=None, final={2})
    supervisor = bench.supervisor()

    async def run() -> None:
        async with supervisor:
            await supervisor.start(bench.spec("broker"))
            await supervisor.start(hopeless)
            await supervisor.wait()

    with pytest.raises(RequestError, match=r"^embedding ended with 2: no such model \("):
        await run()
    assert bench.lines() == ["broker up", "broker down"]
    assert not [change for change in bench.changes if change.state is ProcessState.WAITING]


async def test_a_child_that_can_never_run_is_refused_while_it_starts(bench: Bench) -> None:
    hopeless = replace(bench.spec("embedding", "raise SystemExit(2)"), final={2})
    with pytest.raises(RequestError, match="embedding ended with 2"):
        async with bench.supervisor() as supervisor:
            await supervisor.start(hopeless)
