"""Folders and distributions that have packages named as ours."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import headrace
from headrace.packages import PACKAGES, broken_package, hidden_package
from schemas.ids import text_sha256
from tests.headrace.local.test_up import environment

COMMAND = Path(sysconfig.get_path("scripts")) / "headrace"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with packages and modules of its own that bear the names of ours and of Python's."""
    for name in (*PACKAGES, "headrace", "multiprocessing"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the folder was imported')\n")
    (tmp_path / "signal.py").write_text("raise SystemExit('the module was imported')\n")
    (tmp_path / "notes.md").write_text("# Notes\n\nSome text.\n")
    return tmp_path


def call(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    given = environment() | variables
    return subprocess.run([COMMAND, *arguments], cwd=folder, env=given, capture_output=True, text=True)


def test_the_packages_are_ours() -> None:
    assert hidden_package() is None


@pytest.mark.parametrize("called", [["--version"], ["parse", "notes.md"], ["chunk", "notes.md"]])
def test_the_command_and_its_processes_do_not_see_the_current_folder(
    called: list[str], project: Path
) -> None:
    done = call(project, *called)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_that_hides_ours_is_named_with_its_place_and_what_to_do(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")

    done = call(tmp_path, "--version", PYTHONPATH=str(tmp_path))

    assert done.returncode == 1
    assert f"headrace: {tmp_path / name} hides Headrace's package '{name}': install it into" in done.stderr
    assert "uv tool install headrace" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_distribution_that_was_installed_over_ours_is_named() -> None:
    told = broken_package(ModuleNotFoundError("No module named 'schemas.errors'", name="schemas.errors"))

    assert told is not None
    assert "replaced parts of Headrace's package 'schemas'" in told
    assert broken_package(ModuleNotFoundError("No module named 'numpy'", name="numpy")) is None


#: A worker process of a service or of a command, which are scripts that lie elsewhere.
WORKER = """
import asyncio, sys
from headrace.packages import start_safely
from schemas.ids import text_sha256
from streams.processes.pool import WorkerPool
if __name__ == "__main__":
    if sys.argv[1:] == ["command"]:
        start_safely()
    pool = WorkerPool(1, 30, preload=["services.chunking.stage"])
    print(asyncio.run(pool.run(text_sha256, "notes")))
    pool.close()
"""


@pytest.mark.parametrize("options", [["-P", "as a service"], ["command"]])
def test_worker_processes_do_not_see_the_current_folder(options: list[str], project: Path) -> None:
    script = project / "script" / "worker.py"
    script.parent.mkdir()
    script.write_text(WORKER)
    before, after = options[:-1], options[-1]
    variables = environment() | {"PYTHONPATH": str(Path(headrace.__file__).parents[1])}
    command = [sys.executable, *before, str(script), after]
    done = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == (f"{text_sha256('notes')}\n", "")


def test_the_path_of_services_does_not_begin_with_the_current_folder(project: Path) -> None:
    """As the supervisor starts them; this one ends at once, for nothing says where the broker is."""
    command = [sys.executable, "-P", "-m", "headrace", "service", "parsing"]
    variables = environment() | {"HEADRACE_DATA_DIR": str(project / "data")}
    done = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True)

    assert "HEADRACE_KAFKA_BOOTSTRAP_SERVERS" in done.stderr
