"""The depth of lists that only the names of their styles tell: Word's `List Bullet 2`, a list of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable

_DEEPER = re.compile(r"list (?:bullet |number )?([2-5])", re.I)


def named_depth(styles: Iterable[str]) -> int:
    """The depth (from 0) that the names of a paragraph's styles give its list."""
    return next((int(found[1]) - 1 for name in styles if (found := _DEEPER.fullmatch(name))), 0)
