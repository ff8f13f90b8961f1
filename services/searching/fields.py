"""The index fields of a row's metadata: one for each key and kind of value.

Chroma only compares values of the same kind (2 and 2.0 are the same number, "2" is another value), and an
array element is not the value of its key. Each kind has its own fields, so the index needs no type rules:

    s_year: "1999"        text                 sa_…    an array of it
    f_…: "true"           a boolean            fa_…
    n_…: 3, n_…: 2.5      a number             na_…
    b_…: "9007199254740993"  an integer that a float cannot hold, beside its n_…    ba_…
"""

import re
from collections.abc import Mapping

from schemas.events import MetadataValue

#: Integers from here on have neighbours that are the same float.
BIG = 2**53

Stored = str | int | float | list[str] | list[int] | list[float]

_PLAIN = re.compile(r"[^A-Za-z0-9_]")


def field_of(kind: str, key: str) -> str:
    """The name of a field. Index paths consist of letters, digits, `_` and `-`; everything else is written in
    hex."""
    return f"{kind}_{_PLAIN.sub(lambda found: f'-{found[0].encode().hex()}-', key)}"


def fields_of(metadata: Mapping[str, MetadataValue]) -> dict[str, Stored]:
    """The fields of a row's metadata; a null is no value."""
    fields: dict[str, Stored] = {}
    for key, value in metadata.items():
        if isinstance(value, list):
            _add_array(fields, key, value)
        elif value is not None:
            for kind, stored in kinds_of(value):
                fields[field_of(kind, key)] = stored
    return fields


def kinds_of(value: str | int | float | bool) -> list[tuple[str, str | int | float]]:
    """The kinds of a value, and how each is stored."""
    if isinstance(value, str):
        return [("s", value)]
    if isinstance(value, bool):
        return [("f", "true" if value else "false")]
    if isinstance(value, int) and abs(value) >= BIG:
        return [("n", value), ("b", str(value))]
    return [("n", value)]


def _add_array(
    fields: dict[str, Stored], key: str, values: list[str] | list[int] | list[float] | list[bool]
) -> None:
    for value in values:
        for kind, stored in kinds_of(value):
            array = fields.setdefault(field_of(f"{kind}a", key), [])
            assert isinstance(array, list)
            array.append(stored)  # type: ignore[arg-type]
