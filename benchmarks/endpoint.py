"""Requests to Chroma through the gateway, beside the same ones sent directly.

    python -m benchmarks endpoint [--seconds 5] [--at-once 8]

On a system of its own, which is idle but for that. Each kind of request is sent alternately both ways, a
second each, so that both meet the same machine. Every figure is requests per second at so many at once; the
gateway takes its CPU from the same cores as Chroma, and the client too.
"""

import asyncio
import base64
import json
import random
import struct
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.tables import command_line, show, table
from headrace.cli.settings import load_settings
from headrace.local.system import LocalSystem, run_local

DIMENSION, ROWS, BATCH = 384, 2_000, 300
_BASE = "/api/v2/tenants/default_tenant/databases/default_database/collections"
_SLICE_S = 1.0


@dataclass(frozen=True)
class Way:
    """An address, and what a request to it needs."""

    name: str
    url: str
    headers: dict[str, str]


class Requests:
    """The kinds of requests, as stock clients send them."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http, self._chance, self._next = http, random.Random(1), 0
        self._paths: dict[str, str] = {}

    async def prepare(self, way: Way) -> None:
        """A collection of each kind: one to read, one to write."""
        for name in ("read", "write"):
            made = await self._post(way, _BASE, {"name": name, "get_or_create": True})
            self._paths[name] = f"{_BASE}/{made['id']}"
        for start in range(0, ROWS, BATCH):
            await self._post(way, f"{self._paths['read']}/upsert", self._batch(start))

    async def one(self, kind: str, way: Way) -> None:
        """Send one request of a kind."""
        if kind == "add of 300 rows":
            self._next += BATCH
            await self._post(way, f"{self._paths['write']}/upsert", self._batch(self._next))
        elif kind == "query of 10":
            body = {"query_embeddings": [self._vector()], "n_results": 10}
            await self._post(way, f"{self._paths['read']}/query", body)
        elif kind == "get of 1,000":
            body = {"limit": 1000, "include": ["documents", "metadatas", "embeddings"]}
            await self._post(way, f"{self._paths['read']}/get", body)
        else:
            await self._post(way, f"{self._paths['read']}/get", {"ids": ["7"]})

    async def _post(self, way: Way, path: str, body: Any) -> Any:
        sent = json.dumps(body).encode()
        async with self._http.post(way.url + path, data=sent, headers=way.headers) as answer:
            text = await answer.read()
            if answer.status >= 300:
                raise SystemExit(f"{way.name} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text) if path == _BASE else None

    def _vector(self) -> list[float]:
        return [self._chance.gauss(0, 1) for _ in range(DIMENSION)]

    def _batch(self, start: int) -> dict[str, Any]:
        ids = range(start, start + BATCH)
        packed = [base64.b64encode(struct.pack(f"<{DIMENSION}f", *self._vector())).decode() for _ in ids]
        metadata = {"document_key": "guide/install.md", "start_line": 3, "end_line": 17}
        return {
            "ids": [str(id_) for id_ in ids],
            "embeddings": packed,
            "documents": ["a chunk of some hundred characters " * 20] * BATCH,
            "metadatas": [metadata] * BATCH,
        }


async def rate(requests: Requests, kind: str, way: Way, at_once: int) -> float:
    """Requests per second, for a moment."""
    begun, done = time.perf_counter(), 0

    async def send() -> None:
        nonlocal done
        while time.perf_counter() - begun < _SLICE_S:
            await requests.one(kind, way)
            done += 1

    await asyncio.gather(*(send() for _ in range(at_once)))
    return done / (time.perf_counter() - begun)


async def measure(direct: str, through: str, key: str, seconds: int, at_once: int) -> None:
    """Print the table."""
    ways = Way("direct", direct, {}), Way("gateway", through, {"x-chroma-token": key})
    async with aiohttp.ClientSession(headers={"content-type": "application/json"}) as http:
        requests = Requests(http)
        await requests.prepare(ways[0])
        rows = []
        for kind, together in (
            ("add of 300 rows", 1),
            ("get of 1,000", at_once),
            ("query of 10", at_once),
            ("get of one id", at_once),
        ):
            rates: dict[str, list[float]] = {way.name: [] for way in ways}
            for _ in range(seconds):
                for way in ways:
                    rates[way.name].append(await rate(requests, kind, way, together))
            means = [sum(rates[way.name]) / seconds for way in ways]
            rows.append(
                [
                    f"{kind}, {together} at once",
                    *(f"{one:,.1f}" for one in means),
                    f"{means[1] / means[0]:.2f}",
                ]
            )
    show(table("requests per second", ("request", "direct", "gateway", "ratio"), rows))


async def main() -> None:
    """Print the table of a system that lives as long as the benchmark."""
    parser = command_line("endpoint", __doc__)
    parser.add_argument("--seconds", type=int, default=5, help="of each way and kind")
    parser.add_argument("--at-once", type=int, default=8, help="requests at once")
    options = parser.parse_args()

    async def use(system: LocalSystem) -> None:
        running = system.running
        await measure(running.chroma_url, running.url, system.key, options.seconds, options.at_once)

    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as data:
        await run_local(load_settings(Path(data), port=0), use)


if __name__ == "__main__":
    asyncio.run(main())
