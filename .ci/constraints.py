"""Prints `name==version` for everything that the project needs and that is installed here.

Read from what is installed, so no index, host or local path can get into the file.
"""

import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def wanted() -> list[str]:
    """The project's direct dependencies and those of its groups."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups: Iterable[list[object]] = project["dependency-groups"].values()
    extras: Iterable[list[str]] = project["project"].get("optional-dependencies", {}).values()
    grouped = (one for group in (*groups, *extras) for one in group)
    # What is no text includes another group, which is among them itself.
    return [*project["project"]["dependencies"], *(one for one in grouped if isinstance(one, str))]


def pins(requirements: Iterable[str]) -> dict[str, str]:
    """Name and version of each requirement, and of what these need in turn, as far as it is installed."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(one), "") for one in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            continue  # a group that is not installed here
        found[name] = installed.version
        for asked in ("", *requirement.extras):
            if (name, asked) not in seen:
                seen.add((name, asked))
                waiting += [(Requirement(one), asked) for one in installed.requires or []]
    return found


def main() -> None:
    print("# Versions that the tests ran with. `make constraints` writes this file.")
    for name, version in sorted(pins(wanted()).items()):
        print(f"{name}=={version}")
    print(f"pinned with Python {sys.version.split()[0]}", file=sys.stderr)


if __name__ == "__main__":
    main()
