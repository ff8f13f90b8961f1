"""Signals that end `headrace sync`: what it says, and its exit status."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.headrace.client.fake_gateway import FakeGateway, fake_gateway
from tests.headrace.client.test_progress import progress

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def interrupted(gateway: FakeGateway, number: signal.Signals, folder: Path) -> tuple[int, str, str]:
    """Exit status, standard output and error of a sync that a signal ends while it follows its run."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "headrace", "sync", str(folder), "-c", "notes"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ
        | {"HEADRACE_URL": gateway.url, "HEADRACE_API_KEY": "k", "HEADRACE_DATA_DIR": str(folder)},
    )
    assert process.stdout is not None
    first = await asyncio.wait_for(process.stdout.readline(), 60)  # it follows
    process.send_signal(number)
    out, error = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, (first + out).decode(), error.decode()


@pytest.fixture
def _usual_signals() -> None:
    """A test run in the background of a shell ignores SIGINT, one under nohup SIGHUP."""
    if any(signal.getsignal(number) is signal.SIG_IGN for number in SIGNALS):
        pytest.skip("signals are ignored here")


@pytest.mark.usefixtures("_usual_signals")
async def test_a_sync_that_a_signal_ends_says_that_its_run_goes_on(tmp_path: Path) -> None:
    async with fake_gateway() as gateway:
        gateway.streams = [[progress(parsed=1)] for _ in SIGNALS]
        gateway.silent_s = 600
        ends = await asyncio.gather(*(interrupted(gateway, number, tmp_path) for number in SIGNALS))

    for number, (status, out, error) in zip(SIGNALS, ends, strict=True):
        assert status == 128 + number, error
        assert "it goes on: headrace invocations show i" in out
        assert error == "headrace: broken off\n"
