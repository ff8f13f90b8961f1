"""A system is backed up, destroyed and restored: the same answers, and a changed file costs one file."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.system.machine import Machine, environment_of, run, up

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

#: The port of discard, where nobody listens: deliveries wait for their next try.
RECEIVER = "http://127.0.0.1:9/hook"
QUESTIONS = ("green apples", "number 7", "how do I install it?")


def kept(machine: Machine, key: str) -> dict[str, Any]:
    """All that is not derived from something else."""
    [endpoint] = machine.call("GET", "/api/v1/webhook-endpoints")
    deliveries = machine.call("GET", f"/api/v1/webhook-endpoints/{endpoint['id']}/deliveries")
    return {
        "sources": machine.call("GET", "/api/v1/sources"),
        "runs": machine.call("GET", "/api/v1/invocations"),
        "keys": machine.call("GET", "/api/v1/keys"),
        "credentials": machine.call("GET", "/api/v1/credentials"),
        "endpoint": endpoint,
        "deliveries": sorted(one["id"] for one in deliveries["deliveries"]),
        "by its key": machine.call("GET", "/api/v1/sources", key=key),
    }


def test_what_is_restored_gives_the_same_answers_and_goes_on(tmp_path: Path) -> None:
    data, folder = tmp_path / "data", tmp_path / "notes"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number:02}.md").write_text(
            f"# Note {number}\n\nNumber {number} is about green apples.\n"
        )
    settings = {"HEADRACE_WEBHOOK_ALLOWED_HOSTS": '["127.0.0.1"]', "HEADRACE_FOLDER_ROOTS": f'["{tmp_path}"]'}
    environment = environment_of(None, **settings)
    with up(data, environment) as machine:
        key = machine.call("POST", "/api/v1/keys", {"name": "reader"})["key"]
        secret = {"token": "ghp_0123456789abcdefghij"}
        machine.call("POST", "/api/v1/credentials", {"kind": "github_token", "name": "c", "secret": secret})
        machine.call("POST", "/api/v1/webhook-endpoints", {"url": RECEIVER})
        assert machine.sync(folder, "notes", "--schedule", "0 3 1 1 *") == (12, 0, 0)
        before = kept(machine, key), machine.answers("notes", *QUESTIONS)
    archive = tmp_path / "headrace.tar.gz"
    said = run(environment, "backup", str(archive), "--data-dir", str(data))
    assert "it holds keys" in said
    shutil.rmtree(data)

    elsewhere = tmp_path / "another" / "place"
    run(environment, "restore", str(archive), "--data-dir", str(elsewhere))
    with up(elsewhere, environment) as machine:
        after = kept(machine, key), machine.answers("notes", *QUESTIONS)
        assert json.dumps(after, sort_keys=True) == json.dumps(before, sort_keys=True)
        assert before[0]["deliveries"]
        assert before[0]["sources"][0]["schedule"]
        (folder / "03.md").write_text("# Note 3\n\nIt is about something else now.\n")
        assert machine.sync(folder, "notes") == (1, 11, 0)
        assert "something else" in json.dumps(machine.answers("notes", "something else"))
        assert "all as recorded" in machine.run("verify", "-c", "notes")
