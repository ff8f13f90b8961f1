"""The house rule on rooms: a folder with too many modules side by side becomes packages by concept."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_MODULES = 16


def test_no_folder_has_too_many_modules_side_by_side() -> None:
    crowded = {}
    for package in ("schemas", "streams", "services", "api", "headrace"):
        for folder in [ROOT / package, *(ROOT / package).rglob("*/")]:
            modules = [file for file in folder.glob("*.py") if file.name != "__init__.py"]
            if len(modules) > MOST_MODULES:
                crowded[str(folder.relative_to(ROOT))] = len(modules)

    assert crowded == {}


def test_every_package_says_in_its_face_what_is_behind_it() -> None:
    faces = [
        face
        for package in ("streams", "services", "api", "headrace")
        for face in (ROOT / package).rglob("__init__.py")
    ]

    assert [str(face.relative_to(ROOT)) for face in faces if not face.read_text().startswith('"""')] == []
