"""The documentation: pages of the site, and messages that its troubleshooting names."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PACKAGES = ("headrace", "api", "services", "streams", "schemas")


def _pages(entries: list[Any]) -> set[str]:
    found: set[str] = set()
    for entry in entries:
        if isinstance(entry, str):
            found.add(entry)
        else:
            for value in entry.values():
                found |= {value} if isinstance(value, str) else _pages(value)
    return found


def test_every_page_is_in_the_site() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "site" / "mkdocs.yml").read_text())
    assert _pages(config["nav"]) == {page.name for page in (ROOT / "docs").glob("*.md")}


def test_the_messages_of_troubleshooting_are_those_of_the_code() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    first_cells = re.findall(r"^\| (`[^|]*`)[^|]*\|", page, re.MULTILINE)
    quoted = [part for cell in first_cells for part in re.findall(r"`([^`]+)`", cell)]
    code = "\n".join(file.read_text() for name in PACKAGES for file in (ROOT / name).rglob("*.py"))
    joined = re.sub(r'"\s*\n\s*f?"', "", code)  # messages that are wrapped

    fixed = [piece.strip() for message in quoted for piece in message.split("…") if len(piece.strip()) > 3]
    assert len(fixed) > 8
    assert not [piece for piece in fixed if piece not in joined]
