"""`headrace up`: seconds and CPU seconds until it is ready, then CPU and memory while nothing happens.

Each round starts a new data folder, stops it, starts it again on its data, and leaves it alone. `--beside`
names the folder of another version of Headrace, which is measured in turns.

CPU is that of the command and all its descendants. Memory is PSS (proc(5), `smaps_rollup`): pages that
processes share are counted once. Linux only.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median

from rich.table import Table

from benchmarks.processor import seconds_by_name
from benchmarks.tables import command_line, show, table

_READY_S = 180
#: What a start leaves behind has ended by then: JIT compilation, first compactions, delayed elections.
_SETTLE_S = 30.0
_TOTAL = "all"


@dataclass
class Start:
    """One start: wall-clock and CPU seconds until the line `ready …`, and the load average then."""

    seconds: float
    cpu: float
    load: float


@dataclass
class Quiet:
    """A quiet time, by process: CPU in percent of a core, PSS in MB, threads; and the load average."""

    cpu: Mapping[str, float]
    memory: Mapping[str, float]
    threads: Mapping[str, int]
    load: float


@dataclass
class Version:
    """A version of Headrace, and what was measured of it."""

    name: str
    code: Path
    first: list[Start] = field(default_factory=list)
    again: list[Start] = field(default_factory=list)
    quiet: list[Quiet] = field(default_factory=list)


def main(arguments: Sequence[str]) -> None:
    parser = command_line("start", __doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--again", type=int, default=1, help="starts on existing data in each round")
    parser.add_argument("--quiet", type=float, default=60, help="seconds that are measured while idle")
    parser.add_argument("--settle", type=float, default=_SETTLE_S, help="seconds before that")
    parser.add_argument("--beside", type=Path, help="folder of another version, measured in turns")
    options = parser.parse_args(arguments)
    if not Path("/proc/self/smaps_rollup").exists():
        raise SystemExit("this benchmark reads /proc, which is not here")
    versions = [Version("this version", Path(__file__).resolve().parent.parent)]
    if options.beside:
        versions.insert(0, Version("the other", options.beside.resolve()))
    for _ in range(options.rounds):
        for version in versions:
            _round(version, options.again, options.settle, options.quiet)
    show(starts(versions))
    if options.quiet:
        show(*(by_process(version) for version in versions))


def _round(version: Version, again: int, settle_s: float, quiet_s: float) -> None:
    with tempfile.TemporaryDirectory(prefix="headrace-start-") as folder:
        data = Path(folder) / "data"
        with _up(version, data) as (_, start):
            version.first.append(start)
        for number in range(again):
            with _up(version, data) as (process, start):
                version.again.append(start)
                if quiet_s and number == again - 1:
                    time.sleep(settle_s)
                    version.quiet.append(_quiet(process.pid, quiet_s))


@contextmanager
def _up(version: Version, data: Path) -> Iterator[tuple["subprocess.Popen[str]", Start]]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
    command = [sys.executable, "-P", "-m", "headrace", "up", "--port", "0", "--data-dir", str(data)]
    begun = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=data.parent,
        env=variables | {"PYTHONPATH": str(version.code)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.monotonic() - begun
        if not line.startswith("ready "):
            raise SystemExit(f"{version.code} did not start: {line}")
        cpu = seconds_by_name({_TOTAL: process.pid})[_TOTAL]
        yield process, Start(seconds, cpu, os.getloadavg()[0])
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=_READY_S)


def _quiet(root: int, seconds: float) -> Quiet:
    pids = {f"{pid}": pid for pid in _descendants(root)}
    names = {name: _name(pid, root) for name, pid in pids.items()}
    before = seconds_by_name(pids)
    time.sleep(seconds)
    cpu: dict[str, float] = {}
    memory: dict[str, float] = {}
    threads: dict[str, int] = {}
    for pid, used in seconds_by_name(pids).items():
        name = names[pid]
        cpu[name] = cpu.get(name, 0) + 100 * (used - before[pid]) / seconds
        memory[name] = memory.get(name, 0) + _pss_mb(pids[pid])
        threads[name] = threads.get(name, 0) + len(list(Path(f"/proc/{pid}").glob("task/*")))
    return Quiet(cpu, memory, threads, os.getloadavg()[0])


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _name(pid: int, root: int) -> str:
    """The service, `broker`, `chroma`, or what the process is in a service."""
    if pid == root:
        return "supervisor"
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ").split()
    for before, word in pairwise(words):
        if before == "service":
            return word
    if "streams.processes.server" in " ".join(words):
        return "workers"
    if "kafka.Kafka" in words:
        return "broker"
    if "run" in words and "--path" in words:
        return "chroma"
    return " ".join(words)[:40] or "?"


def _pss_mb(pid: int) -> float:
    with suppress(OSError):  # it has ended
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def starts(versions: Sequence[Version]) -> Table:
    """Medians of all starts, with the range of the seconds."""
    columns = ("start", "runs", "seconds to ready", "from … to", "CPU seconds", "load average")
    made = table("until `headrace up` is ready", columns)
    for kind in ("first", "again"):
        for version in versions:
            measured: list[Start] = getattr(version, kind)
            seconds = [one.seconds for one in measured]
            made.add_row(
                f"{'new' if kind == 'first' else 'existing'} data, {version.name}",
                str(len(measured)),
                f"{median(seconds):.1f}",
                f"{min(seconds):.1f} … {max(seconds):.1f}",
                f"{median(one.cpu for one in measured):.1f}",
                f"{median(one.load for one in measured):.1f}",
            )
    return made


def by_process(version: Version) -> Table:
    """Medians of the quiet times."""
    load = median(quiet.load for quiet in version.quiet)
    title = f"while nothing happens, {version.name} ({len(version.quiet)} runs, load average {load:.1f})"
    made = table(title, ("process", "CPU, % of a core", "PSS, MB", "threads"))
    last = version.quiet[-1]
    for name in sorted(last.memory, key=lambda name: -last.memory[name]):
        cpu = median(quiet.cpu.get(name, 0) for quiet in version.quiet)
        memory = median(quiet.memory.get(name, 0) for quiet in version.quiet)
        made.add_row(name, f"{cpu:.2f}", f"{memory:,.0f}", str(last.threads[name]))
    cpu, memory = (median(sum(values.values()) for values in every) for every in _columns(version))
    made.add_row(_TOTAL, f"{cpu:.2f}", f"{memory:,.0f}", str(sum(last.threads.values())), style="bold")
    return made


def _columns(version: Version) -> tuple[list[Mapping[str, float]], list[Mapping[str, float]]]:
    return [quiet.cpu for quiet in version.quiet], [quiet.memory for quiet in version.quiet]


if __name__ == "__main__":
    main(sys.argv[1:])
