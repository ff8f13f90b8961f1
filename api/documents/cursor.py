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
    """The values of a cursor. Raises BadRequest for a text that is none, or one of another list."""
    try:
        if len(cursor) > _MOST_CHARACTERS:
            raise ValueError
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or [type(value) for value in values] != list(types):
        raise BadRequest(
            f"cursor {cursor[:40]!r} is none of this list; pass `next_cursor` of the page before"
        )
    return values
