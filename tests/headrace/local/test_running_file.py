"""What a data folder says about the system on it, and the key that lies there."""

import asyncio
import json
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.admin_key import admin_key, key_file
from headrace.cli.settings import load_settings
from headrace.client.connect import find_gateway, wait_for_running
from headrace.local.running_file import RunningSystem, forget_running, is_held, read_running, write_running
from headrace.local.system import run_local
from schemas.errors import RequestError
from streams.local import DataDirLock
from tests.waiting import eventually

RUNNING = RunningSystem("http://127.0.0.1:8383", "http://127.0.0.1:8000", "127.0.0.1:9092", 1)

#: Holds the lock of a folder until its standard input ends.
HOLD = "import sys; from pathlib import Path; from streams.local import DataDirLock\n"
HOLD += "with DataDirLock(Path(sys.argv[1]), 'a test'): print('held', flush=True); sys.stdin.read()"


async def never(embedded: object) -> None:
    raise AssertionError("nothing must have started")


def test_what_runs_is_found_while_the_folder_is_held(tmp_path: Path) -> None:
    with DataDirLock(tmp_path, "a test"):
        write_running(tmp_path, RUNNING)
        assert read_running(tmp_path) == RUNNING
        forget_running(tmp_path)
        assert read_running(tmp_path) is None


def test_what_a_killed_process_left_behind_is_not_believed(tmp_path: Path) -> None:
    with DataDirLock(tmp_path, "a test"):
        write_running(tmp_path, RUNNING)

    assert not is_held(tmp_path)
    assert read_running(tmp_path) is None


async def test_a_command_says_that_it_waits_for_a_system_that_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("headrace.client.connect.TOLD_S", 0.0)
    said = ""

    def waits() -> bool:
        nonlocal said
        said += capsys.readouterr().err
        return said == f"headrace: waiting for the system on {tmp_path}, which is starting\n"

    with DataDirLock(tmp_path, "a test"):
        waiting = asyncio.ensure_future(wait_for_running(load_settings(tmp_path)))
        await eventually(waits)
        write_running(tmp_path, RUNNING)
        assert await waiting == RUNNING


def test_half_a_file_is_nothing(tmp_path: Path) -> None:
    with DataDirLock(tmp_path, "a test"):
        (tmp_path / "running.json").write_text(json.dumps({"url": "x"})[:-3])
        assert read_running(tmp_path) is None


def test_a_folder_that_is_not_there_is_not_held(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "none")


def test_looking_does_not_take_the_folder(tmp_path: Path) -> None:
    with DataDirLock(tmp_path, "a test"):
        assert is_held(tmp_path)
    is_held(tmp_path)
    with DataDirLock(tmp_path, "a test"):
        pass


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[int]:
    """Another process holds the folder; its pid."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process.pid
    finally:
        process.communicate()


async def test_a_second_up_says_who_holds_the_folder_and_what_it_serves(tmp_path: Path, holder: int) -> None:
    write_running(tmp_path, RUNNING)

    with pytest.raises(RequestError) as refused:
        await run_local(load_settings(tmp_path), never)

    assert f"in use by process {holder}" in str(refused.value)
    assert "It serves http://127.0.0.1:8383." in str(refused.value)


async def test_a_port_that_is_taken_is_named_and_the_folder_given_back(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(RequestError, match=f"port {port} is used by another program.*HEADRACE_PORT"):
            await run_local(load_settings(tmp_path, port=port), never)

    assert not is_held(tmp_path)


def test_the_key_is_made_once_and_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEADRACE_API_KEY", raising=False)
    settings = load_settings(tmp_path / "data")

    key = admin_key(settings)

    assert admin_key(settings) == key
    assert len(key) > 40
    assert stat.S_IMODE(key_file(settings.data_dir).stat().st_mode) == 0o600


def test_a_preset_key_is_not_written_down(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, api_key="preset")

    assert admin_key(settings) == "preset"
    assert not key_file(tmp_path).exists()


async def test_a_gateway_that_is_set_comes_before_the_one_that_runs(tmp_path: Path) -> None:
    with DataDirLock(tmp_path, "a test"):
        write_running(tmp_path, RUNNING)
        set_one = await find_gateway(load_settings(tmp_path, url="http://elsewhere", api_key="k"))
        ours = await find_gateway(load_settings(tmp_path, api_key="k"))

    assert set_one is not None
    assert set_one.url == "http://elsewhere"
    assert ours is not None
    assert ours.url == RUNNING.url


async def test_a_gateway_that_runs_with_a_preset_key_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEADRACE_API_KEY", raising=False)
    with DataDirLock(tmp_path, "a test"):
        write_running(tmp_path, RUNNING)
        with pytest.raises(RequestError, match="set HEADRACE_API_KEY"):
            await find_gateway(load_settings(tmp_path))
