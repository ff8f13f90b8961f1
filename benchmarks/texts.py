"""Documents that nobody has seen before: made of this repository's words, different for every seed."""

import random
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: Share of each kind: about what a repository with documentation holds.
_KINDS = {".md": 0.4, ".py": 0.4, ".txt": 0.1, ".html": 0.1}
#: Sections (or functions) of a document; a section is about 600 bytes, so documents have 1 to 7 KB.
_SECTIONS = (2, 12)


@cache
def _words() -> list[str]:
    """Words of the documentation, in a fixed order; frequent ones as often as they occur."""
    folders = [ROOT / "docs", ROOT / "schemas", ROOT / "streams"]
    files = sorted(path for folder in folders for path in folder.glob("*.*") if path.is_file())
    text = " ".join(path.read_text(encoding="utf-8") for path in files)
    return re.findall(r"[A-Za-z]{2,14}", text)


def write_documents(folder: Path, count: int, seed: int) -> int:
    """Fill a folder with documents; returns their bytes. The same seed gives the same documents."""
    chance = random.Random(seed)
    size = 0
    for number in range(count):
        [suffix] = chance.choices(list(_KINDS), list(_KINDS.values()))
        path = folder / f"part-{number % 10}" / f"document-{number}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        size += path.write_text(document(suffix, chance))
    return size


def document(suffix: str, chance: random.Random) -> str:
    """The text of one document of a kind."""
    sections = chance.randint(*_SECTIONS)
    if suffix == ".py":
        return "\n\n".join(_function(chance) for _ in range(sections))
    if suffix == ".html":
        body = "".join(f"<h2>{_title(chance)}</h2><p>{sentences(chance, 6)}</p>" for _ in range(sections))
        return f"<html><body><h1>{_title(chance)}</h1>{body}</body></html>"
    mark = "## " if suffix == ".md" else ""
    return "\n\n".join(f"{mark}{_title(chance)}\n\n{sentences(chance, 6)}" for _ in range(sections))


def sentences(chance: random.Random, count: int) -> str:
    """So many sentences of 8 to 22 words."""
    made = (" ".join(chance.choices(_words(), k=chance.randint(8, 22))) for _ in range(count))
    return " ".join(f"{sentence.capitalize()}." for sentence in made)


def _title(chance: random.Random) -> str:
    return " ".join(chance.choices(_words(), k=4)).capitalize()


def _name(chance: random.Random) -> str:
    return "_".join(f"{word.lower()}x" for word in chance.choices(_words(), k=2))


def _function(chance: random.Random) -> str:
    names = [_name(chance) for _ in range(6)]
    body = "\n".join(
        f"    {chance.choice(names)} = {chance.choice(names)}({_name(chance)})" for _ in range(9)
    )
    head = f'def {names[0]}({names[1]}: int) -> str:\n    """{sentences(chance, 1)}"""'
    return f"{head}\n{body}\n    return {names[2]}\n"
