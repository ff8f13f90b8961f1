"""Partitions are grown under load, and the command is killed: nothing is lost, doubled or stale."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from headrace.wiring import SERVICES
from schemas.codec import SingleObjectCodec
from schemas.events import DeadLetter, DocumentUpserted
from schemas.ids import text_sha256
from streams.growth.placing import PLACED, place_of
from streams.kafka.cluster import Cluster, admin, partition_counts
from streams.kafka.sending import Sending, send
from streams.local import LocalBroker, LocalChroma
from streams.state.letters import replay
from streams.state.reader import Reader, end_offsets, first_offsets
from streams.topics import DEAD_LETTERS, DOCUMENTS, INBOX, SOURCES, Topic
from tests.system.pipeline import PARTITIONS, Pipeline, chunks_of, running
from tests.system.test_faults import FILES, second_version, texts, write

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.timeout(600)]

CODEC = SingleObjectCodec()
#: No multiple, so that keys move between partitions that were there, too.
AFTER = 7
COLLECTION = "grown"


@pytest.fixture
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pipeline]:
    folder = tmp_path_factory.mktemp("growth")
    async with LocalBroker(folder / "kafka") as broker, LocalChroma(folder / "chroma") as chroma:
        data = tmp_path_factory.mktemp("grown")
        async with running(broker.bootstrap_servers, chroma.url, data, broker.client_file, SERVICES) as made:
            yield made


class Command:
    """`headrace topics grow`, whose lines can be waited for."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.lines = process, list[str]()

    @classmethod
    async def begin(cls, system: Pipeline, *arguments: str) -> "Command":
        program = [sys.executable, "-m", "headrace", *arguments]
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(*program, env=system.environment, stdout=pipe, stderr=pipe)
        )

    async def says(self, beginning: str) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(200):
            while line := (await self.process.stdout.readline()).decode().strip():
                self.lines.append(line)
                if line.startswith(beginning):
                    return line
        _, errors = await self.process.communicate()
        raise AssertionError(f"it ended without {beginning!r}: {self.lines}, {errors.decode()}")

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


async def done(system: Pipeline, *arguments: str) -> str:
    command = await Command.begin(system, *arguments)
    output, errors = await command.process.communicate()
    assert command.process.returncode == 0, (output, errors)
    return output.decode()


