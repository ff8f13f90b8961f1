"""The files of `build/dist`, and what a user gets who installs the wheel in an empty folder.

`make test-wheel` builds them first.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.headrace.local.test_up import environment

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "build" / "dist"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = ("schemas", "streams", "services", "api", "headrace")
#: What the source distribution holds besides.
BESIDE = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "constraints.txt"}
#: Top-level modules that only the extras install.
OF_EXTRAS = {"torch", "openvino", "mcp"}
_READY_S = 120

pytestmark = [
    pytest.mark.wheel,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not DIST.is_dir(), reason="NOT TESTED: `make test-wheel` builds what is published"),
]

#: Imports each module, and names those that lack something, with what they lack.
IMPORTS = f"""
import importlib, json, pkgutil
lacking = {{}}
for package in {PACKAGES!r}:
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if not found.name.endswith("__main__"):
            try:
                importlib.import_module(found.name)
            except ImportError as error:
                lacking[found.name] = error.name
print(json.dumps(lacking))
"""


def run(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=environment() | variables, capture_output=True, text=True)


def sources() -> dict[str, bytes]:
    """The packages' files by their paths in the checkout."""
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*") if file.is_file()]
    return {
        str(file.relative_to(ROOT)): file.read_bytes() for file in files if file.parent.name != "__pycache__"
    }


def built(pattern: str) -> Path:
    """The only file of that name in `build/dist`."""
    [only] = DIST.glob(pattern)
    return only


@dataclass
class Installed:
    """The wheel in an environment of its own, an empty folder, and a data folder beside it."""

    python: Path
    folder: Path

    @property
    def data_dir(self) -> Path:
        return self.folder.with_name("data")

    def begin(self, *arguments: str) -> list[str | Path]:
        return [self.python.with_name("headrace"), *arguments]

    def call(self, *arguments: str) -> str:
        """What the command prints, called in the folder."""
        done = run(*self.begin(*arguments), cwd=self.folder, HEADRACE_DATA_DIR=str(self.data_dir))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Installed as a user does, with the versions that the tests ran with."""
    place = tmp_path_factory.mktemp("wheel")
    python, folder = place / "venv" / "bin" / "python", place / "empty"
    folder.mkdir()
    asked = ("--quiet", "--constraint", ROOT / "constraints.txt", built("*.whl"))
    if uv := shutil.which("uv"):
        made = run(uv, "venv", "--quiet", "--python", sys.executable, place / "venv", cwd=place)
        done = run(uv, "pip", "install", "--python", python, *asked, cwd=place)
    else:
        made = run(sys.executable, "-m", "venv", place / "venv", cwd=place)
        done = run(python, "-m", "pip", "install", *asked, cwd=place)
    assert (made.returncode, done.returncode) == (0, 0), made.stderr + done.stderr
    return Installed(python, folder)


def test_the_wheel_holds_the_packages_and_nothing_else() -> None:
    info = f"headrace-{PROJECT['version']}.dist-info/"
    with zipfile.ZipFile(built("*.whl")) as wheel:
        files = {name: wheel.read(name) for name in wheel.namelist()}

    described = {name for name in files if name.startswith(info)}
    assert {name: files[name] for name in files.keys() - described} == sources(), "stale? `make dist`"
    assert described == {
        info + name for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    }


def test_the_source_distribution_holds_what_the_wheel_is_built_from() -> None:
    with tarfile.open(built("*.tar.gz")) as archive:
        names = {one.name.partition("/")[2] for one in archive.getmembers() if one.isfile()}

    # hatchling adds the last two: the metadata, and the rules of what is left out.
    assert names == sources().keys() | BESIDE | {"PKG-INFO", ".gitignore"}


def test_every_package_that_it_installs_is_pinned(installed: Installed) -> None:
    listed = run(
        installed.python,
        "-c",
        'import importlib.metadata as m; [print(f"{d.name}=={d.version}") for d in m.distributions()]',
        cwd=installed.folder,
    )
    found = {
        f"{canonicalize_name(name)}=={version}"
        for name, _, version in (line.partition("==") for line in listed.stdout.splitlines())
        if name not in ("headrace", "pip", "setuptools")
    }

    assert len(found) > 100
    assert found - set((ROOT / "constraints.txt").read_text().splitlines()) == set(), "`make constraints`"


def test_every_module_is_importable_without_what_only_the_tests_install(installed: Installed) -> None:
    done = run(installed.python, "-c", IMPORTS, cwd=installed.folder)
    assert done.returncode == 0, done.stderr

    lacking = {module: name for module, name in json.loads(done.stdout).items() if name not in OF_EXTRAS}
    assert lacking == {}


def test_uvx_runs_the_command(installed: Installed) -> None:
    if (uvx := shutil.which("uvx")) is None:
        pytest.skip("NOT TESTED: uvx is missing")
    given = ("--constraints", ROOT / "constraints.txt", "--from", built("*.whl"))
    done = run(
        uvx, "--quiet", "--python", sys.executable, *given, "headrace", "--version", cwd=installed.folder
    )

    assert (done.returncode, done.stdout) == (0, f"headrace {PROJECT['version']}\n"), done.stderr


@pytest.fixture(scope="module")
def up(installed: Installed) -> Iterator[Installed]:
    """`headrace up` in the empty folder."""
    command = installed.begin("up", "--port", "0", "--data-dir", str(installed.data_dir))
    log = installed.folder.with_name("up.log")
    with log.open("w") as written:
        process = subprocess.Popen(
            command,
            cwd=installed.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
            start_new_session=True,
        )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("ready http://127.0.0.1:"), log.read_text()
        yield installed
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0, log.read_text()


def test_it_syncs_and_finds_a_file_and_leaves_nothing_in_the_folder(up: Installed) -> None:
    note = up.folder / "note.md"
    note.write_text("# Gates\n\nThe sluice gate is opened at dawn.\n")

    assert up.call("--version") == f"headrace {PROJECT['version']}\n"
    up.call("sync", "note.md", "-c", "notes")
    hits = json.loads(up.call("query", "when is the gate opened", "-c", "notes", "--json"))
    assert [hit["document_key"] for hit in hits] == ["note.md"]
    up.call("doctor")
    assert os.listdir(up.folder) == ["note.md"]


def test_it_serves_the_dashboard_and_the_reference(up: Installed) -> None:
    url = json.loads((up.data_dir / "running.json").read_text())["url"]
    pages = {}
    for path in ("/sign-in", "/docs"):
        with urllib.request.urlopen(url + path, timeout=10) as answer:
            pages[path] = answer.read().decode()

    for asset in re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js|svg))"', pages["/sign-in"]):
        with urllib.request.urlopen(url + asset, timeout=10) as answer:
            assert answer.read(), asset
    assert "style.css" in pages["/sign-in"]
    assert "/api/v1/sources" in pages["/docs"]
