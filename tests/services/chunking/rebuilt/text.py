"""A text, and how it must be cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.chunking import chunk
from services.parsing import parse

SENTENCE = (
    "The gate is opened in the morning and closed at night by the keeper, who notes the level in the book. "
)
TEXT = SENTENCE * 3 + "\n\n"
END = f"{TEXT}{TEXT}Marker stands here. {SENTENCE}\n"


@dataclass(frozen=True)
class Text:
    """A text, and how it must be cut.

    `above`: headings that the chunk with "Marker" has in its context; `never`: what no context holds; `head`:
    what the chunk with the last row of a table has above it; `whole`: texts within one chunk; `not_after`: no
    chunk but the last ends so.
    """

    file: str
    text: str
    above: Sequence[str] = ()
    never: Sequence[str] = ()
    head: tuple[str, str] | None = None
    whole: Sequence[str] = ()
    not_after: Sequence[str] = ()
    size: int = 500

    def faults(self) -> list[str]:
        document = parse(self.text.encode(), self.file, None)
        plain = document.markdown.strip() == self.text.strip()
        name, kind = (self.file, document.media_type) if plain else (None, "text/markdown")
        pieces = chunk(document.markdown, name, kind, self.size)
        wrong = (
            []
            if re.sub(r"\s+", "", "".join(p.text for p in pieces)) == re.sub(r"\s+", "", document.markdown)
            else ["a loss"]
        )
        wrong += [f"{len(p.text.encode())} bytes" for p in pieces if len(p.text.encode()) > self.size]
        for inside, heads in (
            ("Marker", self.above),
            *([(self.head[0], self.head[1:])] if self.head else []),
        ):
            contexts = [p.context + p.text for p in pieces if inside in p.text]
            wrong += [
                f"{inside!r} lacks {head!r} in {contexts}"
                for head in heads
                if not any(head in c for c in contexts)
            ]
        wrong += [f"context {p.context!r}" for p in pieces if any(text in p.context for text in self.never)]
        wrong += [f"cut apart: {text!r}" for text in self.whole if not any(text in p.text for p in pieces)]
        return wrong + [
            f"cut after {p.text[-20:]!r}"
            for p in pieces[:-1]
            if p.text.rstrip().endswith(tuple(self.not_after))
        ]


def many(count: int, line: str) -> str:
    """`line` many times; `%i` counts from 10."""
    return "".join(line.replace("%i", str(n)) for n in range(10, 10 + count))


def each(count: int, text: str) -> list[str]:
    return [text.replace("%i", str(n)) for n in range(10, 10 + count)]


def records(
    file: str,
    record: str,
    whole: str | None = None,
    count: int = 24,
    around: tuple[str, str] = ("", ""),
    above: str = "",
) -> Text:
    """Many records of one kind, none of which is cut apart; the last has `above` in its context."""
    last = (whole or record).strip("\n").replace("%i", str(9 + count)).split("\n")[0]
    kept = each(count, (whole or record).strip("\n "))
    return Text(
        file, around[0] + many(count, record) + around[1], whole=kept, head=(last, above) if above else None
    )


def deep(file: str, begins: str, line: str, ends: str, *above: str) -> Text:
    """A definition that is too long for a chunk; its last line has `above` in its context."""
    return Text(file, (begins + many(40, line) + ends).replace("_49_", "_Marker_"), above)
