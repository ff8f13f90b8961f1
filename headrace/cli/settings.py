"""Options that many commands share, and the settings they make."""

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
        help="Folder of everything that is kept. [dim]HEADRACE_DATA_DIR, else .headrace[/dim]",
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
    bool, typer.Option("--allow-empty", help="A folder without any file deletes what is indexed of it.")
]


def load_settings(data_dir: Path | None = None, **given: Any) -> "Settings":
    """The settings of the environment; what is `given` and not None comes first.

    Raises UsageError, which names the variable, its value and what is wrong with it.
    """
    from pydantic import ValidationError

    from headrace.settings import Settings

    chosen = {name: value for name, value in {"data_dir": data_dir, **given}.items() if value is not None}
    try:
        return Settings(**chosen)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = str(fault["loc"][0]) if fault["loc"] else "?"
        hidden = "key" in name
        value = "" if hidden else f" is {str(fault['input'])[:80]!r}"
        raise UsageError(f"HEADRACE_{name.upper()}{value}: {fault['msg']} (docs/settings.md)") from None
