"""Options that choose the files of a folder, and what of them."""

from typing import Annotated

import typer

from headrace.usage_error import UsageError

Include = Annotated[
    list[str] | None,
    typer.Option(
        "--include", help="Only files that match a .gitignore pattern; may be repeated; '' takes all."
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude", help="No files that match a .gitignore pattern; may be repeated; '' excludes none."
    ),
]
Hidden = Annotated[
    bool | None,
    typer.Option(
        "--hidden/--no-hidden",
        help="Include hidden files and files that look like secrets.",
        show_default="--no-hidden",
    ),
]

MainContent = Annotated[
    bool, typer.Option("--main-content", help="Of web pages only that: no navigation, footers and adverts.")
]

#: The same where a source is meant, which may be a website.
OnlyMainContent = Annotated[
    bool | None,
    typer.Option(
        "--main-content/--no-main-content",
        help="Of web pages only that: no navigation, footers and adverts.",
        show_default="yes for websites, no for files",
    ),
]


def require_patterns(include: list[str] | None, exclude: list[str] | None) -> None:
    """Raise UsageError for patterns that can match no file. Empty lists stand for no patterns."""
    from schemas.globs import require_choice

    try:
        require_choice(include, exclude, ("--include", "--exclude"))
    except ValueError as error:
        raise UsageError(str(error)) from None


def not_asked_about(
    include: list[str] | None, exclude: list[str] | None, hidden: bool | None, main_content: bool | None
) -> tuple[str, ...]:
    """Members of a source that a sync leaves as they are."""
    asked = {
        "include_globs": include,
        "exclude_globs": exclude,
        "include_hidden": hidden,
        "main_content": main_content,
    }
    return tuple(name for name, value in asked.items() if value is None)
