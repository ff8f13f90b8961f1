"""Milliseconds from a bucket's event to a document that is found.

    python -m benchmarks autosync [--objects 30]

Starts what `headrace up` starts on a temporary data folder, and S3 and SQS of moto in a process of their own.
An object is put; then S3's message about it is sent to the queue, and its time runs from before that call
until a get by id finds its chunk in Chroma. One object after the other, each with a text that no cache has
seen. Beside them: the call that sends the message, which the time includes.
"""

import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from subprocess import DEVNULL, Popen

import aiohttp

from benchmarks.plain import DATABASE, TENANT
from benchmarks.tables import command_line, show, table
from benchmarks.texts import sentences
from headrace.cli.settings import load_settings
from headrace.client.gateway import GatewayClient
from headrace.local.system import LocalSystem, run_local
from schemas.ids import text_sha256
from streams.local.ports import LOOPBACK, free_port
from tests.moto_server import Aws, clients_of

BUCKET, COLLECTION = "benchmark", "autosync"
#: What a figure may be too high by.
_ASK_SECONDS = 0.01
_FOUND_SECONDS = 60
_WARM = 3


@contextmanager
def moto(port: int) -> Iterator[Aws]:
    """A server in a process of its own."""
    command = [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)]
    with Popen(command, stdout=DEVNULL, stderr=DEVNULL) as process:
        try:
            yield clients_of(f"http://{LOOPBACK}:{port}")
        finally:
            process.terminate()


def message(key: str, etag: str, size: int) -> str:
    """What S3 sends of an object that was put (user guide, "Event message structure")."""
    stored = {"key": key, "size": size, "eTag": etag, "sequencer": f"{time.time_ns():018X}"}
    bucket = {"name": BUCKET, "arn": f"arn:aws:s3:::{BUCKET}"}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "awsRegion": "us-east-1"}
    return json.dumps({"Records": [{**record, "s3": {"bucket": bucket, "object": stored}}]})


class AutosyncBench:
    """Puts objects one after the other, and waits for each."""

    def __init__(self, system: LocalSystem, aws: Aws, queue: str, http: aiohttp.ClientSession) -> None:
        self._aws, self._queue, self._http = aws, queue, http
        base = f"/api/v2/tenants/{TENANT}/databases/{DATABASE}/collections"
        self._collections = f"{system.running.chroma_url}{base}"

    async def one(self, key: str, text: str) -> tuple[float, float]:
        """Milliseconds from before the message is sent to found, and those of sending it."""
        put = await asyncio.to_thread(self._aws.s3.put_object, Bucket=BUCKET, Key=key, Body=text.encode())
        told = message(key, put["ETag"].strip('"'), len(text.encode()))
        begun = time.perf_counter()
        await asyncio.to_thread(self._aws.sqs.send_message, QueueUrl=self._queue, MessageBody=told)
        sent = time.perf_counter()
        await self._found(f"{text_sha256(key)}-0")
        return 1000 * (time.perf_counter() - begun), 1000 * (sent - begun)

    async def _found(self, id_: str) -> None:
        async with asyncio.timeout(_FOUND_SECONDS):
            while True:
                if await self._is_there(id_):
                    return
                await asyncio.sleep(_ASK_SECONDS)

    async def _is_there(self, id_: str) -> bool:
        async with self._http.get(f"{self._collections}/{COLLECTION}") as answer:
            if answer.status != 200:
                return False
            identity = (await answer.json())["id"]
        body = {"ids": [id_], "include": []}
        async with self._http.post(f"{self._collections}/{identity}/get", json=body) as answer:
            return bool((await answer.json())["ids"])


async def measure(system: LocalSystem, aws: Aws, objects: int) -> None:
    """A bucket that syncs by itself, and the table of it."""
    queue = aws.queue("events")
    aws.s3.create_bucket(Bucket=BUCKET)
    given = {"bucket_name": BUCKET, "region": "us-east-1", "collection_name": COLLECTION}
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    follows = {"auto_sync": "direct", "queue_url": queue, "endpoint_url": aws.url}
    chance = random.Random(1)
    async with GatewayClient(system.running.url, system.key) as client, aiohttp.ClientSession() as http:
        await client.create_source({"s3": {**given, **keys, **follows}, "database_name": DATABASE})
        bench = AutosyncBench(system, aws, queue, http)
        times = []
        for number in range(-_WARM, objects):
            took = await bench.one(f"notes/{number}.txt", sentences(chance, 3))
            if number >= 0:
                times.append(took)
            # Not always at the same moment of a poll.
            await asyncio.sleep(chance.uniform(0.2, 0.4))
    found, sent = zip(*times, strict=True)
    columns = ("from the call that sends the event", "p50", "p95", "longest")
    rows = [_row("to found in Chroma", found), _row("to its answer", sent)]
    show(table(f"a bucket that syncs by itself, {objects} objects one by one, ms", columns, rows))


def _row(name: str, times: Sequence[float]) -> tuple[str, ...]:
    cuts = quantiles(times, n=100, method="inclusive")
    return (name, *(f"{value:.0f}" for value in (cuts[49], cuts[94], max(times))))


async def run(objects: int) -> None:
    """Start everything, measure, stop everything."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder, moto(port) as aws:
        data = Path(folder) / "data"
        os.environ["HEADRACE_S3_ENDPOINTS"] = aws.url  # for the services, which are processes of their own
        settings = load_settings(data, port=0, log_level="warning")
        await run_local(settings, lambda system: measure(system, aws, objects))


if __name__ == "__main__":
    options = command_line("autosync", __doc__)
    options.add_argument("--objects", type=int, default=30)
    asyncio.run(run(options.parse_args().objects))
