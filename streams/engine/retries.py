"""From records to outcomes: one try of a group, the time of its retry, and the failing record of a batch."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from schemas.errors import ContractError, DocumentError, DocumentTooLarge, FencedError, TransientError
from streams import metrics
from streams.engine.backoff import Backoff
from streams.engine.blame import of_the_machine
from streams.engine.deadline import Deadline, Overdue
from streams.engine.publishing.dead_letters import about
from streams.engine.publishing.traces import Traces
from streams.engine.stage import AnyStage, Context, Outcome, Record, Stage, StatefulStage
from streams.engine.window import Entry, EntryState
from streams.partitions import Partition

log = structlog.get_logger(__name__)

#: Seconds that one try of a record, or of a batch, may take (`HEADRACE_RECORD_SECONDS`).
RECORD_SECONDS = 900.0
#: The same for a stateful batch, from one effect to the next: its whole partition waits for it.
_EFFECT_SECONDS = 120.0
#: Tries of a record that fails with an unexpected error.
_UNFORESEEN_TRIES = 3
#: Their waits begin like those of a fifth try, at a few seconds: such an error seldom passes within 0.2 s.
_UNFORESEEN_PATIENCE = 4


@dataclass(frozen=True, slots=True)
class Later:
    """Retry the record in `seconds`."""

    seconds: float


@dataclass(slots=True)
class Retry:
    """Records of one partition to retry: `held`, which failed, after `seconds`, and with them, in order, all
    records that are retried with them."""

    seconds: float = 0.0
    held: list[Entry] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


class Attempts:
    """Calls a stage; returns for each record its outputs, the error of its dead letter, or the time of its
    retry.

    Args:
        context_of: the context for the stage, by the first record.
        traces: the spans of the stage.
    """

    def __init__(
        self,
        stage: AnyStage,
        context_of: Callable[[Record[Any]], Context],
        wait: Backoff,
        seconds: float = RECORD_SECONDS,
        traces: Traces | None = None,
    ) -> None:
        self._stage, self._context_of, self._wait = stage, context_of, wait
        self._traces = traces or Traces(stage.name, str)
        self._stateful = isinstance(stage, StatefulStage)
        self._seconds = min(seconds, _EFFECT_SECONDS) if self._stateful else seconds
        self._deadline: Deadline | None = None

    async def outcomes(self, group: Sequence[Entry]) -> list[Outcome | Later]:
        """One outcome per entry, in order; counts the tries of entries that are retried.

        Raises FencedError, and RuntimeError for a stateful stage that is stuck.
        """
        sound = [entry for entry in group if entry.error is None]
        found = iter(await self._tried(sound) if sound else [])
        return [entry.error if entry.error is not None else next(found) for entry in group]

    def alive(self) -> None:
        """The stage has reached its next effect: it is not stuck."""
        if self._deadline is not None:
            self._deadline.extend()

    async def _tried(self, group: Sequence[Entry]) -> list[Outcome | Later]:
        begun = time.perf_counter()
        try:
            with self._traces.trial(group) as trial:
                found = await self._call([entry.record for entry in group if entry.record])
                trial.judge(group, found)
            seconds = (time.perf_counter() - begun) / len(group)
            metrics.SECONDS.labels(self._stage.name).observe(seconds)
            return self._judged(group, found)
        except FencedError:
            raise
        except asyncio.CancelledError as cancellation:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Not by us: something else cancelled what the stage was waiting for.
            cancelled = TransientError(f"cancelled from inside: {cancellation!r}")
            return self._judged(group, [cancelled] * len(group))
        except TransientError as transient:
            return self._judged(group, [transient] * len(group))
        except Exception as raised:
            error: Exception = self._overdue(raised) if isinstance(raised, Overdue) else raised
            if of_the_machine(error):
                return self._judged(group, [TransientError(f"{type(error).__name__}: {error}")] * len(group))
            metrics.ERRORS.labels(self._stage.name, type(error).__name__).inc()
            if len(group) > 1:
                for entry in group:
                    entry.last_error = f"of its batch: {type(error).__name__}: {error}"
                return self._in_smaller_groups(group) if self._stateful else await self._one_by_one(group)
            known = isinstance(error, DocumentError | ContractError)
            return [_without_frames(error) if known else self._unforeseen(group[0], error)]

    def _in_smaller_groups(self, group: Sequence[Entry]) -> list[Outcome | Later]:
        """Find the failing record: each retry is a smaller group (`streams.engine.schedule`). A stateful
        stage depends on earlier writes, so its records cannot be processed one by one."""
        for entry in group:
            entry.attempt += 1
        return [Later(0.0)] * len(group)

    async def _one_by_one(self, group: Sequence[Entry]) -> list[Outcome | Later]:
        """Process the records of a batch one by one to find the failing one. After a record that is retried,
        no other record of its partition is tried, because its outputs would have to wait anyway."""
        outcomes: list[Outcome | Later] = []
        due: dict[Partition, Later] = {}
        for entry in group:
            if entry.place in due:
                outcomes.append(due[entry.place])
                continue
            [outcome] = await self._tried([entry])
            outcomes.append(outcome)
            if isinstance(outcome, Later):
                due[entry.place] = outcome
        return outcomes

    async def _call(self, records: Sequence[Record[Any]]) -> Sequence[Outcome]:
        """Whatever is logged about one record has the ids of its document and invocation."""
        with structlog.contextvars.bound_contextvars(**(about(records[0]) if len(records) == 1 else {})):
            return await self._bounded(records)

    async def _bounded(self, records: Sequence[Record[Any]]) -> Sequence[Outcome]:
        context = self._context_of(records[0])
        if isinstance(self._stage, Stage) and self._stage.sequential_keys:  # lasts as long as it lasts
            return [await self._stage.process(records[0], context)]
        deadline = Deadline(self._seconds)
        if not self._stateful:
            return await deadline.keep(self._process(records, context))
        self._deadline = deadline
        try:
            return await deadline.keep(self._process(records, context))
        except TimeoutError as error:  # one of the stage's own
            raise TransientError(f"timed out: {error}") from error
        finally:
            self._deadline = None

    async def _process(self, records: Sequence[Record[Any]], context: Context) -> Sequence[Outcome]:
        if isinstance(self._stage, Stage):
            return [await self._stage.process(records[0], context)]
        return await self._stage.process_batch(records, context)

    def _overdue(self, error: Overdue) -> DocumentTooLarge:
        """The error of a record that exceeds its time limit. Raises RuntimeError if the task of a stateful
        stage continues, because its late effects could follow newer ones."""
        what = f"{self._stage.name} did not finish it within {error.seconds:g} s (HEADRACE_RECORD_SECONDS)"
        if self._stateful and not error.ended:
            raise RuntimeError(f"{what} and its task ignores the cancellation")
        return DocumentTooLarge(what)

    def _judged(self, group: Sequence[Entry], outcomes: Sequence[Outcome]) -> list[Outcome | Later]:
        """Convert transient errors to delays; log each error once, with its first record."""
        told: set[int] = set()
        judged: list[Outcome | Later] = []
        for entry, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, TransientError):
                later = Later(self._wait(entry.attempt, outcome))
                if id(outcome) not in told:
                    told.add(id(outcome))
                    self._tell(entry, outcome, later)
                entry.attempt += 1
                entry.last_error = str(outcome)
                judged.append(later)
            else:
                judged.append(outcome)
        return judged

    def _unforeseen(self, entry: Entry, error: Exception) -> Outcome | Later:
        entry.unforeseen += 1
        if entry.unforeseen >= _UNFORESEEN_TRIES:
            return _without_frames(error)
        log.exception("unforeseen error", stage=self._stage.name, offset=entry.offset, exc_info=error)
        later = Later(self._wait(entry.attempt + _UNFORESEEN_PATIENCE, error))
        entry.attempt += 1
        entry.last_error = f"{type(error).__name__}: {error}"
        return later

    def _tell(self, entry: Entry, error: TransientError, later: Later) -> None:
        metrics.ERRORS.labels(self._stage.name, type(error).__name__).inc()
        metrics.RETRIES.labels(self._stage.name).inc()
        log.warning(
            "will be retried",
            stage=self._stage.name,
            topic=entry.topic,
            partition=entry.partition,
            offset=entry.offset,
            **about(entry.record),
            attempt=entry.attempt,
            seconds=round(later.seconds, 2),
            error=str(error),
        )


def _without_frames(error: Exception) -> Exception:
    """The error without its tracebacks: their frames hold what was worked on, 150 MB of text perhaps, and it
    may wait long for the records before it."""
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error


def parted(
    group: Sequence[Entry], outcomes: Sequence[Outcome | Later], in_order: bool
) -> tuple[dict[Entry, Outcome], dict[Partition, Retry]]:
    """The outcomes of a group and its retries, without records of revoked partitions.

    Args:
        in_order: the stage processes a partition strictly in order: records after a retried one are retried,
        too.
    """
    settled: dict[Entry, Outcome] = {}
    waits: dict[Partition, Retry] = {}
    for entry, outcome in zip(group, outcomes, strict=True):
        if entry.state is EntryState.GONE:
            continue
        if isinstance(outcome, Later):
            wait = waits.setdefault(entry.place, Retry())
            wait.seconds = max(wait.seconds, outcome.seconds)
            wait.held.append(entry)
        elif not (in_order and entry.place in waits):
            settled[entry] = outcome
            continue
        entry.state = EntryState.WAITING
        waits[entry.place].entries.append(entry)
    return settled, waits
