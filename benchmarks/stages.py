"""Chunks a second through parsing, chunking, embedding and indexing; model and store cost nothing.

    python -m benchmarks stages [--documents 2000] [--rounds 3] [--sections 12]

Starts a broker and the four services as processes of their own, as `headrace up` does; embedding and indexing
with a model that has one vector for every text and a vector store that takes everything
(`benchmarks.null_service`). A round produces new documents to `documents`, as a connector does, and ends when
indexing has recorded them all. CPU is that of all processes and their workers, without what they take when
idle. On a machine that does other things, too, chunks per two seconds of CPU repeat better than chunks per
second.
"""

import argparse
import asyncio
import hashlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp

from benchmarks.null_service import DIMENSION
from benchmarks.processor import seconds_by_name
from benchmarks.tables import command_line, show, table
from benchmarks.texts import sentences
from headrace.admin.topics import quiet
from headrace.local.supervisor import Supervisor
from schemas.codec import SingleObjectCodec
from schemas.events import Document, DocumentUpserted, Embedding, Payload, RunPosition
from schemas.ids import document_id
from services.chunking.stage import cut
from services.parsing import parse
from streams.engine.outputs import Send
from streams.kafka.client_config import read_client_config
from streams.kafka.cluster import Cluster, ensure_topics
from streams.kafka.producer import EventProducer
from streams.local import LocalBroker, ProcessSpec
from streams.local.ports import free_port
from streams.topics import DOCUMENTS

_SERVICES = ("parsing", "chunking", "embedding", "indexing")
_BROKER = "broker"
_PARTITIONS = 12
_ASK_SECONDS = 0.1
_ROUND_SECONDS = 600
_IDLE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Round:
    """Chunks, seconds, and seconds of CPU by process."""

    chunks: int
    seconds: float
    cpu: Mapping[str, float]


