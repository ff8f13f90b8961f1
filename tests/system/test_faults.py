"""Whatever is killed or frozen in mid-run: nothing is lost, doubled or left behind, and the counts are exact.

Each fault strikes while a run writes its second version of a folder: files are edited, shrunk, deleted and
added, so that a loss, a double, a tail or a stale text would show in the collection.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from headrace.wiring import SERVICES
from schemas.ids import text_sha256
from streams.local import LocalBroker, LocalChroma
from tests.system.pipeline import Pipeline, chunks_of, running

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.timeout(400)]

FILES = 60
#: Longer than the session of 10 s, so that a frozen worker has lost its partitions when it wakes.
FROZEN_SECONDS = 13.0


class Servers:
    """A broker and a Chroma server of these tests' own, because they are killed."""

    def __init__(self, broker: LocalBroker, chroma: LocalChroma) -> None:
        self.broker, self.chroma = broker, chroma


@pytest.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    folder = tmp_path_factory.mktemp("servers")
    async with LocalBroker(folder / "kafka") as broker, LocalChroma(folder / "chroma") as chroma:
        yield Servers(broker, chroma)


@pytest.fixture(scope="module")
async def victim(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pipeline]:
    """A system of these tests' own."""
    data = tmp_path_factory.mktemp("faults")
    broker = servers.broker
    async with running(
        broker.bootstrap_servers, servers.chroma.url, data, broker.client_file, SERVICES
    ) as made:
        yield made


def write(root: Path, number: int, sentences: int, version: str) -> None:
    text = "\n\n".join(f"# Part {n} of {number}\n\n{version} says this. " * 12 for n in range(sentences))
    (root / f"{number:03}.md").write_text(text)


def second_version(root: Path, files: int = FILES, edited: int = 3, shrunk: int = 1) -> None:
    """Of every four files one is edited, one shrunk (to so many parts), one deleted, one left; five new."""
    for number in range(files):
        match number % 4:
            case 0:
                write(root, number, edited, "new")
            case 1:
                write(root, number, shrunk, "new")
            case 2:
                (root / f"{number:03}.md").unlink()
    for number in range(files, files + 5):
        write(root, number, 2, "new")


def texts(folder: Path, source: str) -> dict[str, str]:
    """What the collection must hold: id → text."""
    return {
        f"{text_sha256(f'{source}{chr(0)}{path.name}')}-{number}": piece.text
        for path in sorted(folder.iterdir())
        for number, piece in enumerate(chunks_of(path.name, path.read_bytes()))
    }


async def strike(pipeline: Pipeline, folder: Path, fault: Callable[[], Awaitable[None]]) -> None:
    """Sync twice, with the fault in the middle of the second run, and look at everything."""
    collection = folder.name
    for number in range(FILES):
        write(folder, number, 4, "old")
    source = await pipeline.source(folder)
    await pipeline.sync(source, collection)
    second_version(folder)

    invocation = await pipeline.begin(source, collection)
    await pipeline.counted(invocation, 3)
    await fault()
    counts = await pipeline.ended(invocation, within=200)

    rows = await pipeline.rows(collection)
    assert {id_: text for id_, (text, _) in rows.items()} == texts(folder, source)
    assert counts["failed"] == 0
    quarter = FILES // 4
    assert (counts["indexed"], counts["deleted"], counts["unchanged"]) == (2 * quarter + 5, quarter, quarter)
    assert counts["total"] == FILES + 5
    async with asyncio.timeout(30):  # dense and sparse agree
        while await pipeline.sparse(collection) != (set(rows), len(rows)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_killed_in_mid_run_harms_nothing(
    victim: Pipeline, tmp_path_factory: pytest.TempPathFactory, service: str
) -> None:
    async def kill() -> None:
        victim.signal(service, signal.SIGKILL)

    await strike(victim, tmp_path_factory.mktemp(f"killed-{service}-"), kill)


async def test_the_broker_killed_in_mid_run_harms_nothing(
    victim: Pipeline, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def kill() -> None:
        await servers.broker.kill()
        await servers.broker.start()

    await strike(victim, tmp_path_factory.mktemp("killed-broker"), kill)


async def test_chroma_killed_in_mid_run_harms_nothing(
    victim: Pipeline, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def kill() -> None:
        await servers.chroma.kill()
        await servers.chroma.start()

    await strike(victim, tmp_path_factory.mktemp("killed-chroma"), kill)


async def test_a_file_deleted_while_a_run_that_was_broken_off_had_it_on_its_way_does_not_stay(
    victim: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("broken-off")
    for number in range(3):
        write(folder, number, 2, "new")
    source = await victim.source(folder)
    victim.signal("embedding", signal.SIGSTOP)  # what is sent stays on its way
    invocation = await victim.begin(source, folder.name)
    await victim.counted(invocation, 3, "chunked")

    victim.signal("connectors", signal.SIGKILL)
    (folder / "001.md").unlink()
    await victim.begun_anew(invocation)
    with contextlib.suppress(TimeoutError):  # a run that does not wait sends what is left once more
        async with asyncio.timeout(3):
            await victim.counted(invocation, 2, "chunked")
    victim.signal("embedding", signal.SIGCONT)
    counts = await victim.ended(invocation)

    rows = await victim.rows(folder.name)
    assert {id_: text for id_, (text, _) in rows.items()} == texts(folder, source)
    assert (counts["total"], counts["indexed"], counts["deleted"]) == (3, 2, 1)


async def test_workers_frozen_past_their_session_and_woken_beside_their_heirs_harm_nothing(
    victim: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> None:
    workers = [name for name in SERVICES if name != "api"]
    for name in workers:
        await victim.start(name, slot=1)

    async def freeze() -> None:
        for name in workers:
            victim.signal(name, signal.SIGSTOP)
        await asyncio.sleep(FROZEN_SECONDS)
        for name in workers:
            victim.signal(name, signal.SIGCONT)

    await strike(victim, tmp_path_factory.mktemp("frozen"), freeze)
