"""Which records were under way when a worker died: what finds the one that kills it.

Starting and ending a record each append a line to a small file, which outlives the process. After a crash
the records that had started and not ended are *suspects*: each is tried once more, alone. One that is alone
when the worker dies again has killed it twice and becomes a dead letter.
"""

import os
from collections.abc import Iterable
from pathlib import Path

Position = tuple[str, int, int]  # topic, partition, offset

#: The file is begun anew at this size when nothing is under way: ~1,500 records.
_ROLL_BYTES = 64 * 1024


class Journal:
    """Append-only file of one worker.

    Lines: `+topic partition offset deaths` when a record begins, `-topic partition offset` when it ends.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._deaths = _left_over(path)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._under_way: set[Position] = set()
        self._written = 0
        for position, deaths in self._deaths.items():  # a second crash before they are tried must not forget
            self._append(f"+{_line(position)} {deaths}\n")

    def deaths(self, position: Position) -> int:
        """How often a worker died while this record was under way: 1 is a suspect, 2 is convicted."""
        return self._deaths.get(position, 0)

    def begin(self, positions: Iterable[Position], alone: bool) -> None:
        """These records are about to be worked on; `alone` if nothing else is under way."""
        lines = []
        for position in positions:
            self._under_way.add(position)
            known = self._deaths.get(position, 0)
            lines.append(f"+{_line(position)} {known + 1 if alone or not known else known}\n")
        self._append("".join(lines))

    def end(self, positions: Iterable[Position]) -> None:
        """These records are done, or were given back: they killed nobody."""
        lines = []
        for position in positions:
            self._under_way.discard(position)
            self._deaths.pop(position, None)
            lines.append(f"-{_line(position)}\n")
        self._append("".join(lines))
        if self._written > _ROLL_BYTES and not self._under_way and not self._deaths:
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)
            self._written = 0

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _append(self, text: str) -> None:
        self._written += os.write(self._file, text.encode())


def _line(position: Position) -> str:
    return f"{position[0]} {position[1]} {position[2]}"


def _left_over(path: Path) -> dict[Position, int]:
    """Records that had begun and not ended, and how often a worker has died over each."""
    left: dict[Position, int] = {}
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    for line in lines:
        fields = line[1:].split()
        try:
            position = (fields[0], int(fields[1]), int(fields[2]))
            if line.startswith("+"):
                left[position] = int(fields[3])
            else:
                left.pop(position, None)
        except (IndexError, ValueError):  # the line that the crash cut off
            continue
    return left
