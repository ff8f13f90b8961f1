"""Read the logs of a local system: JSON lines of all services, merged by time."""

import heapq
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LEVELS = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines to read.

    Attributes:
        invocation: only lines of this run; the beginning of its id is enough.
        document: only lines of this document, by its key.
        service: only of this service.
        level: the least severe level.
    """

    invocation: str = ""
    document: str = ""
    service: str = ""
    level: str = "debug"

    def takes(self, line: Mapping[str, Any]) -> bool:
        """Whether a line is one of them."""
        return (
            _LEVELS.index(self.level) <= _severity(line)
            and str(line.get("invocation", "")).startswith(self.invocation)
            and self.document in ("", line.get("document"))
        )


def read_logs(data_dir: Path, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Lines of the services' logs, oldest first. Lines that are not JSON, as a broker's are, are left out.

    A rotated log (`NAME.log.1`) precedes the current one.
    """
    logs = data_dir / "logs"
    names = [wanted.service] if wanted.service else sorted(path.stem for path in logs.glob("*.log"))
    streams = [_lines(logs, name, wanted) for name in names]
    return heapq.merge(*streams, key=lambda line: str(line.get("timestamp", "")))


def _lines(logs: Path, name: str, wanted: Wanted) -> Iterator[dict[str, Any]]:
    for path in (logs / f"{name}.log.1", logs / f"{name}.log"):
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                for text in file:
                    line = _parsed(text)
                    if line is not None and wanted.takes(line):
                        yield {"service": name} | line
        except FileNotFoundError:
            continue


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:  # a traceback, or the end of a line that a full disk cut off
        return None
    return line if isinstance(line, dict) else None


def _severity(line: Mapping[str, Any]) -> int:
    level = line.get("level")
    return _LEVELS.index(level) if level in _LEVELS else _LEVELS.index("info")
