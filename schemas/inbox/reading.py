"""Read a JSON object as RFC 8259 has it: stricter than Python, which takes NaN and duplicate names."""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from schemas.errors import ContractError

_SHOWN = 80
#: An escape that may be half of a surrogate pair. Only then is every string looked at.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read_object(value: bytes | str) -> dict[str, Any]:
    """The object in `value` (UTF-8; a byte order mark is skipped).

    Raises ContractError, with the place, for anything else.
    """
    found = _read(value)
    if not isinstance(found, dict):
        raise ContractError(f"the value must be a JSON object, found {kind_of(found)}")
    return found


def _read(value: bytes | str) -> Any:
    try:
        text = value.decode("utf-8-sig") if isinstance(value, bytes) else value
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
        if _SURROGATE.search(text):
            _require_pairs(found)
        return found
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ContractError(f"the value is not UTF-8: byte 0x{byte:02x} at position {error.start}") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise ContractError(f"the value is not JSON: {error.msg} at {place}") from None
    except RecursionError:
        raise ContractError("the value is not JSON that can be read: it is nested too deeply") from None
    except ValueError:  # `int` refuses more than 4,300 digits, which take quadratic time
        raise ContractError("the value has a number with more digits than can be read") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ContractError(f"the value has the name {twice[:_SHOWN]!r} more than once in one object")
    return found


def _require_pairs(found: Any) -> None:
    for name, text in _texts(found, ""):
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise ContractError(f"{name[:_SHOWN] or 'a name'} has half of a surrogate pair, which is no text")


def _texts(found: Any, name: str) -> Iterator[tuple[str, str]]:
    """All names and strings, each with the name of its field."""
    if isinstance(found, str):
        yield name, found
    elif isinstance(found, list):
        for value in found:
            yield from _texts(value, name)
    elif isinstance(found, dict):
        for key, value in found.items():
            yield "", key
            yield from _texts(value, key)


def _no_number(name: str) -> NoReturn:
    raise ContractError(f"the value has {name}, which is no number in JSON")


def kind_of(value: object) -> str:
    """What JSON calls a value, without the value."""
    return _KINDS.get(type(value), type(value).__name__)


_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}
