"""Processor time by service: on a shared machine it repeats where the clock does not."""

import os
from collections.abc import Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def seconds_by_name(roots: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds that each named process and its descendants have used so far.

    Read from /proc (proc(5), `stat`): of descendants that ended, what their parents have waited for counts.
    Empty where there is no /proc.
    """
    if not Path("/proc/self/stat").exists():
        return {}
    found = _processes()
    names = {pid: name for name, pid in roots.items()}
    seconds = dict.fromkeys(roots, 0.0)
    for pid in found:
        at: int | None = pid
        while at is not None and at not in names:
            at = found[at][0] if at in found else None
        if at is not None:
            seconds[names[at]] += found[pid][1]
    return seconds


def _processes() -> dict[int, tuple[int, float]]:
    """Parent and CPU seconds of every process."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        # After the name: state, ppid, …, utime, stime, cutime, cstime are fields 14 to 17 of the line.
        found[int(entry.name)] = (int(fields[1]), sum(map(int, fields[11:15])) / _TICKS)
    return found


def server_of(folder: Path) -> int:
    """The process whose command line names the folder of the server's data."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            command = entry / "cmdline"
            if command.exists() and str(folder).encode() in command.read_bytes():
                return int(entry.name)
    raise SystemExit("no /proc: this benchmark needs Linux")