class Uploads:
    """Uploads versions of some files without a pause; what is refused is sent again."""

    def __init__(self, system: Pipeline) -> None:
        self._system = system
        self.newest: dict[str, str] = {}
        self.accepted = self.refused = 0
        self._number = 0
        self._stop = asyncio.Event()

    def begin(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def end(self) -> None:
        self._stop.set()
        await self._task

    async def _run(self) -> None:
        while not self._stop.is_set():
            name = f"upload-{self._number % 9}.md"
            text = f"# {name}\n\nThis is version {self._number}."
            run = await self._accepted(name, text)
            self.newest[name] = text
            self._number += 1
            if self._number % 5 == 0:
                await self._system.ended(run, within=200)

    async def _accepted(self, name: str, text: str) -> str:
        while True:
            with contextlib.suppress(aiohttp.ClientError):  # the gateway begins anew
                form = aiohttp.FormData({"database_name": "default_database", "collection_name": COLLECTION})
                form.add_field("file", text.encode(), filename=name)
                headers = {"x-upload-content-length": str(len(text.encode()))}
                status, body = await self._system.call("POST", "/api/v1/add-file", data=form, headers=headers)
                if status == 201:
                    self.accepted += 1
                    return str(body["invocation_id"])
                assert status == 503, body
                assert "being grown from 4 to 7" in body["message"] or "begins anew" in body["message"]
                self.refused += 1
            await asyncio.sleep(0.05)


def event_of(cluster: Cluster, key: str) -> tuple[int, int, bytes]:
    """Partition, offset and value of the newest record of a document on `documents`."""
    count = partition_counts(admin(cluster), cluster)[DOCUMENTS.name]
    places = [(DOCUMENTS.name, p) for p in range(count)]
    reader, found = Reader(cluster, CODEC), (0, 0, b"")
    reader.assign(dict.fromkeys(places, 0))
    for batch in reader.read_to(end_offsets(cluster, places)):
        for change in batch.changes:
            if isinstance(change.event, DocumentUpserted) and change.event.document.document_key == key:
                found = change.partition, change.offset, CODEC.encode(change.event, DOCUMENTS.name)
    reader.close()
    return found


def as_letter(cluster: Cluster, key: str) -> DeadLetter:
    """Have the newest version of a document be a dead letter, as if parsing had failed."""
    from schemas.ids import document_id

    partition, offset, value = event_of(cluster, key)
    event = CODEC.decode(value)
    assert isinstance(event, DocumentUpserted)
    letter = DeadLetter(
        id=f"{partition}-{offset}",
        topic=DOCUMENTS.name,
        partition=partition,
        offset=offset,
        key=document_id(event.document).encode(),
        value=value,
        stage="parsing",
        error_class="CorruptDocument",
        error="as the test says",
        attempt=1,
        document_key=key,
        failed_at=datetime.now(UTC),
    )
    send(cluster, [Sending(DEAD_LETTERS.name, letter.id, CODEC.encode(letter, DEAD_LETTERS.name))])
    return letter


def misplaced(cluster: Cluster, topic: Topic) -> list[str]:
    """Keys of records at a partition that is not theirs; what is written anew counts, too."""
    counts = partition_counts(admin(cluster), cluster)
    places = [(topic.name, p) for p in range(counts[topic.name])]
    reader, found = Reader(cluster, CODEC), list[str]()
    reader.assign(first_offsets(cluster, places))
    for batch in reader.read_to(end_offsets(cluster, places)):
        for change in batch.changes:
            event = change.event
            if event is not None and place_of(topic, change.key, event, AFTER) != change.partition:
                found.append(change.key)
    reader.close()
    return found


async def agree(system: Pipeline, wanted: dict[str, str]) -> None:
    """Wait until the collection and the sparse index have exactly these rows."""
    found: Any = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(90):
            while True:
                rows = await system.rows(COLLECTION)
                found = {id_: text for id_, (text, _) in rows.items()}
                if found == wanted and await system.sparse(COLLECTION) == (set(rows), len(rows)):
                    return
                await asyncio.sleep(0.2)
    assert found == wanted
    assert await system.sparse(COLLECTION) == (set(wanted), len(wanted))


def uploaded(files: dict[str, str]) -> dict[str, str]:
    """The rows of uploads: id → text."""
    return {
        f"{text_sha256(name)}-{number}": piece.text
        for name, text in files.items()
        for number, piece in enumerate(chunks_of(name, text.encode()))
    }


async def test_partitions_grow_under_load_though_the_command_is_killed(
    system: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("folder")
    for number in range(FILES):
        write(folder, number, 3, "old")
    source = await system.source(folder)
    await system.sync(source, COLLECTION)
    await system.ended(await system.upload(COLLECTION, "late.md", b"# The first version"))
    letters = [as_letter(system.cluster, "late.md")]
    await system.ended(await system.upload(COLLECTION, "late.md", b"# The second version"))
    before = await system.rows(COLLECTION)
    uploads = Uploads(system)
    uploads.begin()
    second_version(folder)
    run = await system.begin(source, COLLECTION)
    await system.counted(run, 3)

    assert "4 -> 7" in await done(system, "topics", "grow", "--partitions", str(AFTER), "--dry-run")
    first = await Command.begin(system, "topics", "grow", "--partitions", str(AFTER))
    await first.says("waiting: ")  # for the run that has begun
    await first.says("all topics have 7 partitions")
    await first.says("source-documents: ")
    await first.kill()
    assert len(await system.rows(COLLECTION)) >= len(before) // 2  # it can be read meanwhile
    second = await Command.begin(system, "topics", "grow", "--partitions", str(AFTER))
    await second.says("all topics have 7 partitions; the services")
    assert await second.process.wait() == 0

    assert (await system.ended(run))["failed"] == 0
    accepted = uploads.accepted
    async with asyncio.timeout(120):  # all goes on by itself
        while uploads.accepted < accepted + 20:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await uploads.end()
    assert uploads.refused > 0
    for number in range(0, FILES, 8):  # their versions before have greater offsets
        write(folder, number, 2, "third")
    (folder / "001.md").unlink()
    counts = await system.sync(source, COLLECTION)
    assert (counts["indexed"], counts["deleted"], counts["failed"]) == (len(range(0, FILES, 8)), 1, 0)
    assert (await system.sync(source, COLLECTION))["unchanged"] == counts["total"] - 1
    await system.ended(await system.upload(COLLECTION, "late.md", b"# The third version"))
    letters.append(as_letter(system.cluster, "late.md"))
    await system.ended(await system.upload(COLLECTION, "late.md", b"# The fourth version"))

    # The gateway has settled them by now: something newer has taken their place.
    await asyncio.to_thread(replay, system.cluster, CODEC, letters, datetime.now(UTC), "")
    await agree(
        system, texts(folder, source) | uploaded(uploads.newest | {"late.md": "# The fourth version"})
    )
    assert not await done(system, "dead-letters", "list")
    for topic in PLACED:
        assert not await asyncio.to_thread(misplaced, system.cluster, topic), topic.name
    counts_now = partition_counts(admin(system.cluster), system.cluster)
    assert (counts_now[SOURCES.name], counts_now[INBOX.name]) == (AFTER, PARTITIONS)
