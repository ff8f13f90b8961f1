"""`headrace reembed`: another model for a collection that is read, changed and killed meanwhile."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.system.conftest import SMALL_DIMENSION, SMALL_MODEL
from tests.system.pipeline import DATABASE, Pipeline, chunks_of

pytestmark = pytest.mark.system


class Command:
    """`headrace reembed` or `verify` as a process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said = ""

    async def ended(self) -> tuple[int, str]:
        """Exit status, and everything that it has said."""
        out, errors = await self._process.communicate()
        self.said += errors.decode() + out.decode()
        return self._process.returncode or 0, self.said

    async def says(self, words: str) -> None:
        """Wait until it has said this."""
        assert self._process.stderr is not None
        async with asyncio.timeout(60):
            while words not in self.said:
                line = (await self._process.stderr.readline()).decode()
                assert line, self.said
                self.said += line

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)


async def begin(pipeline: Pipeline, name: str, collection: str, *options: str) -> Command:
    url = f"http://127.0.0.1:{pipeline.environment['HEADRACE_PORT']}"
    return Command(
        await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "headrace", name, "-c", collection, *options),
            env={**pipeline.environment, "HEADRACE_URL": url},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    )


async def reembed(pipeline: Pipeline, collection: str, *options: str) -> tuple[int, str]:
    command = await begin(pipeline, "reembed", collection, "--model", SMALL_MODEL, *options)
    return await command.ended()


async def names(pipeline: Pipeline, collection: str) -> list[str]:
    """The collections whose names begin with this one."""
    base = f"{pipeline.chroma_url}/api/v2/tenants/default_tenant/databases/{DATABASE}/collections"
    async with aiohttp.ClientSession() as chroma, chroma.get(base) as response:
        return sorted(one["name"] for one in await response.json() if one["name"].startswith(collection))


async def dimension(pipeline: Pipeline, collection: str) -> int | None:
    """That of the collection with this name; None while there is none."""
    base = f"{pipeline.chroma_url}/api/v2/tenants/default_tenant/databases/{DATABASE}/collections"
    async with aiohttp.ClientSession() as chroma, chroma.get(f"{base}/{collection}") as response:
        found: dict[str, Any] = await response.json()
        return found.get("dimension") if response.status == 200 else None


@asynccontextmanager
async def reading(pipeline: Pipeline, collection: str, rows: int) -> AsyncIterator[list[tuple[int, int]]]:
    """A reader that looks the collection up by its name again and again, through the gateway: dimension and
    number of rows, whenever they change."""
    seen: list[tuple[int, int]] = []
    base = f"/api/v2/tenants/default_tenant/databases/{DATABASE}/collections"

    async def read() -> None:
        while True:
            _, found = await pipeline.call("GET", f"{base}/{collection}")
            assert "id" in found, found
            async with pipeline.http.get(f"{base}/{found['id']}/count") as response:
                if response.status == 404:  # dropped since
                    continue
                look = (found["dimension"], int(await response.text()))
            if look not in seen[-1:]:
                seen.append(look)
            await asyncio.sleep(0.015)

    task = asyncio.create_task(read())
    try:
        yield seen
    finally:
        task.cancel()
        [error] = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(error, asyncio.CancelledError), error


@contextmanager
def changed(file: str, words: str, others: str) -> Iterator[None]:
    """A file in which these words are others."""
    whole = Path(file).read_text()
    assert words in whole
    Path(file).write_text(whole.replace(words, others))
    yield
    Path(file).write_text(whole)


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(f"# {name}\n\n{text}\n")


def expected(folder: Path) -> list[str]:
    return sorted(
        chunk.text for file in folder.iterdir() for chunk in chunks_of(file.name, file.read_bytes())
    )


