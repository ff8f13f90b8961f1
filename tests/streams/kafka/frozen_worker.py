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
from collections.abc import Callable, Sequence
from pathlib import Path

from schemas.events import ApiKey
from streams.engine.stage import Context, Outcome, Record, StatefulStage
from streams.kafka.cluster import Cluster
from streams.kafka.liveness import Liveness
from streams.kafka.membership import Membership
from streams.kafka.poller import DRAIN_SECONDS
from streams.kafka.worker import Worker
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
        #: The partition that it is at work on.
        self.at: int | None = None

    async def process_batch(self, records: Sequence[Record[ApiKey]], context: Context) -> Sequence[Outcome]:
        for record in records:
            self.at = record.partition
            for _ in range(100):
                context.check_alive()
                self._tell(f"effect {record.partition}")
                self.told.set()
                await asyncio.sleep(0.01)
        return [()] * len(records)


class Freezing(Counting):
    """Stops its process as the last thing of a drain that leaves it at work on what it keeps."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        super().__init__(tell)
        self.frozen, self.answered = False, threading.Event()

    async def revoked(self, partitions: Sequence[int]) -> None:
        if self.frozen:
            return
        self.told.clear()
        await asyncio.wait_for(self.told.wait(), DRAIN_SECONDS)
        self._tell(f"kept {self.at}")
        self.frozen = True
        os.kill(os.getpid(), signal.SIGSTOP)
        # The poll thread learns of the end of the drain in the next turn of the loop; the stage goes on when
        # it has noted its poll.
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, self.answered.wait, DRAIN_SECONDS)


def hold(stage: Freezing) -> None:
    """Hold the poll thread when it has noted its first poll after the freeze, before its consumer finds out
    by itself that its session has ended."""
    polled = Liveness.polled

    def polled_and_hold(self: Liveness) -> None:
        try:
            polled(self)
        finally:
            if stage.frozen:
                stage.answered.set()
                time.sleep(0.2)

    Liveness.polled = polled_and_hold  # type: ignore[method-assign]


async def work(name: str, cluster: Cluster, tell: Callable[[str], object], freezes: bool) -> None:
    stage, membership = Counting(tell), Membership(slot=name, session_seconds=SESSION_SECONDS)
    if freezes:
        hold(stage := Freezing(tell))
    try:
        await Worker(stage, cluster, CODEC, membership).run()
    except Exception as error:
        tell(f"ended {type(error).__name__}")
        os._exit(1)  # as a service does (`headrace.wiring.process`)


def main() -> None:
    """Work, and freeze if the command line says so."""
    name, path, bootstrap, prefix, *freezes = sys.argv[1:]
    with Path(path).open("a", buffering=1) as lines:

        def tell(line: str) -> None:
            lines.write(f"{line}\n")

        asyncio.run(work(name, Cluster(bootstrap, prefix), tell, bool(freezes)))


if __name__ == "__main__":
    main()
