"""A worker of a stateful stage in a process of its own, which may freeze itself at the end of a drain.

    python -m tests.streams.kafka.frozen_worker NAME FILE BOOTSTRAP PREFIX [freezes]

It writes lines to FILE: `effect PARTITION` for each effect, `kept PARTITION` for what it is at work on when
it freezes, and `ended ERROR`.
"""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from schemas.events import ApiKey
from streams.engine.engine import Engine
from streams.engine.stage import Context, Outcome, Record, StatefulStage
from streams.kafka.cluster import Cluster
from streams.kafka.membership import Membership
from streams.kafka.worker import Worker
from streams.partitions import Partition
from streams.topics import API_KEYS
from tests.streams.broker import CODEC

SESSION_SECONDS = 6.0


class Counting(StatefulStage[ApiKey]):
    """Has many effects for each record, and asks before each; a record takes a second."""

    name = "counting"
    topic = API_KEYS
    max_records = 1

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self.told = asyncio.Event()

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        for record in records:
            for _ in range(100):
                context.check_alive()
                self._tell(f"effect {record.partition}")
                self.told.set()
                await asyncio.sleep(0.01)
        return [()] * len(records)


def freeze(stage: Counting, tell: Callable[[str], object]) -> None:
    """Stop this process once, as the last thing of a drain that leaves it at work on what it keeps."""
    revoke, revoked, answered = Engine.revoke, Worker._revoked, threading.Event()

    async def revoke_and_freeze(self: Engine, partitions: Iterable[Partition], deadline: float) -> None:
        leaving = list(partitions)
        await revoke(self, leaving, deadline)
        if leaving:
            stage.told.clear()
            await asyncio.wait_for(stage.told.wait(), deadline)
            [[entry]] = self._running.values()
            tell(f"kept {entry.partition}")
            os.kill(os.getpid(), signal.SIGSTOP)
            # The poll thread learns of the drain's end in the next turn of the loop; the stage goes on when
            # it has answered the rebalance.
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, answered.wait, deadline)

    def answer(self: Worker, *rebalance: Any) -> None:
        try:
            revoked(self, *rebalance)
        finally:
            answered.set()
            time.sleep(0.2)  # before the consumer finds out by itself

    Engine.revoke = revoke_and_freeze  # type: ignore[method-assign]
    Worker._revoked = answer  # type: ignore[method-assign,assignment]


async def work(name: str, cluster: Cluster, tell: Callable[[str], object], freezes: bool) -> None:
    stage, membership = Counting(tell), Membership(slot=name, session_seconds=SESSION_SECONDS)
    if freezes:
        freeze(stage, tell)
    try:
        await Worker(stage, cluster, CODEC, membership).run()
    except Exception as error:
        tell(f"ended {type(error).__name__}")


def main() -> None:
    """Work, and freeze if the command line says so."""
    name, path, bootstrap, prefix, *freezes = sys.argv[1:]
    with Path(path).open("a", buffering=1) as lines:

        def tell(line: str) -> None:
            lines.write(f"{line}\n")

        asyncio.run(work(name, Cluster(bootstrap, prefix), tell, bool(freezes)))


if __name__ == "__main__":
    main()
