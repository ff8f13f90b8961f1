"""A data folder of the release before is opened by this one, and by the one before again."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import schemas
from tests.system.machine import environment_of, up

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

RELEASED = "c4ab2ad96af1"
ROOT = Path(schemas.__file__).parents[1]


@pytest.fixture
def released(tmp_path: Path) -> Iterator[Path]:
    """The sources of the release before."""
    folder = tmp_path / "released"
    git = ["git", "-C", str(ROOT), "worktree"]
    made = subprocess.run([*git, "add", "--detach", str(folder), RELEASED], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"NOT TESTED: the release before is not in this checkout's history: {made.stderr}")
    yield folder
    subprocess.run([*git, "remove", "--force", str(folder)], check=True, capture_output=True)


def give_schemas(released: Path) -> None:
    """As docs/upgrading.md says: an earlier release needs the schemas of what a later one has written."""
    for file in (ROOT / "schemas" / "avro").glob("*.avsc"):
        if (released / "schemas" / "avro" / file.name).exists():
            shutil.copy(file, released / "schemas" / "avro" / "previous" / f"{file.stem}.newer.avsc")


def test_an_upgrade_and_a_rollback_keep_everything_and_a_changed_file_costs_one(
    released: Path, tmp_path: Path
) -> None:
    data, folder = tmp_path / "data", tmp_path / "notes"
    folder.mkdir()
    for number in range(9):
        (folder / f"{number}.md").write_text(f"# Note {number}\n\nNumber {number} is about green apples.\n")
    settings = {"HEADRACE_FOLDER_ROOTS": f'["{tmp_path}"]'}
    before, after = environment_of(released, **settings), environment_of(None, **settings)
    questions = ("green apples", "number 7")

    with up(data, before) as machine:
        assert machine.sync(folder, "notes") == (9, 0, 0)
        key = machine.call("POST", "/api/v1/keys", {"name": "reader"})["key"]
        found = machine.answers("notes", *questions)
        sources = [one["id"] for one in machine.call("GET", "/api/v1/sources")]
    with up(data, after) as machine:
        assert [one["id"] for one in machine.call("GET", "/api/v1/sources", key=key)] == sources
        assert _texts(machine.answers("notes", *questions)) == _texts(found)
        (folder / "3.md").write_text("# Note 3\n\nChanged by the release after.\n")
        assert machine.sync(folder, "notes", "--schedule", "0 3 1 1 *") == (1, 8, 0)
        assert "all as recorded" in machine.run("verify", "-c", "notes")
    give_schemas(released)
    with up(data, before) as machine:  # back
        assert [one["id"] for one in machine.call("GET", "/api/v1/sources", key=key)] == sources
        (folder / "4.md").write_text("# Note 4\n\nChanged by the release before.\n")
        (folder / "5.md").unlink()
        assert machine.sync(folder, "notes") == (1, 7, 1)
        assert "Changed by the release after" in json.dumps(machine.answers("notes", "release after"))
    with up(data, after) as machine:  # and forth
        assert machine.sync(folder, "notes") == (0, 8, 0)
        assert "all as recorded" in machine.run("verify", "-c", "notes")


def _texts(answers: object) -> list[str]:
    """Keys and scores, which every release tells."""
    assert isinstance(answers, list)
    return [json.dumps([(hit["document_key"], round(hit["score"], 4)) for hit in hits]) for hits in answers]
