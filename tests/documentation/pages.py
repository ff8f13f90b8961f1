"""The pages of the documentation, and the fenced blocks in them.

A comment above a fence says what else a block is: `<!-- tables -->` above TOML that configures tables.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
PAGES: Sequence[Path] = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_FENCED = re.compile(
    r"^(?:<!-- (?P<mark>[\w-]+) -->\n)?(?P<indent> *)(?P<fence>`{3,})(?P<language>\w*)\n"
    r"(?P<text>.*?)^(?P=indent)(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its page from the root, the 1-based line of its fence, its language."""

    page: str
    line: int
    language: str
    text: str
    mark: str | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: str, text: str) -> list[Block]:
    """The blocks of a page's text."""
    return [
        Block(
            page,
            text.count("\n", 0, found.start("fence")) + 1,
            found["language"],
            dedent(found["text"]),
            found["mark"],
        )
        for found in _FENCED.finditer(text)
    ]


def blocks(*languages: str) -> list[Block]:
    """All blocks in these languages."""
    found = [one for page in PAGES for one in blocks_of(str(page.relative_to(ROOT)), page.read_text())]
    return [one for one in found if one.language in languages]


def prose(text: str) -> str:
    """A page's text with its blocks blanked; lines keep their numbers."""
    return _FENCED.sub(lambda found: "\n" * found[0].count("\n"), text)


def code_spans(text: str) -> list[tuple[int, str]]:
    """Line and text of what stands in backticks outside of blocks."""
    plain = prose(text)
    return [
        (plain.count("\n", 0, found.start()) + 1, " ".join(found[1].split()))
        for found in re.finditer(r"`([^`]+)`", plain)
    ]
