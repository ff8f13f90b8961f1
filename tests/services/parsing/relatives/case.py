"""One input with the right answer."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.errors import DocumentError
from services.parsing import Choices, parse


@dataclass(frozen=True)
class Case:
    """An input and what its markdown must hold.

    `has` and `lacks`: texts, whatever their white space; `order`: texts that follow each other; `rows`: cells
    that follow each other in a row of a table; `matches`, `no_match`: patterns of the markdown as it is;
    `count`: how often a text is there; `exact`: the whole markdown; `told`: a part of a warning; `refused`: a
    part of the message with which the file is refused.
    """

    name: str
    file: str
    data: bytes
    has: Sequence[str] = ()
    lacks: Sequence[str] = ()
    order: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    matches: Sequence[str] = ()
    no_match: Sequence[str] = ()
    count: Mapping[str, int] = field(default_factory=dict)
    exact: str | None = None
    told: str = ""
    refused: str = ""
    choices: Choices | None = None
    main: bool = False
    content_type: str | None = None

    def faults(self) -> list[str]:
        try:
            document = parse(
                self.data, self.file, self.content_type, main_content=self.main, choices=self.choices
            )
        except DocumentError as error:
            return [] if self.refused and self.refused in str(error) else [str(error)]
        if self.refused:
            return [f"not refused, but {document.markdown[:200]!r}"]
        text = document.markdown
        flat = _flat(html.unescape(re.sub(r"\\([\\`*_{}\[\]()#+\-.!|~<>$&])", r"\1", text)))
        wrong = [f"lacks {s!r}" for s in self.has if _flat(s) not in flat]
        wrong += [f"has {s!r}" for s in self.lacks if _flat(s) in flat]
        if self.order and not re.search(".*?".join(re.escape(_flat(s)) for s in self.order), flat, re.S):
            wrong.append(f"not in this order: {self.order}")
        between = r"(?:\s*\|\s*|\s*</t[dh]>\s*<t[dh][^>]*>\s*)"
        wrong += [
            f"no row {row}" for row in self.rows if not re.search(between.join(map(re.escape, row)), flat)
        ]
        wrong += [
            f"no match of {pattern!r}" for pattern in self.matches if not re.search(pattern, text, re.M)
        ]
        wrong += [f"matches {pattern!r}" for pattern in self.no_match if re.search(pattern, text, re.M)]
        wrong += [f"{flat.count(s)} times {s!r}" for s, n in self.count.items() if flat.count(s) != n]
        if self.exact is not None and text.strip() != self.exact.strip():
            wrong.append(f"{text.strip()!r} is not {self.exact.strip()!r}")
        if self.told and not any(self.told in warning for warning in document.warnings):
            wrong.append(f"no warning with {self.told!r}")
        return wrong and [*wrong, f"in {text[:600]!r}, warnings {document.warnings}"]


def _flat(text: str) -> str:
    return " ".join(text.split())


def hiding(files: Mapping[str, bytes]) -> Iterator[Case]:
    """Files that show "shown" and hide "unseen": left out and told, unless it is wanted."""
    for file, data in files.items():
        yield Case(
            f"what {file} hides is told",
            file,
            data,
            has=["shown"],
            lacks=["unseen"],
            told="left out as hidden",
        )
        yield Case(
            f"what {file} hides is wanted", file, data, has=["shown", "unseen"], choices=Choices(hidden=True)
        )
