"""Which records were under way when a worker died: what finds the one that kills it.

Starting and ending a record each append a line to a small file, which outlives the process. After a crash
the records that had started and not ended are *suspects*: each is tried once more, alone. One that is alone
when the worker dies again has killed it twice and becomes a dead letter.
"""

import os
from collections.abc import Iterable
from pathlib import Path

Position = tuple[str, int, int]  # topic, partition, offset

#: What the file may grow by before it is written anew with what still counts: ~1,000 records.
_ROLL_BYTES = 64 * 1024


class Journal:
    """Append-only file of one worker.

    Lines: `+topic partition offset deaths` when a record begins, `-topic partition offset` when it ends.
    A line without its end was cut off by the crash and does not count.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._deaths = _left_over(path)
        self._under_way: dict[Position, int] = {}  # → deaths, if the worker died now
        self._file = self._begun_anew()  # a second crash before the suspects are tried must not forget them

    def deaths(self, position: Position) -> int:
        """How often a worker died while this record was under way: 1 is a suspect, 2 is convicted."""
        return self._deaths.get(position, 0)

    def begin(self, positions: Iterable[Position], alone: bool) -> None:
        """These records are about to be worked on; `alone` if nothing else is under way."""
        lines = []
        for position in positions:
            known = self._deaths.get(position, 0)
            self._under_way[position] = known + 1 if alone or not known else known
            lines.append(f"+{_line(position)} {self._under_way[position]}\n")
        self._append("".join(lines))

    def end(self, positions: Iterable[Position]) -> None:
        """These records are done, or were given back: they killed nobody."""
        lines = []
        for position in positions:
            self._under_way.pop(position, None)
            self._deaths.pop(position, None)
            lines.append(f"-{_line(position)}\n")
        self._append("".join(lines))
        if self._written > _ROLL_BYTES:
            os.close(self._file)
            self._file = self._begun_anew()

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _append(self, text: str) -> None:
        self._written += os.write(self._file, text.encode())

    def _begun_anew(self) -> int:
        """A file with the suspects and what is under way, in the place of the old one at once."""
        counted = {**self._deaths, **self._under_way}
        fresh = self._path.with_name(self._path.name + ".new")
        fresh.write_text("".join(f"+{_line(position)} {deaths}\n" for position, deaths in counted.items()))
        fresh.replace(self._path)
        self._written = 0
        return os.open(self._path, os.O_WRONLY | os.O_APPEND)


def _line(position: Position) -> str:
    return f"{position[0]} {position[1]} {position[2]}"


def _left_over(path: Path) -> dict[Position, int]:
    """Records that had begun and not ended, and how often a worker has died over each."""
    left: dict[Position, int] = {}
    text = path.read_text(errors="replace") if path.exists() else ""
    for line in text[: text.rfind("\n") + 1].splitlines():
        fields = line[1:].split()
        try:
            position = (fields[0], int(fields[1]), int(fields[2]))
            if line.startswith("+"):
                left[position] = int(fields[3])
            else:
                left.pop(position, None)
        except (IndexError, ValueError):  # damaged
            continue
    return left
