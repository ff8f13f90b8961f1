"""What a new user types first: the Makefile, and the versions that it installs."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
PINS = {
    name: pinned
    for name, _, pinned in (
        line.partition("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    )
}


def required() -> list[Requirement]:
    """What the project asks for itself, and its tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    asked = [*project["project"]["dependencies"], *groups["dev"], *groups["pythons"], *groups["release"]]
    return [Requirement(one) for one in asked if isinstance(one, str)]  # else a group that is included


def test_every_target_has_a_line_of_help() -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    targets = set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M).group(1).split())  # type: ignore[union-attr]
    assert {
        "install",
        "demo",
        "test",
        "test-faults",
        "test-helm",
        "test-splade",
        "test-pythons",
        "dist",
        "test-wheel",
        "licences",
        "sbom",
        "image",
        "test-image",
        "check",
        "up",
        "bench",
        "docs",
        "clean",
    } <= targets
    assert {
        line.split()[1].removesuffix("\x1b[0m") for line in shown.splitlines() if "make " in line
    } == targets


#: Targets by the mark of the tests that they run; "" is no mark.
TARGETS = {"": "test", "faults": "test-faults", "wheel": "test-wheel", "image": "test-image"}


def selected(target: str) -> str:
    """The marker expression of a target."""
    recipe = re.search(rf"^{target}: .*\n\t.* -m pytest .*-m \"(.*?)\"", MAKEFILE, re.M)
    assert recipe, target
    return recipe.group(1)


def marks(marked: str) -> Callable[..., bool]:
    """What a test has that bears one of the marks, or none."""
    return lambda mark, **_: mark == marked


@pytest.mark.parametrize(("marked", "target"), TARGETS.items())
def test_each_test_is_run_by_one_target(marked: str, target: str) -> None:
    chosen = [one for one in TARGETS.values() if Expression.compile(selected(one)).evaluate(marks(marked))]
    assert chosen == [target]


def test_check_and_ci_run_every_target_of_tests() -> None:
    check = re.search(r"^check: (.*) ##", MAKEFILE, re.M)
    assert check
    assert set(TARGETS.values()) - {"test-image"} <= set(check.group(1).split())  # that one needs root
    run = (ROOT / ".ci" / "run").read_text()
    assert re.findall(r"^make (?:--no-print-directory )?(test\S*) ", run, re.M) == [
        "test",
        "test-faults",
        "test-helm",
        "test-splade",
        "test-wheel",
        "test-pythons",
    ]


@pytest.mark.parametrize("requirement", required(), ids=str)
def test_every_dependency_is_pinned_within_its_range(requirement: Requirement) -> None:
    pinned = PINS.get(canonicalize_name(requirement.name))

    assert pinned, f"{requirement.name} is not in constraints.txt: run `make constraints`"
    assert pinned in requirement.specifier


def test_pins_are_names_and_versions_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()

    assert [line for line in lines[1:] if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9A-Za-z.]*", line)] == []


def test_the_version_is_in_the_changelog() -> None:
    assert f"## {version('headrace')} " in (ROOT / "CHANGELOG.md").read_text()


def test_every_link_of_the_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text())

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
