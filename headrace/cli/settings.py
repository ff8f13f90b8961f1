"""Options that many commands share, and the settings that they override."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from headrace.settings import Settings

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Folder of all persistent data. [dim]HEADRACE_DATA_DIR, else in the user's data directory[/dim]",
        file_okay=False,
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
Database = Annotated[str, typer.Option("--database", "-d", help="Database in Chroma.")]
Collection = Annotated[
    str, typer.Option("--collection", "-c", help="Collection in Chroma.", show_default=False)
]
AllowEmpty = Annotated[
    bool, typer.Option("--allow-empty", help="If the folder lists no files, delete its indexed documents.")
]
AllowMassDelete = Annotated[
    bool,
    typer.Option(
        "--allow-mass-delete", help="Delete any share of the indexed documents; without it at most half."
    ),
]
FullCheck = Annotated[
    bool, typer.Option("--full-check", help="Read every file, even if size, times and inode are unchanged.")
]


def load_settings(data_dir: Path | None = None, **given: Any) -> "Settings":
    """The settings of the environment; values in `given` that are not None take precedence.

    Raises UsageError, which names the option or the variable, its value and what is wrong with it.
    """
    from pydantic import ValidationError

    from headrace.settings import Settings

    chosen = {name: value for name, value in {"data_dir": data_dir, **given}.items() if value is not None}
    try:
        settings = Settings(**chosen)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = str(fault["loc"][0]) if fault["loc"] else "?"
        shown = f"--{name.replace('_', '-')}" if name in chosen else f"HEADRACE_{name.upper()}"
        value = "" if "key" in name else f" is {str(fault['input'])[:80]!r}"
        why = fault["msg"].removeprefix("Value error, ")
        raise UsageError(f"{shown}{value}: {why} (docs/settings.md)") from None
    if "data_dir" not in settings.model_fields_set:
        _say_where(settings.data_dir)
    _say_unknown(Settings.model_fields)
    return settings


def _say_unknown(fields: Iterable[str]) -> None:
    """Name variables that look like settings and are none: most are misspelt, and nothing reads them."""
    known = [f"HEADRACE_{field.upper()}" for field in fields]
    others = ("HEADRACE_KAFKA_", "HEADRACE_TEST_")  # Kafka's client names its own
    for name in sorted(os.environ):
        if not name.startswith("HEADRACE_") or name.startswith(others) or name in known:
            continue
        from difflib import get_close_matches

        near = get_close_matches(name, known, 1, 0.8)
        hint = f"did you mean {near[0]}?" if near else "docs/settings.md lists them"
        sys.stderr.write(f"headrace: {name} is set but is no setting; {hint}\n")


def _say_where(data_dir: Path) -> None:
    """Report a data folder that depends on the current folder."""
    from streams.data_dir import LOCAL

    if data_dir == LOCAL:
        sys.stderr.write(f"headrace: using the data folder {LOCAL} in the current folder\n")
