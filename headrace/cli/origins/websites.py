"""Options that choose the pages of a website."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.checks import in_options
from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from schemas.sources.web_scrape import WebScrapeSource

MaxDepth = Annotated[
    int | None,
    typer.Option(
        "--max-depth", min=0, help="Of a website: most links between URL and a page.", show_default=False
    ),
]
PageLimit = Annotated[
    int | None,
    typer.Option("--page-limit", min=1, help="Of a website: most pages; 500 by default.", show_default=False),
]
IncludePath = Annotated[
    list[str] | None,
    typer.Option(
        "--include-path", help="Of a website: only paths in which this RE2 pattern is found; may be repeated."
    ),
]
ExcludePath = Annotated[
    list[str] | None,
    typer.Option("--exclude-path", help="Of a website: no paths in which it is found; may be repeated."),
]
_OPTIONS = {
    "starting_url": "URL",
    "max_depth": "--max-depth",
    "page_limit": "--page-limit",
    "include_path_regexes": "--include-path",
    "exclude_path_regexes": "--exclude-path",
}


def is_url(path: str) -> bool:
    """Whether what is to be synced is a website."""
    return path.lower().startswith(("http://", "https://"))


def website(
    url: str,
    max_depth: int | None,
    page_limit: int | None,
    include: list[str] | None,
    exclude: list[str] | None,
    main_content: bool | None = None,
) -> "WebScrapeSource":
    """The source for a URL. Without `include` it is what lies below the path of the URL.

    Raises UsageError for what no gateway would take.
    """
    from schemas.sources import WEB_SCRAPE
    from schemas.sources.web_scrape import WebScrapeSource

    with in_options(_OPTIONS, "web_scrape."):
        form = WebScrapeSource(
            starting_url=url,
            max_depth=max_depth,
            page_limit=page_limit,
            include_path_regexes=include or None,
            exclude_path_regexes=exclude or None,
            main_content=main_content,
        )
        WEB_SCRAPE.configure(form)
    return form.model_copy(
        update={"include_path_regexes": below(url) if include is None else include or None}
    )


def not_asked_about(
    max_depth: int | None,
    page_limit: int | None,
    include: list[str] | None,
    exclude: list[str] | None,
    main_content: bool | None,
) -> tuple[str, ...]:
    """Members of a source that a sync leaves as they are."""
    asked = {
        "max_depth": max_depth,
        "page_limit": page_limit,
        "include_path_regexes": include,
        "exclude_path_regexes": exclude,
        "main_content": main_content,
    }
    return tuple(name for name, value in asked.items() if value is None)


def require_fitting(is_site: bool, of_folder: tuple[object, ...], of_site: tuple[object, ...]) -> None:
    """Raises UsageError for options of a folder with a website, and the other way round."""
    if is_site and any(one is not None for one in of_folder):
        raise UsageError(
            "--include, --exclude and --hidden are for folders; a website has --include-path and "
            "--exclude-path"
        )
    if not is_site and any(one is not None for one in of_site):
        raise UsageError("--max-depth, --page-limit, --include-path and --exclude-path require a URL")


def below(url: str) -> list[str] | None:
    """The pattern of all paths below that of a URL: of `/docs` and `/docs/`, and for `/docs/index.html` of
    its folder. None for a whole site."""
    from urllib.parse import urlsplit

    from schemas.urls import canonical

    folder, _, name = urlsplit(canonical(url)).path.rpartition("/")
    if name and "." not in name:
        return [f"^{re.escape(f'{folder}/{name}')}(?:[/?]|$)"]
    return [f"^{re.escape(folder)}/"] if folder else None
