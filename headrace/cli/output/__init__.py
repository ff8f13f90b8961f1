"""Output of commands: tables for people, tab-separated lines for pipes, JSON for programs, errors."""

import codecs
import contextlib
import inspect
import io
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

#: What moves a cursor, colours, renames a window or turns the direction of writing: C0, C1, line and
#: paragraph separators, bidirectional overrides.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
#: Columns that a text has at least, for it to be broken there.
_CELL = 24
#: What Chroma's log, whose end stands in some messages, is coloured with.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def visible(text: str, keep: str = "") -> str:
    """`text` with control characters as escapes (`\\x1b`, `\\n`), except those in `keep`.

    Names and contents of documents are untrusted: they must not control the terminal or break the lines of
    a table.
    """
    return _CONTROLS.sub(
        lambda found: found[0] if found[0] in keep else found[0].encode("unicode_escape").decode(), text
    )


#: Signs of ours for an output that cannot show them; all else becomes an escape.
_PLAIN = {
    "–": "-",
    "…": "...",
    "→": "->",
    "✓": "+",
    "✗": "x",
    "·": "-",
    "│": "|",
    "─": "-",
    "━": "-",
    "•": "*",
}
_ERRORS = "headrace.plain"


def print_in_any_encoding() -> None:
    """Replace characters that the encoding of standard output or error lacks by ASCII and escapes. What is
    written to one that is closed is dropped."""
    codecs.register_error(_ERRORS, _plain)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the caller has closed it
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    plain = [_PLAIN.get(one) or one.encode("ascii", "backslashreplace").decode() for one in found]
    return "".join(plain), error.end


def console(stderr: bool = False, wrap: bool = True) -> "Console":
    """A console on standard output or error. In a terminal it breaks lines between words, unless `wrap` is
    false: then, and in a pipe, they are as long as they are."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False)
    found.soft_wrap = not (wrap and found.is_terminal)
    return found


def unwrapped(text: str) -> str:
    """A docstring with each paragraph in one line, since terminals are not as wide as source files."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in paragraphs)


def print_json(value: Any) -> None:
    """Print one JSON document to standard output, with JSON escapes if that is not UTF-8."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    sys.stdout.write(json.dumps(value, ensure_ascii=plain, indent=2, default=str) + "\n")


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Print rows as a table in a terminal, else tab-separated below a header. If there are none, say `empty`:
    on standard error where standard output is for a program."""
    if not sys.stdout.isatty():
        lines = [columns, *[[_cell(cell) for cell in row] for row in rows]] if rows else []
        sys.stdout.writelines("\t".join(line) + "\n" for line in lines)
        if not rows:
            note(empty)
        return
    from headrace.cli.output.table import print_table

    if rows:
        print_table(columns, [[_in_table(cell) for cell in row] for row in rows])
    else:
        console().print(empty, style="dim")


def _in_table(value: object) -> str | int | float:
    """A cell of a table in a terminal. Numbers stay numbers, the time of today has no date."""
    if isinstance(value, datetime):
        local = value.astimezone()
        today = local.date() == datetime.now(UTC).astimezone().date()
        return local.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M")
    return value if isinstance(value, int | float) and not isinstance(value, bool) else _cell(value)


def print_fields(fields: Sequence[tuple[str, object]]) -> None:
    """Print names and values, one per line."""
    from rich.text import Text

    width = max(len(name) for name, _ in fields)
    for name, value in fields:
        if value is not None and value != "":
            print_indented(Text.assemble((f"{visible(name):<{width}}  ", "cyan")), _cell(value))


def print_indented(head: "Text", text: str) -> None:
    """Print a text behind its head. In a terminal its further lines are below the first one."""
    from rich.text import Text

    out = console()
    rest = out.width - head.cell_len
    lines = [Text(text)] if out.soft_wrap or rest < _CELL else Text(text).wrap(out, rest)
    for number, line in enumerate(lines):
        start = head if number == 0 else Text(" " * head.cell_len)
        line.rstrip()
        out.print(start + line, soft_wrap=True)


def why(error: str | None, document_key: str | None) -> str:
    """An error of a document beside its key, without the key in front; empty for none."""
    return (error or "").removeprefix(f"{document_key}: ")


def fail(message: str) -> None:
    """Print one line to standard error (more only if the message has the end of a log)."""
    message = visible(_COLOURS.sub("", message), keep="\n\t")
    if sys.stderr.isatty():
        from rich.text import Text

        console(stderr=True).print(Text.assemble(("headrace: ", "bold red"), message))
    else:
        sys.stderr.write(f"headrace: {message}\n")


@contextlib.contextmanager
def terminal_may_be_gone() -> Iterator[None]:
    """Ignore errors of writing to a terminal that is gone, as after SIGHUP."""
    with contextlib.suppress(OSError):
        yield


def note(message: str) -> None:
    """Print a line to standard error that is not an error."""
    sys.stderr.write(f"{visible(message)}\n")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return f"{value:,}" if isinstance(value, int) else visible(str(value))
