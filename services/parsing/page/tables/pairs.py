"""What two lines of a table tell about each other: whether the lower one goes on with the upper one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.parsing.page.tables.columns import Entry, TableLine
from services.parsing.page.tables.values import is_figure

_BROKEN = re.compile(r"[^\W_]-$")
_CLAUSE = re.compile(r"\d{1,3}(?:\.\d{1,3})+")
_BROKEN_FIGURE = re.compile(r"\d[-.,]$")


def is_above_several(above: TableLine, line: TableLine) -> bool:
    """Whether a text of a line crosses several columns that the next one fills."""
    counts = (sum(a.first <= e.first and e.last <= a.last for e in leading(line)) for a in above.entries)
    return any(count > 1 for count in counts)


def leading(line: TableLine) -> list[Entry]:
    """The first entry of each column."""
    return list({entry.first: entry for entry in reversed(line.entries)}.values())


def completes(above: TableLine, line: TableLine) -> bool:
    """Whether a line fills all columns that the line above fills, as the first line of a row does."""
    return 0 in line.at and len(line.entries) > 1 and set(line.at) >= set(above.at)


def stacked(row: Sequence[TableLine], line: TableLine) -> bool:
    """Whether a line has a figure below a figure of the row, or the next number before a text (`1.2` below
    `1.1`)."""
    for entry in leading(line):
        over = [above.at[entry.first] for above in row if entry.first in above.at]
        if entry.first and is_figure(entry.text) and any(is_figure(one.text) for one in over):
            return True
        if any(_is_next(one.words[0].text, entry.words[0].text) for one in over):
            return True
    return False


def _is_next(number: str, following: str) -> bool:
    """Whether the number of a clause follows another: they differ by one in their last part. (`1.` and `2.`
    may be a list within a cell.)"""
    if not (_CLAUSE.fullmatch(number) and _CLAUSE.fullmatch(following)):
        return False
    *outer, last = number.split(".")
    return following.split(".") == [*outer, str(int(last) + 1)]


def breaks_word(above: TableLine, line: TableLine) -> bool:
    """Whether a line goes on with words or figures that the line above breaks, and is no whole row."""
    ends = [(above.at[e.first].text, e.text[0]) for e in line.entries if e.first in above.at]
    broken = [
        bool((_BROKEN.search(over) and rest.isalnum()) or (_BROKEN_FIGURE.search(over) and rest.isdigit()))
        for over, rest in ends
    ]
    return any(broken) and ((len(broken) > 1 and all(broken)) or not completes(above, line))


def changes_weight(above: TableLine, line: TableLine) -> bool:
    """Whether a line in regular type follows one in bold in the same columns."""
    shared = [c for c in line.at if c in above.at]
    return len(shared) > 1 and all(_bold(above.at[c]) and not _bold(line.at[c]) for c in shared)


def _bold(entry: Entry) -> bool:
    return all(word.style.bold for word in entry.words)


def goes_on(before: Entry | None, entry: Entry) -> bool:
    """Whether a label is the rest of the one above: it begins in lower case, or further right."""
    if before is None:
        return False
    text = entry.words[0].text
    if before.words[-1].text[-1:] == "-":
        return True
    if text[0] == "[":
        return True  # a citation
    ended = before.words[-1].text[-1:] in ":.;"
    if ended or is_figure(before.words[-1].text) or is_figure(text):
        return False
    return text[:1].islower() or before.words[-1].text[-1:] in ",&/" or before.words[-1].text in _OPEN


#: Words that no label ends with.
_OPEN = frozenset(("and", "or", "of", "the", "for", "to", "in", "on", "by", "with", "from", "at", "a", "an"))
