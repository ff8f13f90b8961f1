"""Check that Python finds Headrace's packages and not others of the same names.

`api`, `schemas`, `services` and `streams` are names that others use as well: another distribution in the same
environment, or a folder that stands before ours on the path.
"""

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import headrace

PACKAGES = ("schemas", "streams", "services", "api")

_ADVICE = (
    "install it into an environment of its own (`uv tool install headrace` or `pipx install headrace`) "
    "and run the command `headrace`"
)


def start_safely() -> None:
    """Keep the current folder off `sys.path` of every Python that this process starts."""
    os.environ["PYTHONSAFEPATH"] = "1"


def hidden_package(names: Sequence[str] = PACKAGES) -> str | None:
    """The fault and its remedy if a package is shadowed; else None."""
    home = Path(headrace.__file__).resolve().parent.parent
    for name in names:
        found = _place(name)
        if found is None:
            return f"Headrace's package {name!r} is missing in {home}: {_ADVICE}"
        if found.parent != home:
            return f"{found} hides Headrace's package {name!r}: {_ADVICE}"
    return None


def broken_package(error: ImportError) -> str | None:
    """The remedy if a module of ours cannot be imported: another distribution has overwritten it."""
    top = (error.name or "").partition(".")[0]
    if top not in PACKAGES:
        return None
    return f"another distribution has replaced parts of Headrace's package {top!r} ({error}): {_ADVICE}"


def _place(name: str) -> Path | None:
    """The folder of a top-level package, without importing it."""
    if (module := sys.modules.get(name)) is not None and module.__file__:
        return Path(module.__file__).resolve().parent
    spec = importlib.util.find_spec(name)
    if spec is None:
        return None
    if spec.origin and spec.origin != "namespace":
        origin = Path(spec.origin).resolve()
        return origin.parent if origin.name.startswith("__init__.") else origin
    places = list(spec.submodule_search_locations or [])
    return Path(places[0]).resolve() if places else None
