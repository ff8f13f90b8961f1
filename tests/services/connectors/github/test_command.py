"""A git command that does not end by itself."""

import asyncio
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import TransientError
from services.connectors.github.mirrors.command import TooMuch, transfer
from tests.waiting import eventually


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of this name; what it does is up to the test. It writes its process id to `pid`."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return program


def does(git: Path, script: str, whose: str = "$$") -> None:
    """`whose` process id it writes, the shell's own or that of what it has started."""
    git.write_text(
        f"#!/bin/sh\n{script if whose == '$!' else ''}\n"
        f"echo {whose} > {git.parent / 'new'}; mv {git.parent / 'new'} {git.parent / 'pid'}\n"
        f"{'wait' if whose == '$!' else script}\n"
    )
    git.chmod(0o700)


def is_running(git: Path) -> bool:
    return Path("/proc", (git.parent / "pid").read_text().strip()).exists()


async def test_one_of_which_nothing_comes_is_ended(git: Path, tmp_path: Path) -> None:
    does(git, "sleep 3600")
    with pytest.raises(TransientError, match=r"nothing has arrived from the git server for 0\.3 s"):
        await transfer(tmp_path, ["fetch"], {}, 0.3, 1000)
    assert not is_running(git)


async def test_one_that_goes_on_slowly_is_waited_for(git: Path, tmp_path: Path) -> None:
    does(
        git, 'for n in 1 2 3 4 5 6 7 8; do echo "Receiving objects: $n%" >&2; sleep 0.1; done; echo done >&2'
    )
    assert await transfer(tmp_path, ["fetch"], {}, 0.4, 1000) == "done"


async def test_one_that_brings_too_much_is_ended(git: Path, tmp_path: Path) -> None:
    packs = tmp_path / "objects" / "pack"
    packs.mkdir(parents=True)
    does(git, f"head -c 5000 /dev/zero > {packs}/tmp_pack_x; sleep 3600")
    with pytest.raises(TooMuch):
        await transfer(tmp_path, ["fetch"], {}, 30, 1000)
    assert not is_running(git)


async def test_one_is_ended_with_the_run_that_waits_for_it(git: Path, tmp_path: Path) -> None:
    does(git, "sleep 3600")
    running = asyncio.create_task(transfer(tmp_path, ["fetch"], {}, 60, 1000))
    await eventually((git.parent / "pid").exists)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not is_running(git)


async def test_one_that_is_cancelled_while_it_starts_is_ended_with_all_that_it_started(
    git: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = git.parent / "pid"
    does(git, "sleep 3600 &", whose="$!")

    class Cancelled(subprocess.Popen[bytes]):
        """Its run is cancelled before asyncio has connected its pipes."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            while not child.exists():
                time.sleep(0.01)
            running.cancel()

    monkeypatch.setattr(subprocess, "Popen", Cancelled)
    running = asyncio.create_task(transfer(tmp_path, ["fetch"], {}, 60, 1000))

    async with asyncio.timeout(30):
        with pytest.raises(asyncio.CancelledError):
            await running

    await eventually(lambda: not is_running(git), 10)
