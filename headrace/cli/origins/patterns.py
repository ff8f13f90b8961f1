"""Options that choose the files of a folder, and what of them."""

from typing import Annotated

import typer

from headrace.usage_error import UsageError

Include = Annotated[
    list[str] | None,
    typer.Option("--include", help="Only files that match a .gitignore pattern; may be repeated."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", help="No files that match a .gitignore pattern; may be repeated."),
]
Hidden = Annotated[
    bool, typer.Option("--hidden", help="Include hidden files and files that look like secrets.")
]

MainContent = Annotated[
    bool, typer.Option("--main-content", help="Of web pages only that: no navigation, footers and adverts.")
]


def require_patterns(include: list[str] | None, exclude: list[str] | None) -> None:
    """Raise UsageError for patterns that can match no file."""
    from schemas.globs import require_choice

    try:
        require_choice(include, exclude, ("--include", "--exclude"))
    except ValueError as error:
        raise UsageError(str(error)) from None
