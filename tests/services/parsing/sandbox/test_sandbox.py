from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import CorruptDocument, DocumentTooLarge, TransientError, UnsupportedFormat
from services.parsing import Choices
from services.parsing.sandbox.pool import Sandbox
from streams.processes.errors import RemoteError
from tests.services.parsing import samples
from tests.services.parsing.sandbox import hostile

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(
        workers=1,
        memory_bytes=256 * MEBIBYTE,
        cpu_seconds=1,
        wall_seconds=5,
        modules=[hostile.__name__],
        choices=Choices(comments=False),
    )
    yield box
    box.close()


async def test_documents_are_parsed_in_workers(sandbox: Sandbox) -> None:
    document = await sandbox.parse(samples.docx(samples.paragraph("One", "H1")), "a.docx", None)

    assert document.markdown == "# One\n"


async def test_workers_read_what_the_service_chose(sandbox: Sandbox) -> None:
    document = await sandbox.parse(rb"{\rtf1\ansi Open it.{\*\annotation Why?}\par}", "a.rtf", None)

    assert document.markdown == "Open it.\n"


async def test_errors_of_the_contract_come_back_as_they_were(sandbox: Sandbox) -> None:
    with pytest.raises(UnsupportedFormat, match=r"a\.bin"):
        await sandbox.parse(b"\0\1\2\3", "a.bin", None)


async def test_long_documents_travel_too_and_lie_in_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    text = "a line\n" * 400_000
    box = Sandbox()
    try:
        assert (await box.parse(text.encode(), "a.txt", None)).markdown == text
        assert os.listdir(tmp_path) == []
    finally:
        box.close()


async def test_a_worker_that_dies_costs_only_its_document(sandbox: Sandbox) -> None:
    with pytest.raises(CorruptDocument, match=r"bad\.pdf: the parser crashed on it \(exit code -11\)"):
        await sandbox.run("bad.pdf", hostile.dies)

    assert (await sandbox.parse(b"# fine", "a.md", None)).markdown == "# fine"


async def test_too_much_memory_is_too_large(sandbox: Sandbox) -> None:
    with pytest.raises(DocumentTooLarge, match="memory"):
        await sandbox.run("big.xlsx", hostile.swells)


async def test_too_much_cpu_time_is_too_large() -> None:
    box = Sandbox(workers=1, cpu_seconds=1, wall_seconds=30, modules=[hostile.__name__])
    try:
        with pytest.raises(DocumentTooLarge, match="CPU"):
            await box.run("loop.pdf", hostile.spins)
    finally:
        box.close()


async def test_too_much_wall_time_is_too_large() -> None:
    box = Sandbox(workers=1, wall_seconds=0.5, modules=[hostile.__name__])
    try:
        with pytest.raises(DocumentTooLarge, match=r"longer than 0\.5 s"):
            await box.run("slow.pdf", hostile.hangs)
    finally:
        box.close()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not count threads")
async def test_a_worker_scores_web_pages_in_one_thread() -> None:
    box = Sandbox(modules=[hostile.__name__])
    page = "".join(f"<p>Sentence {n} of a page with many paragraphs ends here.</p>" for n in range(500))
    try:
        await box.parse(page.encode(), "a.html", None, main_content=True)
        status = await box.run("stat", hostile.reads, "/proc/self/stat")
    finally:
        box.close()

    assert int(status.rpartition(b")")[2].split()[17]) == 1


async def test_workers_reach_no_network(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(RemoteError, match="Error: "):
        await sandbox.run("page.html", hostile.phones, server.getsockname())


async def test_workers_write_no_files(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(RemoteError, match="Error: "):
        await sandbox.run("a.docx", hostile.writes, f"{tmp_path}/x")


async def test_closing_ends_what_waits() -> None:
    box = Sandbox(workers=1, wall_seconds=60, modules=[hostile.__name__])
    waiting = asyncio.ensure_future(box.run("slow.pdf", hostile.hangs))
    await asyncio.sleep(0)  # lets it be scheduled
    box.close()

    with pytest.raises(TransientError, match="stopped"):
        await waiting
