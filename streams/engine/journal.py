"""Records in progress when a worker died: identifies the record that kills its worker.

The start and end of each record append a line to a small file, which outlives the process. After a death the
records that had started but not ended are *suspects*: each is retried alone.

Two deaths convict a record if the worker announced both, because an error in its own code ended it. An
unannounced death proves less, and it takes three: it may be a crash in native code, but also a kill from
outside or a restart of the machine.
"""

import json
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

Position = tuple[str, int, int]  # topic, partition, offset

#: The file is compacted after growing by this much, ~1,000 records.
ROLL_BYTES = 64 * 1024
#: Weights of a death: two that were announced convict, three that were not, and one of each does not.
_UNANNOUNCED, _ANNOUNCED, _CONVICTED = 2, 3, 6
#: Characters of a reason that are kept.
_REASON_CHARACTERS = 1_000
#: How long an announcement waits for a line that is being written: the event loop may hang in it.
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The evidence against a record: the weight and number of its deaths, and the last known reason."""

    weight: int = 0
    deaths: int = 0
    reason: str = ""

    @property
    def convicted(self) -> bool:
        """Whether the record must not be retried."""
        return self.weight >= _CONVICTED

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"has ended its worker {self.deaths} times{why}"


class Journal:
    """Append-only file of one worker.

    Lines: `+topic partition offset weight deaths "reason"`: the evidence against a record if the worker dies
    now; `-topic partition offset`: none. An incomplete last line is ignored. If the file cannot be written (a
    full disk), its protection is lost, but processing continues. Thread-safe: a death may be announced by
    another thread than that of the event loop.

    Args:
        announced_only: do not record starts and ends, so that only announced deaths count. For stages without
            native code, or with long-running records.
    """

    def __init__(self, path: Path, announced_only: bool = False) -> None:
        self._path, self._announced_only = path, announced_only
        self._known = _left_over(path)
        self._under_way: dict[Position, Suspicion] = {}  # → what speaks against it if the worker dies now
        self._file: int | None = None
        self._written = 0
        self._announced = self._complained = False
        self._lock = threading.RLock()
        self._write_anew()  # a second crash before the suspects are tried must not forget them

    def suspicion(self, position: Position) -> Suspicion | None:
        """The evidence against a record, None if there is none."""
        return self._known.get(position)

    def begin(self, positions: Iterable[Position], alone: bool) -> None:
        """Processing of these records starts; `alone` if nothing else is in progress."""
        with self._lock:
            begun = {position: self._after_death(position, alone) for position in positions}
            self._under_way.update(begun)
            if not self._announced_only:
                self._append("".join(_line(position, suspicion) for position, suspicion in begun.items()))

    def end(self, positions: Iterable[Position]) -> None:
        """Processing of these has ended, at least for now, without a death. Suspects stay suspects."""
        with self._lock:
            if self._announced:
                return
            lines = []
            for position in positions:
                self._under_way.pop(position, None)
                known = self._known.get(position)
                lines.append(_line(position, known) if known else f"-{_words(position)}\n")
            if not self._announced_only:
                self._append("".join(lines))

    def acquit(self, positions: Iterable[Position]) -> None:
        """These are done and their outputs acknowledged."""
        if not self._known:
            return
        with self._lock:
            if self._announced:
                return
            if cleared := [position for position in positions if self._known.pop(position, None)]:
                self._append("".join(f"-{_words(position)}\n" for position in cleared))

    def announce(self, reason: str, positions: Iterable[Position] | None = None) -> None:
        """This error is about to end the worker. It came from processing `positions` (None: of any record in
        progress). This is final: records that end later are not cleared."""
        if not self._lock.acquire(timeout=_PATIENCE_SECONDS):
            return
        try:
            self._announce(reason, positions)
        finally:
            self._lock.release()

    def _announce(self, reason: str, positions: Iterable[Position] | None) -> None:
        if self._announced:
            return
        blamed = list(self._under_way if positions is None else positions)
        for position in blamed:
            known = self._known.get(position, Suspicion())
            if len(blamed) == 1 or not known.weight:
                known = Suspicion(known.weight + _ANNOUNCED, known.deaths + 1)
            self._under_way[position] = replace(known, reason=reason[:_REASON_CHARACTERS])
        for position in self._under_way.keys() - set(blamed):
            self._under_way[position] = self._known.get(position, Suspicion())
        self._announced = True
        self._write_anew()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _after_death(self, position: Position, alone: bool) -> Suspicion:
        known = self._known.get(position, Suspicion())
        if self._announced_only or not (alone or not known.weight):
            return known
        return Suspicion(known.weight + _UNANNOUNCED, known.deaths + 1, known.reason)

    def _append(self, text: str) -> None:
        if self._file is None or self._written > ROLL_BYTES:
            self._write_anew()
            return
        try:
            if (written := os.write(self._file, text.encode())) == len(text.encode()):
                self._written += written
                self._complained = False
                return
            self._complain("the disk is full")
        except OSError as error:
            self._complain(str(error))
        self.close()  # what it says now is wrong: the next line writes it anew

    def _write_anew(self) -> None:
        """Atomically replace the file by one with the suspects and the records in progress."""
        self.close()
        fresh = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text("".join(_line(*counted) for counted in self._counted().items()))
            fresh.replace(self._path)
            self._file, self._written = os.open(self._path, os.O_WRONLY | os.O_APPEND), 0
        except OSError as error:
            self._complain(str(error))

    def _counted(self) -> Mapping[Position, Suspicion]:
        return {**self._known, **{p: found for p, found in self._under_way.items() if found.weight}}

    def _complain(self, error: str) -> None:
        if not self._complained:
            log.warning("the journal cannot be written", path=str(self._path), error=error)
        self._complained = True


def _words(position: Position) -> str:
    return f"{position[0]} {position[1]} {position[2]}"


def _line(position: Position, suspicion: Suspicion) -> str:
    return f"+{_words(position)} {suspicion.weight} {suspicion.deaths} {json.dumps(suspicion.reason)}\n"


def _left_over(path: Path) -> dict[Position, Suspicion]:
    """Records that had started but not ended, with the evidence against each."""
    left: dict[Position, Suspicion] = {}
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return left
    for line in text[: text.rfind("\n") + 1].splitlines():
        fields = line[1:].split(maxsplit=5)
        try:
            position = (fields[0], int(fields[1]), int(fields[2]))
            if line.startswith("+"):
                left[position] = Suspicion(int(fields[3]), int(fields[4]), str(json.loads(fields[5])))
            else:
                left.pop(position, None)
        except (IndexError, ValueError):  # damaged
            continue
    return left
