"""A system moves from the local broker to another one: topics, collections, blobs and keys."""

import json
import shutil
from pathlib import Path

import pytest

from streams.local import LocalBroker
from tests.system.machine import environment_of, up

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

_MOVED = ("chroma", "blobs", "admin.key", "secrets.key")


async def test_a_system_that_moves_to_another_broker_keeps_everything_and_goes_on_there(
    tmp_path: Path,
) -> None:
    data, folder = tmp_path / "data", tmp_path / "notes"
    folder.mkdir()
    for number in range(9):
        (folder / f"{number}.md").write_text(f"# Note {number}\n\nNumber {number} is about green apples.\n")
    settings = {"HEADRACE_FOLDER_ROOTS": f'["{tmp_path}"]'}
    async with LocalBroker(tmp_path / "cluster") as broker:
        with up(data, environment_of(None, **settings)) as machine:
            assert machine.sync(folder, "notes", "--schedule", "0 3 1 1 *") == (9, 0, 0)
            for version in range(5):  # offsets that those of the other broker are smaller than
                (folder / "1.md").write_text(f"# Note 1\n\nVersion {version}.\n")
                assert machine.sync(folder, "notes") == (1, 8, 0)
            before = machine.answers("notes", "green apples", "number 7")
            sources = machine.call("GET", "/api/v1/sources")
            arguments = ("--to", str(broker.client_file), "--partitions", "5", "--stay-stopped")
            assert "copied to" in machine.run("topics", "copy", *arguments)
        moved = tmp_path / "moved"
        moved.mkdir()
        for name in _MOVED:
            source = data / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, moved / name)
        there = {
            "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
            "HEADRACE_KAFKA_CONFIG": str(broker.client_file),
        }
        with up(moved, environment_of(None, **settings, **there)) as machine:
            assert machine.call("GET", "/api/v1/sources") == sources
            assert machine.answers("notes", "green apples", "number 7") == before
            (folder / "1.md").write_text("# Note 1\n\nWritten on the other broker.\n")
            assert machine.sync(folder, "notes") == (1, 8, 0)
            assert "other broker" in json.dumps(machine.answers("notes", "written on the other broker"))
            assert "all as recorded" in machine.run("verify", "-c", "notes")
