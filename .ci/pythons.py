"""Runs the tests marked `pythons` with every supported Python on this machine.

    python3 .ci/pythons.py            all that are found
    python3 .ci/pythons.py --list     say which are found, and stop

It looks in PATH, in pyenv's versions and in the usual folders. Each Python has an environment of its own
under build/pythons, made by uv if it is there, else by venv and pip. The status is 0 only when all passed.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "pythons"
FOLDERS = ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")
OLDEST = (3, 11)

_ASK = """
import json, sys
print(json.dumps([sys.implementation.name, sys.version_info[:3], sys.version_info.releaselevel,
                  sys.base_prefix, sys.prefix != sys.base_prefix]))
"""


@dataclass(frozen=True)
class Found:
    """A Python, by its version and where it is."""

    version: tuple[int, int, int]
    program: Path

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.version))} ({self.program})"

    @property
    def environment(self) -> Path:
        return FOLDER / ".".join(map(str, self.version))

    @property
    def log(self) -> Path:
        return FOLDER / f"{'.'.join(map(str, self.version))}.log"


def supported() -> set[tuple[int, int]]:
    """Minor versions that pyproject.toml lists."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = re.findall(r"Python :: (\d+)\.(\d+)", "\n".join(project["classifiers"]))
    return {(int(major), int(minor)) for major, minor in listed}


def candidates() -> Iterator[Path]:
    """Programs named python3.N."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *map(str, sorted(pyenv.glob("versions/*/bin")))]
    for folder in dict.fromkeys([*filter(None, folders), *FOLDERS]):
        for program in sorted(Path(folder).glob("python3.*")):
            if re.fullmatch(r"python3\.\d+", program.name) and int(program.suffix[1:]) >= OLDEST[1]:
                yield program


def find() -> list[Found]:
    """Each installation once, oldest first; environments, previews and shims that lead nowhere left out."""
    found: dict[tuple[tuple[int, int, int], str], Found] = {}
    for program in candidates():
        try:
            asked = subprocess.run(
                [program, "-I", "-c", _ASK], capture_output=True, text=True, timeout=30, check=True
            )
        except (OSError, subprocess.SubprocessError):
            continue
        name, (major, minor, micro), level, prefix, environment = json.loads(asked.stdout)
        if name == "cpython" and level == "final" and not environment:
            version = (major, minor, micro)
            found.setdefault((version, os.path.realpath(prefix)), Found(version, program))
    one_each: dict[tuple[int, int, int], Found] = {}
    for one in found.values():  # two of the same version are the same Python
        one_each.setdefault(one.version, one)
    return sorted(one_each.values(), key=lambda one: one.version)


def run(*command: str | Path, log: Path) -> bool:
    """Whether a command succeeds; what it says goes into a file."""
    with log.open("a") as file:
        file.write(f"$ {' '.join(map(str, command))}\n")
        file.flush()
        return subprocess.run(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT).returncode == 0


def install(python: Found) -> Path | None:
    """Make the environment of a Python; None when that fails. One that fits is used again."""
    environment, log = python.environment, python.log
    inputs = (ROOT / "pyproject.toml").read_bytes() + (ROOT / "constraints.txt").read_bytes()
    stamp, wanted = environment / ".installed", hashlib.sha256(inputs + str(python).encode()).hexdigest()
    program = environment / "bin" / "python"
    if stamp.exists() and stamp.read_text() == wanted:
        return program
    shutil.rmtree(environment, ignore_errors=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    asked = ("--quiet", "--constraint", "constraints.txt", "--editable", ".", "--group", "pythons")
    if uv := shutil.which("uv"):
        made = run(uv, "venv", "--quiet", "--python", python.program, environment, log=log) and run(
            uv, "pip", "install", "--python", program, *asked, log=log
        )
    else:
        made = (
            run(python.program, "-m", "venv", environment, log=log)
            and run(program, "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1", log=log)
            and run(program, "-m", "pip", "install", *asked, log=log)
        )
    if not made:
        return None
    stamp.write_text(wanted)
    return program


def marked() -> list[str]:
    """Files with tests that are marked. Only these are collected: others need more than is installed."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(file.relative_to(ROOT)) for file in files if "mark.pythons" in file.read_text()]


def check(python: Found, program: Path | None) -> str:
    """What became of the tests with a Python: "" or what is wrong."""
    log = python.log
    if program is None:
        return f"cannot be installed:\n{log.read_text()[-3000:]}"
    begun = time.monotonic()
    options = ("-q", "-m", "pythons", "--engine", "embedded", "-p", "no:cacheprovider")
    if not run(program, "-m", "pytest", *options, *marked(), log=log):
        return f"failed:\n{log.read_text()[-6000:]}"
    passed = log.read_text().strip().splitlines()[-1]
    print(f"  Python {python}: {passed}, {time.monotonic() - begun:.0f} s", flush=True)
    return ""


def main() -> int:
    """Says what is found, what is used and what failed."""
    listed = supported()
    found = find()
    used = [python for python in found if python.version[:2] in listed]
    for python in found:
        print(
            f"found Python {python}"
            + ("" if python in used else ": NOT USED, pyproject.toml does not list it")
        )
    for major, minor in sorted(listed - {python.version[:2] for python in used}):
        print(f"NOT TESTED: Python {major}.{minor} is not on this machine")
    if "--list" in sys.argv[1:] or not used:
        return 0 if used else 1
    wrong = {}
    with ThreadPoolExecutor(2) as pool:
        for python, program in zip(used, pool.map(install, used), strict=True):
            if problem := check(python, program):
                wrong[python] = problem
    for python, problem in wrong.items():
        print(f"Python {python} {problem}")
    print(
        f"tested with {', '.join(map(str, used))}"
        + (f"; failed: {', '.join(map(str, wrong))}" if wrong else "")
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
