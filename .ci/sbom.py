"""Checks a CycloneDX document against the environment that this Python belongs to.

    python .ci/sbom.py build/sbom.json

Every installed package is in it, in its version, with a package URL, and nothing else is; if not, the
status is 1.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

#: What an environment itself brings.
_TOOLS = ("pip", "setuptools")


def faults(document: Mapping[str, Any], installed: Mapping[str, str]) -> Iterable[str]:
    """What is wrong with a document, given the versions of what is installed."""
    if document.get("bomFormat") != "CycloneDX":
        yield f"it is no CycloneDX document: bomFormat is {document.get('bomFormat')!r}"
        return
    root = document["metadata"]["component"]
    components = [root, *document["components"]]
    listed = {canonicalize_name(one["name"]): one for one in components}
    listed = {name: one for name, one in listed.items() if name not in _TOOLS}
    yield from (f"{name} {installed[name]} is missing" for name in sorted(installed.keys() - listed.keys()))
    yield from (f"{name} is not installed" for name in sorted(listed.keys() - installed.keys()))
    for name in sorted(installed.keys() & listed.keys()):
        if (version := listed[name].get("version")) != installed[name]:
            yield f"{name} is listed as {version}, installed is {installed[name]}"
        if listed[name] is not root and not listed[name].get("purl", "").startswith("pkg:pypi/"):
            yield f"{name} has no package URL"


def main() -> int:
    installed = {canonicalize_name(one.metadata["Name"]): one.version for one in distributions()}
    installed = {name: version for name, version in installed.items() if name not in _TOOLS}
    wrong = list(faults(json.loads(Path(sys.argv[1]).read_text()), installed))
    print("\n".join([*wrong, f"{sys.argv[1]}: {len(installed)} packages, {len(wrong)} faults"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
