"""A service as a process."""

import os
import subprocess
import sys
from pathlib import Path

_CODE = """
import asyncio, threading
from headrace.settings import Settings
from headrace.wiring import process

waiting = threading.Barrier(20)

async def work(wiring, stop):
    await asyncio.gather(*(asyncio.to_thread(waiting.wait, 20) for _ in range(20)))
    print("all at once")

process._RUNS["tracking"] = work
asyncio.run(process.run_service("tracking", Settings()))
"""


def test_calls_that_block_do_not_wait_for_each_other_on_few_cores(tmp_path: Path) -> None:
    environment = os.environ | {
        "HEADRACE_DATA_DIR": str(tmp_path),
        "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    }
    ended = subprocess.run(
        [sys.executable, "-c", f"import os\nos.cpu_count = lambda: 2\n{_CODE}"],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )

    assert (ended.returncode, ended.stdout.splitlines()[-1:]) == (0, ["all at once"]), ended.stderr
