"""One owner of a data folder; ports that stay; logs that do not grow."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.errors import RequestError
from streams.local import DataDirLock
from streams.local.ports import LOOPBACK, PORTS, free_port, is_free, kept_port
from streams.local.process import cap_log

HOLD = """
import pathlib, sys
from streams.local import DataDirLock
DataDirLock(pathlib.Path(sys.argv[1]), "headrace up").acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_owner_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(
            RequestError, match=rf"{tmp_path} is in use by process {holder.pid} \(headrace up"
        ):
            DataDirLock(tmp_path, "headrace up").acquire()
        holder.kill()
        with DataDirLock(tmp_path, "headrace up"):  # free as soon as its owner is gone
            assert (tmp_path / "lock").read_text().startswith(f"{os.getpid()} headrace up")


def test_a_folder_stays_taken_while_a_child_of_a_dead_owner_still_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.local.lock.DYING_S", 0.2)
    owner = DataDirLock(tmp_path, "headrace up")
    owner.acquire()
    argv = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, pass_fds=[owner.fd]) as child:
        owner.release()
        with pytest.raises(RequestError, match="in use"):
            DataDirLock(tmp_path, "headrace up").acquire()
        child.kill()
        child.wait()
        DataDirLock(tmp_path, "headrace up").acquire()


def test_a_port_is_kept_until_somebody_else_has_taken_it(tmp_path: Path) -> None:
    port = kept_port(tmp_path / "port")
    assert port in PORTS
    assert kept_port(tmp_path / "port") == port
    with socket.create_server((LOOPBACK, port)):
        assert not is_free(port)
        other = kept_port(tmp_path / "port")
    assert other != port
    assert kept_port(tmp_path / "port") == other


def test_a_port_file_with_something_else_in_it_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("eighty\n")
    assert kept_port(tmp_path / "port") in PORTS


def test_ports_to_avoid_are_avoided() -> None:
    assert free_port(avoid=frozenset(PORTS) - {23_456}) == 23_456


def test_a_long_log_is_set_aside_and_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "parsing.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old\n" * 10)
        cap_log(log, most=40)
        assert log.read_bytes() == b"old\n" * 10
        writer.write(b"last\n")
        cap_log(log, most=40)
        writer.write(b"new\n")
    assert log.read_bytes() == b"new\n"
    assert (tmp_path / "parsing.log.1").read_bytes() == b"old\n" * 10 + b"last\n"
