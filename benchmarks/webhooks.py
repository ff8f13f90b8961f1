"""Milliseconds from a delivery of GitHub to its answer, at a steady rate.

    python -m benchmarks webhooks [--rate 50] [--seconds 20] [--sources 200] [--large 0.05]

It starts the local broker and a gateway in a process of its own. Each delivery is a push to one of
`--sources` repositories, each followed by one source, so its answer waits for two records to be acknowledged.
A share of `--large` has a payload of 300 KB, the others 8 KB. Deliveries are sent when they are due, whether
those before are answered or not, and times count from then on. Beside them: `GET /health` of the same
gateway, before.
"""

import asyncio
import hmac
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp

from benchmarks.tables import command_line, show, table
from schemas.codec import SingleObjectCodec
from schemas.events import Chunking, Embedding, make_source
from schemas.sources.github import FollowedBranch, GithubConfig
from streams.engine.outputs import Send
from streams.kafka.cluster import Cluster, ensure_topics
from streams.kafka.producer import EventProducer
from streams.local import LocalBroker
from streams.local.ports import LOOPBACK, free_port
from streams.topics import SOURCES

SECRET, KEY, PARTITIONS = "benchmark", "benchmark-key", 12
SMALL_BYTES, LARGE_BYTES = 8_000, 300_000


async def make_sources(cluster: Cluster, count: int) -> None:
    """Sources of so many repositories, each following its branch `main`."""
    producer = EventProducer(cluster, SingleObjectCodec())
    for number in range(count):
        follow = [FollowedBranch(branch="main", target_collection_name=f"docs-{number}")]
        source = make_source(
            GithubConfig(repository=f"acme/repository-{number}", follow=follow),
            id=f"5e8b2a0c-0000-4000-8000-{number:012}",
            tenant="default_tenant",
            database="default_database",
            type="github",
            embedding=Embedding(model="m"),
            chunking=Chunking(),
            created_at=datetime.now(UTC),
        )
        await producer.send(Send(SOURCES, source.id, source))
    await producer.close()


@asynccontextmanager
async def gateway(cluster: Cluster, folder: Path) -> AsyncIterator[str]:
    """The URL of a gateway in a process of its own."""
    port = free_port()
    environment = os.environ | {
        "HEADRACE_DATA_DIR": str(folder),
        "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": cluster.bootstrap_servers,
        "HEADRACE_CHROMA_URL": f"http://{LOOPBACK}:1",  # is not asked
        "HEADRACE_API_KEY": KEY,
        "HEADRACE_GITHUB_WEBHOOK_SECRET": SECRET,
        "HEADRACE_PORT": str(port),
        "HEADRACE_LOG_LEVEL": "error",
    }
    command = [sys.executable, "-P", "-m", "headrace", "service", "api"]
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    try:
        yield f"http://{LOOPBACK}:{port}"
    finally:
        process.terminate()
        await process.wait()


def delivery(number: int, repository: int, size: int) -> dict[str, Any]:
    """What is sent of a push: the arguments of a request."""
    name = f"acme/repository-{repository}"
    payload = {
        "ref": "refs/heads/main",
        "after": f"{number + 1:040x}",
        "repository": {"id": repository, "full_name": name, "html_url": f"https://github.com/{name}"},
        "commits": [{"id": f"{number:040x}", "added": ["docs/some/page.md"] * (size // 21)}],
    }
    body = json.dumps(payload).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": f"benchmark-{number}",
        "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, sha256).hexdigest(),
    }
    return {"data": body, "headers": headers}


async def timed(session: aiohttp.ClientSession, method: str, url: str, due: float, **arguments: Any) -> float:
    """Milliseconds from when a request was due to the end of its answer."""
    async with session.request(method, url, **arguments) as answer:
        text = await answer.text()
        assert answer.status in (200, 202, 503), f"{answer.status} {text[:200]}"
        assert answer.status != 202 or json.loads(text)["invocation_ids"], text
    return 1000 * (time.perf_counter() - due)


async def burst(
    session: aiohttp.ClientSession, url: str, rate: float, sends: Sequence[dict[str, Any]]
) -> list[float]:
    """Milliseconds of each delivery."""
    begun = time.perf_counter()
    running = []
    for number, arguments in enumerate(sends):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        running.append(
            asyncio.create_task(timed(session, "POST", f"{url}/webhooks/github", due, **arguments))
        )
    return list(await asyncio.gather(*running))


async def ready(session: aiohttp.ClientSession, url: str) -> None:
    """Wait until the gateway answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            await timed(session, "GET", f"{url}/health", time.perf_counter())
            return
        except aiohttp.ClientConnectionError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)


def row(name: str, times: Sequence[float]) -> tuple[str, ...]:
    """A line of the table."""
    cuts = quantiles(times, n=100, method="inclusive")
    return (name, str(len(times)), *(f"{value:.1f}" for value in (cuts[49], cuts[94], cuts[98], max(times))))


async def run(rate: float, seconds: float, sources: int, large: float) -> None:
    """Print what a steady stream of deliveries takes."""
    with tempfile.TemporaryDirectory() as folder:
        async with LocalBroker(Path(folder) / "kafka", authenticate=False) as broker:
            cluster = Cluster(broker.bootstrap_servers)
            await asyncio.to_thread(ensure_topics, cluster, PARTITIONS)
            await make_sources(cluster, sources)
            async with gateway(cluster, Path(folder) / "data") as url, aiohttp.ClientSession() as session:
                await ready(session, url)
                every = round(1 / large) if large else 0
                sends = [
                    delivery(n, n % sources, LARGE_BYTES if every and n % every == 0 else SMALL_BYTES)
                    for n in range(round(rate * seconds))
                ]
                await burst(
                    session, url, rate, [delivery(10**6 + n, 0, SMALL_BYTES) for n in range(20)]
                )  # warm
                idle = [await timed(session, "GET", f"{url}/health", time.perf_counter()) for _ in range(50)]
                times = await burst(session, url, rate, sends)
    columns = ("request", "count", "p50", "p95", "p99", "longest")
    title = f"to the answer at {rate:g} deliveries/s, {sources} sources, ms"
    show(table(title, columns, [row("POST /webhooks/github", times), row("GET /health, idle", idle)]))


if __name__ == "__main__":
    options = command_line("webhooks", __doc__)
    options.add_argument("--rate", type=float, default=50, help="deliveries a second")
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--sources", type=int, default=200)
    options.add_argument("--large", type=float, default=0.05, help="share of payloads of 300 KB")
    given = options.parse_args()
    asyncio.run(run(given.rate, given.seconds, given.sources, given.large))
