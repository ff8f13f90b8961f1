"""House rules: folders that are not crowded, modules that are not long, tests through public names."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "streams", "services", "api", "headrace")
MOST_MODULES, MOST_LINES = 16, 300
#: `_name`, or `package.module._name`; not `__name__`.
PRIVATE = re.compile(r"^(?:\w+\.)*_(?!_)\w+$")


def test_no_folder_has_too_many_modules_side_by_side() -> None:
    crowded = {}
    for package in PACKAGES:
        for folder in [ROOT / package, *(ROOT / package).rglob("*/")]:
            modules = [file for file in folder.glob("*.py") if file.name != "__init__.py"]
            if len(modules) > MOST_MODULES:
                crowded[str(folder.relative_to(ROOT))] = len(modules)

    assert crowded == {}


def test_no_module_is_too_long() -> None:
    modules = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    lines = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in modules}

    assert {file: count for file, count in lines.items() if count > MOST_LINES} == {}


def test_every_package_says_in_its_face_what_is_behind_it() -> None:
    faces = [
        face
        for package in ("streams", "services", "api", "headrace")
        for face in (ROOT / package).rglob("__init__.py")
    ]

    assert [str(face.relative_to(ROOT)) for face in faces if not face.read_text().startswith('"""')] == []


def test_tests_set_and_read_public_names_alone() -> None:
    """The linter sees `module._NAME`, and not the same name in a string."""
    found = [
        f"{file.relative_to(ROOT)}:{call.lineno}"
        for file in (ROOT / "tests").rglob("*.py")
        if "attr(" in (text := file.read_text())
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and _is_of_attributes(call)
        for argument in call.args[:2]
        if isinstance(argument, ast.Constant) and PRIVATE.search(str(argument.value))
    ]

    assert found == []


def test_nothing_is_raised_in_except_star() -> None:
    """Python 3.11.0 to 3.11.3, Debian 12's among them, wrap it in an ExceptionGroup that nobody expects."""
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        if "except*" in (text := file.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.TryStar)
    ]

    assert found == []


def _is_of_attributes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in {"setattr", "getattr", "delattr", "hasattr"}
