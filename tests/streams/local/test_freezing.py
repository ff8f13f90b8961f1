"""Freezing processes: nothing of them runs meanwhile, and they go on however the freezing process ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.errors import TransientError
from streams.local.freezing import Freezer, children_in

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: freezing is for Linux")

#: Two threads that write all the time.
_WRITER = """
import threading
def write(name):
    with open(name, "ab", buffering=0) as file:
        while True:
            file.write(b"x")
for name in "ab":
    threading.Thread(target=write, args=(name,)).start()
"""
_FREEZER = """
import sys, time
from streams.local.freezing import Freezer
with Freezer([int(sys.argv[1])]) as freezer:
    freezer.freeze(int(sys.argv[1]))
    print("frozen", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", _WRITER], cwd=tmp_path)
    await_true(lambda: min(sizes(tmp_path), default=0) > 0)
    yield process.pid
    process.kill()
    process.wait()


def sizes(folder: Path) -> list[int]:
    return [(folder / name).stat().st_size for name in "ab" if (folder / name).exists()]


def await_true(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def grows(folder: Path) -> bool:
    before = sizes(folder)
    await_true(lambda: all(now > then for now, then in zip(sizes(folder), before, strict=True)))
    return True


def test_no_thread_of_a_frozen_process_runs_and_all_go_on(writer: int, tmp_path: Path) -> None:
    assert children_in(os.getpid(), tmp_path) == [writer]
    with Freezer([writer]) as freezer:
        freezer.freeze(writer)
        before = sizes(tmp_path)
        time.sleep(0.2)  # there is nothing to wait for
        assert sizes(tmp_path) == before
        freezer.require_frozen()
        os.kill(writer, signal.SIGCONT)
        assert grows(tmp_path)
        with pytest.raises(TransientError, match="has gone on"):
            freezer.require_frozen()
        freezer.freeze(writer)
    assert grows(tmp_path)


def test_it_goes_on_when_the_freezing_process_is_killed(writer: int, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", _FREEZER, str(writer)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as freezing:
        assert freezing.stdout is not None
        assert freezing.stdout.readline() == "frozen\n"
        before = sizes(tmp_path)
        assert sizes(tmp_path) == before
        freezing.kill()

    assert grows(tmp_path)


def test_a_process_that_has_ended_is_told(tmp_path: Path) -> None:
    process = subprocess.Popen(["true"])
    process.wait()

    with Freezer([process.pid]) as freezer, pytest.raises(TransientError, match="has ended"):
        freezer.freeze(process.pid)
