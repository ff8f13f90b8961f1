"""`python -m tests.services.triggers.dying_triggers SERVERS PREFIX QUEUE FOLDER`: dies when Kafka has the
runs of a message, and the queue does not know yet."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from schemas.codec import SingleObjectCodec
from services.triggers import Triggers, TriggerSettings, sqs
from streams.kafka.cluster import Cluster
from tests.services.triggers.world import read_nothing, sign_in


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(servers: str, prefix: str, queue: str, folder: str) -> None:
    sqs.QueuePoller.delete = die  # type: ignore[method-assign, assignment]
    settings = TriggerSettings(queues=[queue], poll_s=1, visible_s=2)
    triggers = Triggers(
        Cluster(servers, prefix), SingleObjectCodec(), Path(folder), settings, read_nothing, sign_in
    )
    triggers.start()
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
