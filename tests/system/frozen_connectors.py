"""The connectors' service in a process that freezes itself once, with documents not yet committed.

    python -m tests.system.frozen_connectors MARK MOMENT COUNT

MOMENT says when, after COUNT documents: "produced", they are in the producer's queue; "committing", they and
the positions of their transaction are with the broker, and only its commit is not. It writes MARK before it
freezes, and does not freeze when it is started again.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from headrace.cli.settings import load_settings
from headrace.wiring import run_service
from streams.kafka.producer import EventProducer
from streams.topics import DOCUMENTS


class Freeze:
    """Counts what is produced to `documents`, and stops this process at its moment."""

    def __init__(self, mark: Path, moment: str, count: int) -> None:
        self._mark, self._moment, self._left = mark, moment, count

    def produced(self, topic: str) -> None:
        if topic.endswith(f".{DOCUMENTS.name}"):
            self._left -= 1
            if self._left == 0 and self._moment == "produced":
                self._now()

    def committing(self) -> None:
        if self._left <= 0 and self._moment == "committing":
            self._now()

    def _now(self) -> None:
        if not self._mark.exists():
            self._mark.touch()
            os.kill(os.getpid(), signal.SIGSTOP)


def patch(freeze: Freeze) -> None:
    """Tell `freeze` what the producer does."""

    class Watched(Producer):
        def produce(self, topic: str, *arguments: Any, **options: Any) -> None:
            super().produce(topic, *arguments, **options)
            freeze.produced(topic)

        def commit_transaction(self, *arguments: Any) -> None:
            freeze.committing()
            super().commit_transaction(*arguments)

    sys.modules[EventProducer.__module__].Producer = Watched  # type: ignore[attr-defined]


def main() -> None:
    """Run the service, to be frozen as the command line says."""
    mark, moment, count = sys.argv[1:]
    patch(Freeze(Path(mark), moment, int(count)))
    asyncio.run(run_service("connectors", load_settings()))


if __name__ == "__main__":
    main()
