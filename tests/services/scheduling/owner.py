"""An owner of schedules in a process of its own, which may die or freeze when they are due.

    python -m tests.services.scheduling.owner SLOT FILE BOOTSTRAP PREFIX FOLDER OFFSET MODE

Its clock is OFFSET seconds ahead. MODE is `well`; or `killed`, `frozen` (when it has decided, before it
writes anything) or `torn` (killed when the broker has its records and no commit). It writes lines to FILE:
`decided NUMBER`, `ended ERROR`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from services.scheduling import ScheduleView, SchedulingStage
from services.scheduling.stage import utc_now
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster
from streams.kafka.membership import Membership
from streams.kafka.producer import EventProducer
from streams.kafka.worker import Worker
from streams.topics import RUNS
from tests.streams.broker import CODEC

SESSION_SECONDS = 6.0


class Owner(SchedulingStage):
    """Tells when it has decided, and what becomes of it then."""

    def __init__(self, view: ScheduleView, offset: float, tell: Callable[[str], object], mode: str) -> None:
        super().__init__(view, lambda id_: None, clock=lambda: utc_now() + timedelta(seconds=offset))
        self._tell, self._mode = tell, mode

    async def punctuate(self, partitions: Sequence[int]) -> Sequence[Send]:
        sends = await super().punctuate(partitions)
        runs = sum(send.topic in RUNS.values() for send in sends)
        if runs:
            self._tell(f"decided {runs}")
            if self._mode in ("killed", "frozen"):
                os.kill(os.getpid(), signal.SIGKILL if self._mode == "killed" else signal.SIGSTOP)
        return sends


def tear() -> None:
    """Die in the middle of a transaction: its records are on the topics, its end is not."""
    hand_over = EventProducer.hand_over_as_one

    async def and_die(self: EventProducer, sends: Sequence[Send], headers: Any = ()) -> Any:
        written = await hand_over(self, sends, headers)
        if any(send.topic in RUNS.values() for send in sends):
            await asyncio.to_thread(self.client.flush, 10)
            os.kill(os.getpid(), signal.SIGKILL)
        return written

    EventProducer.hand_over_as_one = and_die  # type: ignore[method-assign]


async def work(
    slot: str, cluster: Cluster, folder: Path, offset: float, mode: str, tell: Callable[[str], object]
) -> None:
    view = ScheduleView(cluster, CODEC, folder / "schedules.sqlite")
    if mode == "torn":
        tear()
    membership = Membership(slot=slot, static=slot == "static", session_seconds=SESSION_SECONDS)
    worker = Worker(Owner(view, offset, tell, mode), cluster, CODEC, membership)
    try:
        await worker.run()
    except Exception as error:
        tell(f"ended {type(error).__name__}")
        os._exit(70)


def main() -> None:
    """Work, as the command line says."""
    slot, path, bootstrap, prefix, folder, offset, mode = sys.argv[1:]
    with Path(path).open("a", buffering=1) as lines:
        cluster = Cluster(bootstrap, prefix)
        tell = lambda line: lines.write(f"{line}\n")  # noqa: E731
        asyncio.run(work(slot, cluster, Path(folder), float(offset), mode, tell))


if __name__ == "__main__":
    main()