@pytest.mark.faults
async def test_a_collection_gets_another_model_while_it_is_read_and_its_documents_change(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    collection = "reembedded"
    write(tmp_path, **{f"n{number}": f"The text of number {number}. " * (number + 1) for number in range(24)})
    source = await pipeline.source(tmp_path)
    await pipeline.sync(source, collection)
    before = await pipeline.rows(collection)
    assert await dimension(pipeline, collection) == 384

    async with reading(pipeline, collection, len(before)) as seen:
        command = await begin(pipeline, "reembed", collection, "--model", SMALL_MODEL)
        await command.says("embedding")
        write(tmp_path, n3="Changed while it was embedded again.", new="New since.")
        (tmp_path / "n7.md").unlink()
        running = await pipeline.begin(source, collection)
        status, said = await command.ended()
        await pipeline.ended(running)
    after = await pipeline.rows(collection)

    assert status == 0, said
    assert f"embedded with {SMALL_MODEL}" in said
    assert sorted(text for text, _ in after.values()) == expected(tmp_path)
    assert await dimension(pipeline, collection) == SMALL_DIMENSION
    assert await names(pipeline, collection) == [collection]
    sizes = {size for size, _ in seen}
    assert sizes == {384, SMALL_DIMENSION}
    switched = next(at for at, (size, _) in enumerate(seen) if size == SMALL_DIMENSION)
    assert {size for size, _ in seen[switched:]} == {SMALL_DIMENSION}
    assert min(rows for _, rows in seen) >= len(before) - 1  # whole, before and after: one file was deleted
    verified = await (await begin(pipeline, "verify", collection)).ended()
    assert verified[0] == 0, verified
    assert f"{len(after)} rows and {len(after)} sparse rows compared, all as recorded" in verified[1]

    # Nothing is read or embedded again, and what changes from now on has the new model.
    embedded = await pipeline.embedded()
    counts = await pipeline.sync(source, collection)
    assert (counts["unchanged"], counts["indexed"]) == (counts["total"], 0)
    assert await pipeline.embedded() <= embedded + 1  # the gateway asks a model for its fingerprint
    write(tmp_path, n5="Changed afterwards.")
    (tmp_path / "n9.md").unlink()
    await pipeline.sync(source, collection)
    await pipeline.ended(await pipeline.upload(collection, "note.md", b"# An upload\n\nof later.\n"))
    (tmp_path / "note.md").write_bytes(b"# An upload\n\nof later.\n")
    rows = await pipeline.rows(collection)
    assert sorted(text for text, _ in rows.values()) == expected(tmp_path)
    assert await reembed(pipeline, collection) == (
        0,
        f"{collection}: {len(rows)} rows, had this model already\n",
    )


@pytest.mark.faults
async def test_a_command_and_an_indexer_that_are_killed_leave_the_old_one_and_it_is_run_again(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    collection = "reembedded-killed"
    write(tmp_path, **{f"n{number}": f"Number {number} has this text. " * 40 for number in range(12)})
    source = await pipeline.source(tmp_path)
    await pipeline.sync(source, collection)
    before = await pipeline.rows(collection)

    command = await begin(pipeline, "reembed", collection, "--model", SMALL_MODEL)
    await command.says("embedding")
    command.kill()
    await command.ended()
    assert await pipeline.rows(collection) == before
    assert await dimension(pipeline, collection) == 384

    pipeline.signal("indexing", signal.SIGSTOP)  # it cannot come to the switch
    command = await begin(pipeline, "reembed", collection, "--model", SMALL_MODEL)
    await command.says("asking")
    pipeline.signal("indexing", signal.SIGKILL)
    status, said = await command.ended()

    assert status == 0, said
    assert await pipeline.rows(collection) == before
    assert await dimension(pipeline, collection) == SMALL_DIMENSION
    assert await names(pipeline, collection) == [collection]

    # The model itself changes under its name.
    with changed(
        pipeline.environment["HEADRACE_MODELS"], f"dimensions = {SMALL_DIMENSION}", "dimensions = 32"
    ):
        await pipeline.kill("embedding")
        write(tmp_path, n1="Changed before the collection has the new model.")
        status, said = await (await begin(pipeline, "reembed", collection, "--keep-old")).ended()
        assert status == 0, said
        assert await dimension(pipeline, collection) == 32
        [_, former] = await names(pipeline, collection)
        assert f"the old collection is kept as {former!r}" in said
        await pipeline.sync(source, collection)
        rows = await pipeline.rows(collection)
        assert sorted(text for text, _ in rows.values()) == expected(tmp_path)
    await pipeline.kill("embedding")
