"""Straight-line Avro writers, generated from a schema as `dataclasses` generates `__init__`.

fastavro looks at the schema again for every field of every record; here that is done once. A part of six
chunks costs a third of the time, and an event needs no `model_dump` first. What is written is what fastavro
writes (tests compare them for every record), and fastavro reads it: only the hot direction is ours.

Strings, bytes, numbers, booleans, enums, milliseconds, arrays, maps, records, `null or X`, and unions that
the Python type of a value decides are known, which is all that `schemas.events` uses; others are refused when
the writer is made, not when it is used.
"""

import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any

from schemas.errors import ContractError

Schema = Any  # JSON: a name, a list (union) or an object
Write = Callable[[Any, bytearray], None]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DOUBLE = Struct("<d").pack
_PYTHON_TYPES = {"string": str, "long": int, "double": float, "boolean": bool, "null": type(None)}


def long(number: int) -> bytes:
    """A long: zigzag, seven bits a byte, least significant first. Raises ContractError above 64 bits."""
    if not -(2**63) <= number < 2**63:
        raise ContractError(f"{number} does not fit into the 64 bits of a long")
    rest = (number << 1) ^ (number >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


#: Longs that are looked up instead of computed: lengths of texts, lines, columns, counts. 0.5 MB.
_SMALL = tuple(long(number) for number in range(8192))


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 UTC, rounded towards the past; a naive moment is local time."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return (moment - _EPOCH) // _MILLISECOND


def compile_writer(schema: Schema) -> Write:
    """A function that appends a record's body to a bytearray; the record is an object with its attributes."""
    return _Compiler().writer(schema)


class _Compiler:
    """Turns schemas into source, one function for each named record, and runs the source once."""

    def __init__(self) -> None:
        self._names: dict[str, Any] = {
            "SMALL": _SMALL,
            "choose": _choose,
            "double": _DOUBLE,
            "long": long,
            "milliseconds": milliseconds,
        }
        self._records: dict[str, str] = {}  # a record's name → its function's
        self._symbols: dict[str, str] = {}  # an enum's name → its symbols'
        self._numbers = itertools.count()

    def writer(self, schema: Schema) -> Write:
        write: Write = self._names[self._record(schema)]
        return write

    def _record(self, schema: Mapping[str, Any]) -> str:
        """The function that writes a record or a value of another complex type."""
        function = self._records[schema["name"]] = f"write_{next(self._numbers)}"
        lines = ["pass"]
        for field in schema["fields"]:
            lines += self._lines(field["type"], f"value.{field['name']}")
        self._define(function, lines)
        return function

    def _define(self, function: str, lines: list[str]) -> None:
        body = "\n".join(f"    {line}" for line in lines)
        source = f"def {function}(value, out):\n{body}\n"
        exec(compile(source, "<avro writer>", "exec"), self._names)  # noqa: S102  (made of schemas alone)

    def _lines(self, schema: Schema, value: str) -> list[str]:
        """Statements that append `value`, an expression, to `out`."""
        if isinstance(schema, list):
            return self._union(schema, value)
        kind = schema["type"] if isinstance(schema, dict) else schema
        if isinstance(schema, dict) and schema.get("logicalType") == "timestamp-millis":
            return _long(f"milliseconds({value})")
        if kind in self._records:
            return [f"{self._records[kind]}({value}, out)"]
        match kind:
            case "string":
                return [f"part = {value}.encode()", *_long("len(part)"), "out += part"]
            case "bytes":
                return [f"part = {value}", *_long("len(part)"), "out += part"]
            case "long":
                return _long(value)
            case "double":
                return [f"out += double({value})"]
            case "boolean":
                return [f"out.append(1 if {value} else 0)"]
            case "enum":
                symbols = {symbol: long(number) for number, symbol in enumerate(schema["symbols"])}
                self._symbols[schema["name"]] = self._constant(symbols)
                return [f"out += {self._symbols[schema['name']]}[{value}]"]
            case "array":
                return self._blocks(value, "item", self._lines(schema["items"], "item"))
            case "map":
                key = self._lines("string", "key")
                return self._blocks(
                    f"{value}.items()", "key, item", key + self._lines(schema["values"], "item")
                )
            case "record":
                return [f"{self._record(schema)}({value}, out)"]
        if kind in self._symbols:
            return [f"out += {self._symbols[kind]}[{value}]"]
        raise ContractError(f"no writer for Avro type {schema!r}; schemas/writer.py says which there are")

    def _blocks(self, values: str, names: str, body: list[str]) -> list[str]:
        """An array or a map: one block with its count, then the end."""
        loop = [f"for {names} in values:", *(f"    {line}" for line in body)]
        filled = [f"    {line}" for line in [*_long("len(values)"), *loop]]
        return [f"values = {values}", "if values:", *filled, "out.append(0)"]

    def _union(self, branches: list[Schema], value: str) -> list[str]:
        if len(branches) == 2 and "null" in branches:
            null = branches.index("null")
            some = [f"    {line}" for line in self._lines(branches[1 - null], "chosen")]
            absent, present = f"out.append({2 * null})", f"    out.append({2 - 2 * null})"
            return [f"chosen = {value}", "if chosen is None:", f"    {absent}", "else:", present, *some]
        writers = {self._python_type(branch): self._branch(n, branch) for n, branch in enumerate(branches)}
        return [f"choose({self._constant(writers)}, {value}, out)"]

    def _python_type(self, branch: Schema) -> type:
        kind = branch["type"] if isinstance(branch, dict) else branch
        found = list if kind == "array" else _PYTHON_TYPES.get(kind)
        if found is None:
            raise ContractError(f"no writer for a union with {branch!r}: its Python type does not decide")
        return found

    def _branch(self, number: int, branch: Schema) -> Write:
        function = f"write_{next(self._numbers)}"
        lines = [] if branch == "null" else self._lines(branch, "value")
        self._define(function, [f"out.append({2 * number})", *lines])
        write: Write = self._names[function]
        return write

    def _constant(self, value: Any) -> str:
        name = f"constant_{next(self._numbers)}"
        self._names[name] = value
        return name


def _long(number: str) -> list[str]:
    return [f"number = {number}", "out += SMALL[number] if 0 <= number < 8192 else long(number)"]


def _choose(writers: Mapping[type, Write], value: Any, out: bytearray) -> None:
    write = writers.get(type(value))
    if write is None:
        raise ContractError(f"{value!r} is none of {', '.join(sorted(t.__name__ for t in writers))}")
    write(value, out)
