"""A tracking worker as a process of its own, to be killed.

python -m tests.services.tracking.worker_process BOOTSTRAP_SERVERS PREFIX FOLDER
"""

import asyncio
import signal
import sys
from pathlib import Path

from schemas.codec import SingleObjectCodec
from services.tracking import TrackingStage
from streams.engine.window import WindowLimits
from streams.kafka.cluster import Cluster
from streams.kafka.membership import Membership
from streams.kafka.worker import Worker


async def main(bootstrap_servers: str, prefix: str, folder: Path) -> None:
    cluster, codec = Cluster(bootstrap_servers, prefix), SingleObjectCodec()
    worker = Worker(
        TrackingStage.opened(cluster, codec, folder),
        cluster,
        codec,
        Membership(slot="0", static=True, session_seconds=6),
        WindowLimits(records=60),  # small batches: many transactions for a kill to fall into
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    await worker.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
