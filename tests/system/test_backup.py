"""A system is backed up, destroyed and restored: the same answers, and a changed file costs one file. A
backup of a running system is one of its moments."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import chromadb
import pytest

from tests.system.machine import Machine, environment_of, run, up
from tests.system.test_faults import second_version, texts, write

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

#: The port of discard, where nobody listens: deliveries wait for their next try.
RECEIVER = "http://127.0.0.1:9/hook"
#: Enough that a run of them goes on for longer than a backup takes.
FILES = 100
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


def held(machine: Machine, collection: str) -> dict[str, str]:
    """The rows of a collection in Chroma: texts by id."""
    url = urlsplit(json.loads((machine.data / "running.json").read_text())["chroma_url"])
    assert url.hostname
    rows = chromadb.HttpClient(url.hostname, url.port or 0).get_collection(collection).get()
    return dict(zip(rows["ids"], rows["documents"] or [], strict=True))


def progress(machine: Machine, invocation: str) -> dict[str, Any]:
    return dict[str, Any](machine.call("GET", f"/api/v1/invocations/{invocation}/progress"))


def completed(machine: Machine, invocation: str) -> dict[str, int]:
    """The counts of a run that has completed, and `total`."""
    deadline = time.monotonic() + 200
    while (found := progress(machine, invocation))["status"] in ("pending", "processing"):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    assert "complete" in found["status"], found
    return {**found["counts"], "total": found["total"]}


@contextmanager
def restored(environment: dict[str, str], archive: Path, data: Path) -> Iterator[Machine]:
    run(environment, "restore", str(archive), "--data-dir", str(data))
    with up(data, environment) as machine:
        yield machine


def test_a_system_that_is_backed_up_in_mid_run_goes_on_and_so_does_its_backup(tmp_path: Path) -> None:
    """The second version of a folder is on its way: edited, shrunk, deleted, new. What the backup has of it
    must become what the folder is by then, with no text and no row of before."""
    data, folder, archive = tmp_path / "data", tmp_path / "notes", tmp_path / "headrace.tar"
    folder.mkdir()
    for number in range(FILES):
        write(folder, number, 4, "old")
    environment = environment_of(None, HEADRACE_FOLDER_ROOTS=f'["{tmp_path}"]')
    with up(data, environment) as machine:
        assert machine.sync(folder, "notes") == (FILES, 0, 0)
        [source] = machine.call("GET", "/api/v1/sources")
        second_version(folder, FILES, edited=6, shrunk=2)
        request = {"target_collection_name": "notes"}
        begun = machine.call("POST", f"/api/v1/sources/{source['id']}/invocations", request)
        invocation = begun["invocation_id"]
        while progress(machine, invocation)["counts"]["indexed"] < 3:
            time.sleep(0.05)

        machine.run("backup", str(archive))
        assert progress(machine, invocation)["status"] == "processing"
        quarter = FILES // 4
        assert (
            completed(machine, invocation).items()
            >= {
                "indexed": 2 * quarter + 5,
                "deleted": quarter,
                "unchanged": quarter,
                "failed": 0,
                "total": FILES + 5,
            }.items()
        )
        assert held(machine, "notes") == texts(folder, source["id"])
        assert list((data / ".backup").iterdir()) == [data / ".backup" / "lock"]
    shutil.rmtree(data)

    write(folder, 0, 2, "newest")
    (folder / "001.md").unlink()
    write(folder, FILES + 5, 2, "newest")
    with restored(environment, archive, tmp_path / "another") as machine:
        assert completed(machine, invocation)["failed"] == 0
        machine.sync(folder, "notes")
        assert machine.sync(folder, "notes") == (0, len(list(folder.iterdir())), 0)
        assert held(machine, "notes") == texts(folder, source["id"])
        assert "all as recorded" in machine.run("verify", "-c", "notes")
