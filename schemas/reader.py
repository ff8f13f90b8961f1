"""Straight-line Avro readers, generated from a schema; the other direction of `schemas.writer`.

A reader takes bodies that were written with the very schema it was made of and gives plain values, as
fastavro does, in two thirds of the time. It is stricter with foreign bytes: a negative or too long length,
bytes after the end and values beyond 64 bits are refused (fastavro passes over some of them). Bodies of older
schemas are checked here and then read by fastavro, which resolves the difference.
"""

import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any

from schemas.errors import ContractError

Schema = Any  # JSON: a name, a list (union) or an object
Read = Callable[[bytes, int], tuple[Any, int]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FLOAT, _DOUBLE = Struct("<f").unpack_from, Struct("<d").unpack_from


def read_long(body: bytes, at: int) -> tuple[int, int]:
    """The long at `at`, and where it ends. Raises ValueError above 64 bits, IndexError beyond the end."""
    number = shift = 0
    while True:
        byte = body[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 128:
            break
        shift += 7
    if number >= 1 << 64:
        raise ValueError("a long of more than 64 bits")
    return (number >> 1) ^ -(number & 1), at


def end_of(body: bytes, at: int, length: int) -> int:
    """Where `length` bytes from `at` end. Raises ValueError when that cannot be."""
    if length < 0 or at + length > len(body):
        raise ValueError(f"a length of {length} bytes at byte {at} of {len(body)}")
    return at + length


def count_at(body: bytes, at: int) -> tuple[int, int]:
    """The count of a block of an array or map, and where its items begin; a negative count has a size."""
    count, at = read_long(body, at)
    return (count, at) if count >= 0 else (-count, read_long(body, at)[1])


def moment(milliseconds: int) -> datetime:
    """A moment, in UTC. Raises OverflowError outside the years 1 to 9999."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def compile_reader(schema: Schema) -> Callable[[bytes], Any]:
    """A function from a whole body to its value. It raises ContractError for every body that is broken."""
    read = _Compiler().reader(schema)

    def read_all(body: bytes) -> Any:
        try:
            value, at = read(body, 0)
        except (IndexError, ValueError, OverflowError) as error:
            raise ContractError(f"bytes do not decode as {schema['name']}: {error}") from error
        if at != len(body):
            raise ContractError(f"bytes do not decode as {schema['name']}: {len(body) - at} bytes too many")
        return value

    return read_all


class _Compiler:
    """Turns schemas into source, one function for each named record, and runs the source once."""

    def __init__(self) -> None:
        self._names: dict[str, Any] = {
            "count_at": count_at,
            "double": _DOUBLE,
            "end_of": end_of,
            "float32": _FLOAT,
            "moment": moment,
            "read_long": read_long,
        }
        self._functions: dict[str, str] = {}  # a record's name → its function's
        self._symbols: dict[str, str] = {}  # an enum's name → its symbols'
        self._numbers = itertools.count()

    def reader(self, schema: Schema) -> Read:
        read: Read = self._names[self._record(schema)]
        return read

    def _record(self, schema: Mapping[str, Any]) -> str:
        function = self._functions[schema["name"]] = f"read_{next(self._numbers)}"
        lines, values = [], []
        for number, field in enumerate(schema["fields"]):
            lines += self._lines(field["type"], f"field_{number}")
            values.append(f"{field['name']!r}: field_{number}")
        lines.append(f"return {{{', '.join(values)}}}, at")
        body = "\n".join(f"    {line}" for line in lines)
        source = f"def {function}(body, at):\n{body}\n"
        exec(compile(source, "<avro reader>", "exec"), self._names)  # noqa: S102  (made of schemas alone)
        return function

    def _lines(self, schema: Schema, target: str) -> list[str]:
        """Statements that read from `at` on and assign to `target`."""
        if isinstance(schema, list):
            return self._union(schema, target)
        kind = schema["type"] if isinstance(schema, dict) else schema
        if isinstance(schema, dict) and schema.get("logicalType") == "timestamp-millis":
            return [*_long(target), f"{target} = moment({target})"]
        if kind in self._functions:
            return [f"{target}, at = {self._functions[kind]}(body, at)"]
        match kind:
            case "null":
                return [f"{target} = None"]
            case "string":
                return [*_bytes(target), f"{target} = body[at:end].decode()", "at = end"]
            case "bytes":
                return [*_bytes(target), f"{target} = body[at:end]", "at = end"]
            case "long" | "int":
                return _long(target)
            case "float":
                return [f"{target} = float32(body, end_of(body, at, 4) - 4)[0]", "at += 4"]
            case "double":
                return [f"{target} = double(body, end_of(body, at, 8) - 8)[0]", "at += 8"]
            case "boolean":
                return [f"{target} = (False, True)[body[at]]", "at += 1"]
            case "enum":
                self._symbols[schema["name"]] = name = f"symbols_{next(self._numbers)}"
                self._names[name] = dict(enumerate(schema["symbols"]))
                return self._symbol(name, target)
            case "array" | "map":
                return self._blocks(schema, target)
            case "record":
                return [f"{target}, at = {self._record(schema)}(body, at)"]
        if kind in self._symbols:
            return self._symbol(self._symbols[kind], target)
        raise ContractError(f"no reader for Avro type {schema!r}; schemas/reader.py says which there are")

    def _symbol(self, symbols: str, target: str) -> list[str]:
        refuse = f"    raise ValueError(f'{{{target}}} is no symbol')"
        return [*_long(target), f"if {target} not in {symbols}:", refuse, f"{target} = {symbols}[{target}]"]

    def _blocks(self, schema: Mapping[str, Any], target: str) -> list[str]:
        """An array or a map: blocks of counted items, until a count of zero."""
        count, item, key = f"count_{target}", f"item_{target}", f"key_{target}"
        if schema["type"] == "array":
            empty, inner, add = "[]", self._lines(schema["items"], item), f"{target}.append({item})"
        else:
            inner = [*self._lines("string", key), *self._lines(schema["values"], item)]
            empty, add = "{}", f"{target}[{key}] = {item}"
        loop = [
            f"for _ in range({count}):",
            *(f"    {line}" for line in [*inner, add]),
            f"{count}, at = count_at(body, at)",
        ]
        return [
            f"{target} = {empty}",
            f"{count}, at = count_at(body, at)",
            f"while {count}:",
            *(f"    {line}" for line in loop),
        ]

    def _union(self, branches: list[Schema], target: str) -> list[str]:
        lines = ["branch = body[at]", "at += 1"]
        for number, schema in enumerate(branches):
            lines.append(f"{'elif' if number else 'if'} branch == {2 * number}:")
            lines += [f"    {line}" for line in self._lines(schema, target)]
        return [*lines, "else:", "    raise ValueError(f'no branch {branch} at byte {at - 1}')"]


def _long(target: str) -> list[str]:
    """One or two bytes are what nearly all longs have: up to 8,191, or down to -8,192."""
    return [
        f"{target} = body[at]",
        f"if {target} < 128:",
        f"    {target} = ({target} >> 1) ^ -({target} & 1)",
        "    at += 1",
        "elif (high := body[at + 1]) < 128:",
        f"    {target} = ({target} & 127) | high << 7",
        f"    {target} = ({target} >> 1) ^ -({target} & 1)",
        "    at += 2",
        "else:",
        f"    {target}, at = read_long(body, at)",
    ]


def _bytes(target: str) -> list[str]:
    return [
        *_long(target),
        f"end = at + {target}",
        "if not at <= end <= len(body):",
        f"    end_of(body, at, {target})",
    ]
