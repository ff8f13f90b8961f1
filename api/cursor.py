"""Cursors: where a page of a list ends, as an opaque text that any gateway understands."""

import base64
import json
from collections.abc import Sequence

from api.errors import BadRequest

#: A key of 4,096 characters of 4 bytes, escaped, and names.
_MOST_CHARACTERS = 100_000


def cursor_of(*values: str | int) -> str:
    """The cursor for these values."""
    text = json.dumps(values, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def values_of(cursor: str, types: Sequence[type]) -> list[str | int]:
    """The values of a cursor, of which each can be a value of a query. Raises BadRequest for a text that is
    none, or one of another list."""
    try:
        if len(cursor) > _MOST_CHARACTERS:
            raise ValueError
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or [type(value) for value in values] != list(types):
        raise none_of_this_list(cursor)
    if not all(map(_is_queryable, values)):
        raise none_of_this_list(cursor)
    return values


def none_of_this_list(cursor: str) -> BadRequest:
    """The error for a cursor that no page of a list has ended with."""
    return BadRequest(f"cursor {cursor[:40]!r} is none of this list; pass `next_cursor` of the page before")


def _is_queryable(value: str | int) -> bool:
    """Whether SQLite takes a value: an integer has 64 bits, a text no halves of characters."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return not any("\ud800" <= character <= "\udfff" for character in value)