class Stages:
    """The running services.

    Args:
        ports: of the metrics of each service.
        roots: the process of each service, and of the broker.
    """

    def __init__(self, cluster: Cluster, ports: Mapping[str, int], roots: Mapping[str, int]) -> None:
        self._producer = EventProducer(cluster, SingleObjectCodec())
        self._ports, self._roots = ports, roots
        self._http = aiohttp.ClientSession()

    async def close(self) -> None:
        """Close the producer."""
        await self._http.close()
        await self._producer.close()

    async def idle(self) -> dict[str, float]:
        """Share of a core that each process takes when there is nothing to do."""
        before = seconds_by_name(self._roots)
        await asyncio.sleep(_IDLE_SECONDS)
        return {
            name: (cpu - before[name]) / _IDLE_SECONDS for name, cpu in seconds_by_name(self._roots).items()
        }

    async def round(self, name: str, texts: list[str]) -> Round:
        """One document for each text."""
        chunks = sum(_chunks(text) for text in texts)
        sends = [_send(f"{name}/{number}.md", number, text) for number, text in enumerate(texts)]
        before, indexed, begun = seconds_by_name(self._roots), await self._indexed(), time.perf_counter()
        await self._producer.send_all(sends)
        async with asyncio.timeout(_ROUND_SECONDS):
            while await self._indexed() - indexed < len(sends):  # noqa: ASYNC110 – another process counts
                await asyncio.sleep(_ASK_SECONDS)
        seconds, after = time.perf_counter() - begun, seconds_by_name(self._roots)
        return Round(chunks, seconds, {each: after[each] - before[each] for each in after})

    async def _indexed(self) -> int:
        """Records that indexing is done with; each document is one part."""
        async with self._http.get(f"http://127.0.0.1:{self._ports['indexing']}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        name = 'headrace_records_total{stage="indexing"}'
        return sum(int(float(line.split()[-1])) for line in lines if line.startswith(name))


def _chunks(text: str) -> int:
    document = parse(text.encode(), "a.md")
    found = len(cut(document.markdown, "a.md", document.text_type, _document("a.md", 0).chunking, []))
    if found > 57:
        raise SystemExit(f"a document of {found} chunks has several parts; choose fewer --sections")
    return found


def _document(key: str, ordinal: int) -> Document:
    return Document(
        tenant="default_tenant",
        database="default_database",
        collection="stages",
        namespace="stages",
        document_key=key,
        version_key=key,
        embedding=Embedding(model="null"),
        source_id="stages",
        run=RunPosition(invocation_id="stages", attempt=1, ordinal=ordinal),
    )


def _send(key: str, ordinal: int, text: str) -> Send:
    content, document = text.encode(), _document(key, ordinal)
    payload = Payload(size=len(content), sha256=hashlib.sha256(content).hexdigest(), inline=content)
    event = DocumentUpserted(document=document, content=payload, filename=key)
    return Send(DOCUMENTS, document_id(document), event)


def _texts(count: int, sections: int, chance: random.Random) -> list[str]:
    """Markdown of about 800 bytes a section."""
    words = [sentences(chance, 8) for _ in range(200)]
    return [
        "\n\n".join(f"## Section {n} of {number}\n\n{chance.choice(words)}" for n in range(sections))
        for number in range(count)
    ]


async def run(asked: argparse.Namespace) -> None:
    """Start everything, measure, stop everything."""
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        data = Path(folder)
        async with LocalBroker(data / "kafka") as broker, Supervisor(signals=()) as supervisor:
            file = data / "client.properties"
            properties = {**broker.client_properties, **dict(one.split("=", 1) for one in asked.kafka)}
            file.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
            cluster = quiet(Cluster(broker.bootstrap_servers, properties=read_client_config(file)))
            await asyncio.to_thread(ensure_topics, cluster, _PARTITIONS)
            ports: dict[str, int] = {}
            for name in _SERVICES:
                ports[name] = free_port(frozenset(ports.values()))
            environment = os.environ | {
                "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
                "HEADRACE_KAFKA_CONFIG": str(file),
                "HEADRACE_CHROMA_URL": "http://127.0.0.1:9",
                "HEADRACE_DATA_DIR": str(data),
                "HEADRACE_STATIC_MEMBERSHIP": "true",
            }
            for name in _SERVICES:
                own = environment | {"HEADRACE_METRICS_PORT": str(ports[name])}
                argv = [sys.executable, "-m", "benchmarks.null_service", name]
                await supervisor.start(ProcessSpec(name, argv, data / f"{name}.log", own))
            await _answering(ports)
            roots = {name: pid for name in _SERVICES if (pid := supervisor.states[name].pid) is not None}
            stages = Stages(cluster, ports, {**roots, _BROKER: broker.pid})
            try:
                await _measure(asked, stages)
            finally:
                await stages.close()


async def _answering(ports: Mapping[str, int]) -> None:
    async with asyncio.timeout(120), aiohttp.ClientSession() as http:
        for port in ports.values():
            while True:
                try:
                    async with http.get(f"http://127.0.0.1:{port}/metrics"):
                        break
                except aiohttp.ClientError:
                    await asyncio.sleep(_ASK_SECONDS)


async def _measure(asked: argparse.Namespace, stages: Stages) -> None:
    chance = random.Random(asked.seed)
    await stages.round("warm", _texts(200, asked.sections, chance))
    rounds = []
    for number in range(asked.rounds):
        texts = _texts(asked.documents, asked.sections, chance)
        rounds.append(await stages.round(f"round-{number}", texts))
    idle = await stages.idle()
    costs = {
        name: median(1e3 * max(0.0, one.cpu[name] - share * one.seconds) / one.chunks for one in rounds)
        for name, share in idle.items()
    }
    total = sum(costs.values())
    rows = [
        (name, f"{cost:.3f}", f"{100 * cost / total:.0f}", f"{100 * idle[name]:.1f}")
        for name, cost in costs.items()
    ]
    rows.append(("all", f"{total:.3f}", "", f"{100 * sum(idle.values()):.1f}"))
    each = rounds[0].chunks / asked.documents
    shape = f"{asked.documents:,} documents of {each:.1f} chunks, {DIMENSION} dimensions"
    columns = ("process", "CPU ms/chunk", "%", "idle, % of a core")
    show(table(f"{shape}, {asked.rounds} rounds", columns, rows))
    rate = median(one.chunks / one.seconds for one in rounds)
    show(f"{rate:,.0f} chunks/s; {2e3 / total:,.0f} chunks per two seconds of CPU")


def main() -> None:
    """Read the command line and print the table."""
    parser = command_line("stages", __doc__)
    parser.add_argument("--documents", type=int, default=2_000, help="of a round")
    parser.add_argument("--rounds", type=int, default=3, help="how often")
    parser.add_argument("--sections", type=int, default=12, help="of a document; each is a chunk or two")
    parser.add_argument("--kafka", nargs="*", default=[], help="properties of all clients, as linger.ms=20")
    parser.add_argument("--seed", type=int, default=1, help="other texts")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
