"""From records to outcomes: tries, waits between them, and who of a batch is to blame."""

import asyncio
import errno
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

import structlog

from schemas.errors import ContractError, DocumentError, FencedError, TransientError
from streams import metrics
from streams.dead_letters import about
from streams.retry import Backoff
from streams.stage import AnyStage, Context, Outcome, Record, Stage, StatefulStage
from streams.window import Entry

log = structlog.get_logger(__name__)

#: A try of a stateful batch that takes longer is stuck: the worker ends. Waits between tries do not count,
#: so a store that is away for hours ends nobody.
_STUCK_SECONDS = 120.0
#: Tries of a record that fails with something nobody foresaw.
_UNFORESEEN_TRIES = 3
#: Their waits begin as those of the fifth try, a few seconds: what passes by itself seldom does in 0.2 s.
_UNFORESEEN_PATIENCE = 4
#: Errors of a machine that is full or out of something: no document is to blame.
_MACHINE_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO}


class Attempts:
    """Calls a stage until each record has its outputs or the error that makes it a dead letter."""

    def __init__(self, stage: AnyStage, context: Context, wait: Backoff) -> None:
        self._stage, self._context, self._wait = stage, context, wait

    async def outcomes(self, group: Sequence[Entry]) -> list[Outcome]:
        """One outcome for each entry, in order. Raises FencedError only."""
        sound = [entry for entry in group if entry.error is None]
        found = iter(await self._tried(sound) if sound else [])
        return [entry.error if entry.error is not None else next(found) for entry in group]

    async def _tried(self, group: Sequence[Entry]) -> list[Outcome]:
        unforeseen = 0
        for attempt in range(1, 1_000_000):
            for entry in group:
                entry.attempt = attempt
            begun = time.perf_counter()
            try:
                found = list(await self._call([entry.record for entry in group if entry.record]))
                seconds = (time.perf_counter() - begun) / len(group)
                metrics.SECONDS.labels(self._stage.name).observe(seconds)
                return found
            except FencedError:
                raise
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                # Not ours: something that the stage waited for was cancelled by somebody else.
                await self._pause(attempt, TransientError(f"cancelled from inside: {error!r}"), group)
            except TransientError as error:
                await self._pause(attempt, error, group)
            except Exception as error:
                if _of_the_machine(error):
                    await self._pause(attempt, TransientError(f"{type(error).__name__}: {error}"), group)
                    continue
                metrics.ERRORS.labels(self._stage.name, type(error).__name__).inc()
                if len(group) > 1:  # who is it?
                    return [outcome for entry in group for outcome in await self._tried([entry])]
                unforeseen += 1
                if isinstance(error, DocumentError | ContractError) or unforeseen >= _UNFORESEEN_TRIES:
                    return [error]
                log.exception("unforeseen error", stage=self._stage.name, offset=group[0].offset)
                await asyncio.sleep(self._wait(attempt + _UNFORESEEN_PATIENCE, error))
        raise AssertionError("unreachable")

    async def _call(self, records: Sequence[Record[Any]]) -> Sequence[Outcome]:
        if isinstance(self._stage, Stage):
            return [await self._stage.process(records[0], self._context)]
        try:
            async with asyncio.timeout(_STUCK_SECONDS if isinstance(self._stage, StatefulStage) else None):
                return await self._stage.process_batch(records, self._context)
        except TimeoutError as error:
            raise FencedError(f"a batch of {self._stage.name} is stuck for {_STUCK_SECONDS:.0f} s") from error

    async def _pause(self, attempt: int, error: TransientError, group: Sequence[Entry]) -> None:
        seconds = self._wait(attempt, error)
        metrics.ERRORS.labels(self._stage.name, type(error).__name__).inc()
        metrics.RETRIES.labels(self._stage.name).inc()
        log.warning(
            "tried again later",
            stage=self._stage.name,
            topic=group[0].topic,
            partition=group[0].partition,
            offset=group[0].offset,
            **about(group[0].record),
            attempt=attempt,
            seconds=round(seconds, 2),
            error=str(error),
        )
        await asyncio.sleep(seconds)


def _of_the_machine(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in _MACHINE_ERRNOS
    return isinstance(error, MemoryError | sqlite3.OperationalError)
