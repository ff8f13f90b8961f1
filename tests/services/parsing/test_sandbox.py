from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Iterator

import pytest

from schemas.errors import CorruptDocument, DocumentTooLarge, TransientError, UnsupportedFormat
from services.parsing.sandbox import Sandbox
from tests.services.parsing import samples

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(workers=1, memory_bytes=256 * MEBIBYTE, cpu_seconds=1, wall_seconds=5)
    yield box
    box.close()


# What a hostile document may make a parser do, run in a worker.


def dies() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def spins() -> None:
    while True:
        pass


def hangs() -> None:
    time.sleep(60)


def swells() -> int:
    # Beyond the 2 GiB of addresses that are the libraries', not the document's.
    return len(bytearray(4096 * MEBIBYTE))


def phones(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=2):
        pass


def writes(path: str) -> None:
    with open(path, "w") as file:
        file.write("x")
        file.flush()


async def test_documents_are_parsed_in_workers(sandbox: Sandbox) -> None:
    document = await sandbox.parse(samples.docx(samples.paragraph("One", "H1")), "a.docx", None)

    assert document.markdown == "# One\n"


async def test_errors_of_the_contract_come_back_as_they_were(sandbox: Sandbox) -> None:
    with pytest.raises(UnsupportedFormat, match=r"a\.bin"):
        await sandbox.parse(b"\0\1\2\3", "a.bin", None)


async def test_long_documents_travel_too_and_leave_no_file(
    sandbox: Sandbox, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    text = "a line\n" * 400_000

    assert (await sandbox.parse(text.encode(), "a.txt", None)).markdown == text
    assert os.listdir(str(tmp_path)) == []


async def test_a_worker_that_dies_costs_only_its_document(sandbox: Sandbox) -> None:
    with pytest.raises(CorruptDocument, match=r"bad\.pdf: the parser crashed on it \(exit code -11\)"):
        await sandbox.run("bad.pdf", dies)

    assert (await sandbox.parse(b"# fine", "a.md", None)).markdown == "# fine"


async def test_too_much_memory_is_too_large(sandbox: Sandbox) -> None:
    with pytest.raises((DocumentTooLarge, MemoryError)):
        await sandbox.run("big.xlsx", swells)


async def test_too_much_cpu_time_is_too_large() -> None:
    box = Sandbox(workers=1, cpu_seconds=1, wall_seconds=30)
    try:
        with pytest.raises(DocumentTooLarge, match="CPU"):
            await box.run("loop.pdf", spins)
    finally:
        box.close()


async def test_too_much_wall_time_is_too_large() -> None:
    box = Sandbox(workers=1, wall_seconds=0.5)
    try:
        with pytest.raises(DocumentTooLarge, match=r"longer than 0\.5 s"):
            await box.run("slow.pdf", hangs)
    finally:
        box.close()


async def test_workers_reach_no_network(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises((CorruptDocument, OSError)):
        await sandbox.run("page.html", phones, server.getsockname())


async def test_workers_write_no_files(sandbox: Sandbox, tmp_path: object) -> None:
    with pytest.raises((CorruptDocument, OSError)):
        await sandbox.run("a.docx", writes, f"{tmp_path}/x")


async def test_closing_is_quick_and_ends_what_waits() -> None:
    box = Sandbox(workers=1, wall_seconds=60)
    waiting = asyncio.ensure_future(box.run("slow.pdf", hangs))
    await asyncio.sleep(0)  # lets it be scheduled
    begun = time.monotonic()
    box.close()

    assert time.monotonic() - begun < 3
    with pytest.raises(TransientError, match="stopped"):
        await waiting
