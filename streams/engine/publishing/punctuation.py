"""Calls a stage by the clock, and commits its outputs as those of a batch."""

import asyncio
from collections.abc import Callable, Collection, Mapping

import structlog

from schemas.errors import TransientError
from streams.engine.log import Log
from streams.engine.outputs import Send
from streams.engine.publishing.traces import begin_runs
from streams.engine.schedule import Schedule
from streams.engine.stage import PunctuatedStage
from streams.engine.windows import Windows
from streams.partitions import Partition

log = structlog.get_logger(__name__)

#: As for a batch: a transaction that takes longer is stuck.
_STUCK_SECONDS = 20.0
_LET_GO_SECONDS = 2.0
#: Before a stage that is due and cannot be called yet is looked at again.
_AGAIN_SECONDS = 0.2


class Punctuation:
    """Punctuates one stage: one call at a time, in the slot that its batches use, too.

    Args:
        resume: starts the groups that may run, once the slot is free again.
        fail: ends the engine with an error.
        stir: wakes an idle engine, which calls `begin`.
    """

    def __init__(
        self,
        stage: PunctuatedStage,  # type: ignore[type-arg]
        log_: Log,
        windows: Windows,
        schedule: Schedule,
        resume: Callable[[], None],
        fail: Callable[[BaseException], None],
        stir: Callable[[], None],
    ) -> None:
        self._stage, self._log, self._windows, self._schedule = stage, log_, windows, schedule
        self._resume, self._fail = resume, fail
        self._task: asyncio.Task[None] | None = None
        self._places: frozenset[Partition] = frozenset()
        stage.alarm.on_sooner = stir

    @property
    def due_in(self) -> float:
        """Seconds until `begin` is to be called, unless `stir` is called before."""
        left = self._stage.alarm.left
        return left if left > 0 else _AGAIN_SECONDS

    def begin(self) -> None:
        """Call the stage if it is due and nothing of it is in progress."""
        if self._task is not None or not self._stage.is_due():
            return
        if any(window.closing for window in self._windows.values()):  # a rebalance waits for what is in hand
            return
        found = {place: window.position for place, window in self._windows.items()}
        positions = {place: position for place, position in found.items() if position is not None}
        if positions and self._schedule.reserve():
            self._places = frozenset(positions)
            self._task = asyncio.ensure_future(self._punctuate(positions))
            self._task.add_done_callback(self._ended)

    async def settled(self, deadline: float) -> None:
        """Wait until a call in progress has ended, `deadline` seconds at most."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=deadline)

    async def break_off(self, leaving: Collection[Partition]) -> bool:
        """Cancel a call in progress that is about some of these partitions. Whether there was one."""
        task = self._task
        if task is None or task.done() or self._places.isdisjoint(leaving):
            return False
        task.cancel()
        await asyncio.wait([task], timeout=_LET_GO_SECONDS)
        return True

    async def _punctuate(self, positions: Mapping[Partition, int]) -> None:
        try:
            outputs = await self._stage.punctuate([number for _, number in positions])
            if not outputs:
                return
            self._log.check_alive()
            async with asyncio.timeout(_STUCK_SECONDS):
                sends = [send for send in outputs if isinstance(send, Send)]
                await self._log.transact(sends, positions, begin_runs(sends, self._stage.name))
        except TransientError as error:
            log.warning("punctuated again later", stage=self._stage.name, error=str(error))

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._task = None
        self._schedule.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)
        else:
            self._resume()
