"""A connector that is frozen with documents on their way, and wakes when another has done its work.

The order of `documents` is the order of versions, so whatever the first still writes there would be the
newest version of what the second has written: old text, and files that were deleted meanwhile.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headrace.wiring import SERVICES
from schemas.events import DocumentDeleted, DocumentUpserted
from streams.local import ProcessSpec
from streams.state.reader import Reader, end_offsets
from streams.topics import DOCUMENTS
from tests.conftest import Chroma, Kafka
from tests.processes import is_alive, is_frozen
from tests.streams.broker import CODEC
from tests.system.pipeline import PARTITIONS, Pipeline, running
from tests.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.timeout(300)]

#: Of two connectors one freezes and one is its heir.
ZOMBIE, HEIR = 7, 1
FILES = 20


@pytest.fixture
async def others(
    kafka: Kafka, chroma: Chroma, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pipeline]:
    """A system without connectors."""
    services = [name for name in SERVICES if name != "connectors"]
    data = tmp_path_factory.mktemp("zombies")
    async with running(kafka.bootstrap_servers, chroma.url, data, services=services) as made:
        yield made


class Zombie:
    """A process of connectors that freezes itself, and is woken."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline, self._name = pipeline, f"connectors-{ZOMBIE}"
        self._mark = pipeline.data / "frozen"

    async def start(self, moment: str, documents: int) -> None:
        argv = [sys.executable, "-m", "tests.system.frozen_connectors"]
        argv += [str(self._mark), moment, str(documents)]
        environment = {**self._pipeline.environment, "HEADRACE_SLOT": str(ZOMBIE)}
        log = self._pipeline.data / f"{self._name}.log"
        await self._pipeline.supervisor.start(ProcessSpec(self._name, argv, log, environment))

    async def frozen(self) -> None:
        """Wait until it is."""
        await eventually(lambda: self._mark.exists() and is_frozen(self._pid), 60)

    async def woken_and_ended(self) -> None:
        """Let it go on, and wait until it is gone: whatever it could still write, it has written."""
        pid = self._pid
        os.kill(pid, signal.SIGCONT)
        await eventually(lambda: not is_alive(pid), 60)

    @property
    def _pid(self) -> int:
        pid = self._pipeline.supervisor.states[self._name].pid
        assert pid is not None
        return pid


async def versions(pipeline: Pipeline) -> dict[str, str]:
    """Document key → text of the newest version on `documents`; of deleted ones, of the last before that."""

    def read() -> dict[str, str]:
        reader = Reader(pipeline.cluster, CODEC)
        ends = end_offsets(pipeline.cluster, [(DOCUMENTS.name, p) for p in range(PARTITIONS)])
        reader.assign(dict.fromkeys(ends, 0))
        events = [change.event for batch in reader.read_to(ends) for change in batch.changes]
        reader.close()
        found: dict[str, str] = {}
        for event in events:
            if isinstance(event, DocumentUpserted):
                found[event.document.document_key] = (event.content.inline or b"").decode()
            elif isinstance(event, DocumentDeleted):
                found.pop(event.document.document_key, None)
        return found

    return await asyncio.to_thread(read)


async def indexed(pipeline: Pipeline, collection: str) -> dict[str, str]:
    """Document key → text in the collection."""
    rows = (await pipeline.rows(collection)).values()
    return {str(metadata["document_key"]): text for text, metadata in rows}


def write(folder: Path, version: str) -> dict[str, str]:
    """Files of one chunk each; key → text."""
    texts = {f"{n:03}.md": f"# Title {n}\n\nThe {version} version says this." for n in range(FILES)}
    for name, text in texts.items():
        (folder / name).write_text(text)
    return texts


@pytest.mark.parametrize("moment", ["produced", "committing"])
async def test_a_connector_that_wakes_beside_its_heir_writes_no_old_version_of_a_file_and_brings_none_back(
    others: Pipeline, tmp_path_factory: pytest.TempPathFactory, moment: str
) -> None:
    folder, zombie = tmp_path_factory.mktemp("woken-run"), Zombie(others)
    write(folder, "old")
    await zombie.start(moment, documents=4)
    source = await others.source(folder)
    invocation = await others.begin(source, folder.name)
    await zombie.frozen()

    new = write(folder, "new")
    await others.start("connectors", slot=HEIR)
    assert (await others.ended(invocation))["total"] == FILES
    for name in list(new)[:3]:
        (folder / name).unlink()
        del new[name]
    assert (await others.sync(source, folder.name))["deleted"] == 3
    await zombie.woken_and_ended()

    assert await versions(others) == new
    # Another run goes through all stages behind whatever it could have written.
    await others.sync(source, f"{folder.name}-again")
    assert await indexed(others, folder.name) == new


@pytest.mark.parametrize("moment", ["produced", "committing"])
async def test_a_connector_that_wakes_beside_its_heir_writes_no_old_upload_over_a_newer_one(
    others: Pipeline, moment: str
) -> None:
    zombie, collection = Zombie(others), f"woken-upload-{moment}"
    await zombie.start(moment, documents=1)
    first = await others.upload(collection, "report.md", b"# Report\n\nversion one")
    await zombie.frozen()

    await others.start("connectors", slot=HEIR)
    assert (await others.ended(first))["total"] == 1
    second = await others.upload(collection, "report.md", b"# Report\n\nversion two")
    assert (await others.ended(second))["total"] == 1
    await zombie.woken_and_ended()

    assert await versions(others) == {"report.md": "# Report\n\nversion two"}
    third = await others.upload(collection, "other.md", b"# Other")
    await others.ended(third)
    assert (await indexed(others, collection))["report.md"] == "# Report\n\nversion two"
