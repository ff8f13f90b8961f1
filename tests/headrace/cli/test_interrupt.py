"""Signals that end a command that follows a run: what it says, and its exit status."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.headrace.client.fake_gateway import ID, FakeGateway, fake_gateway
from tests.headrace.client.test_progress import progress
from tests.waiting import eventually

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def interrupted(
    gateway: FakeGateway, folder: Path, number: signal.Signals, *called: str
) -> tuple[int, str, str]:
    """Exit status, standard output and error of a command that follows a run until a signal comes."""
    settings = {"HEADRACE_URL": gateway.url, "HEADRACE_API_KEY": "k", "HEADRACE_DATA_DIR": str(folder)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "headrace", *called),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | settings,
    )
    await eventually(lambda: gateway.followed == len(SIGNALS) + 1, 60)  # all of them
    process.send_signal(number)
    out, error = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), error.decode()


@pytest.fixture
def _usual_signals() -> None:
    """A test run in the background of a shell ignores SIGINT, one under nohup SIGHUP."""
    if any(signal.getsignal(number) is signal.SIG_IGN for number in SIGNALS):
        pytest.skip("NOT TESTED here: the shell ignores signals")


@pytest.mark.usefixtures("_usual_signals")
async def test_a_command_that_a_signal_ends_says_what_goes_on(tmp_path: Path) -> None:
    async with fake_gateway() as gateway:
        gateway.streams = [[progress(parsed=1)] for _ in range(len(SIGNALS) + 1)]
        gateway.silent_s = 600
        sync = ("sync", str(tmp_path), "-c", "notes")
        delete = ("sources", "delete", ID.format(1), "--documents")
        *syncs, deletion = await asyncio.gather(
            *(interrupted(gateway, tmp_path, number, *sync) for number in SIGNALS),
            interrupted(gateway, tmp_path, signal.SIGTERM, *delete),
        )

    for number, (status, out, error) in zip(SIGNALS, syncs, strict=True):
        assert (status, error) == (128 + number, "headrace: broken off\n")
        assert "it goes on: headrace invocations show i" in out
    assert deletion[:2] == (128 + signal.SIGTERM, "")
    assert deletion[2].startswith("the documents are deleted all the same: headrace invocations list\n")
