"""Page numbers in messages."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby


def pages(numbers: Iterable[int]) -> str:
    """`page 3`, `pages 3–5, 9`."""
    ordered = sorted(numbers)
    runs = [[n for _, n in run] for _, run in groupby(enumerate(ordered), key=lambda at: at[1] - at[0])]
    ranges = [f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return f"page{'s' if len(ordered) > 1 else ''} {', '.join(ranges)}"
