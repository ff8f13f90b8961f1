"""`web_scrape`: the pages of a website, from one that links to the others."""

from typing import Annotated, Any

from pydantic import Field

from schemas.base import WHOLE, Body, Event, OwnBody
from schemas.errors import RequestError
from schemas.sources.source_type import ShownRun, SourceType
from schemas.urls import canonical, site_of

#: Pages of a source that names no limit.
DEFAULT_PAGE_LIMIT = 500
MAX_PATTERNS = 100
MAX_PATTERN_LENGTH = 1000
_INT32 = 2**31 - 1

Regexes = Annotated[
    list[Annotated[str, Field(max_length=MAX_PATTERN_LENGTH)]],
    Field(fail_fast=True, max_length=MAX_PATTERNS),
]


class WebScrapeConfig(Event):
    """A website.

    Patterns are RE2, searched for anywhere in path and query. `starting_url` is always fetched. Without
    `main_content` pages are indexed with their navigation and with what repeats on the site.
    """

    starting_url: str
    max_depth: int | None = None
    page_limit: int | None = None
    include_path_regexes: list[str] | None = None
    exclude_path_regexes: list[str] | None = None
    main_content: bool = True


class WebScrapeSource(Body):
    """A website. `main_content` is ours."""

    starting_url: str = Field(description="http or https. Pages of its host are crawled, others never.")
    max_depth: Annotated[int, Field(ge=0, le=_INT32), WHOLE] | None = Field(
        default=None,
        description="Links between the start and a page at most; 0 is the start alone. None: any number.",
    )
    page_limit: Annotated[int, Field(ge=0, le=_INT32), WHOLE] | None = Field(
        default=None, description=f"Most pages. Default: {DEFAULT_PAGE_LIMIT}."
    )
    include_path_regexes: Regexes | None = Field(
        default=None,
        json_schema_extra={"uniqueItems": True},
        description="Only pages in whose path and query one of these is found (RE2).",
    )
    exclude_path_regexes: Regexes | None = Field(
        default=None, json_schema_extra={"uniqueItems": True}, description="Not these pages."
    )
    main_content: bool | None = Field(
        default=None,
        description="Ours: false indexes pages with their navigation, banners and footers. Default: true; it "
        "is shown only if it is false.",
    )


class WebScrapeJob(OwnBody):
    """Nothing more to say: the start stands in the source."""


class WebScrape(SourceType[WebScrapeSource, WebScrapeConfig]):
    """Documents are pages and the files they link to; a key is the canonical URL."""

    name = "web_scrape"
    form = WebScrapeSource
    config = WebScrapeConfig
    job = WebScrapeJob

    def configure(self, form: WebScrapeSource) -> WebScrapeConfig:
        """Raises RequestError for what is no URL, a limit of no pages and a pattern that is no RE2."""
        try:
            canonical(form.starting_url)
        except ValueError as error:
            secret = "@" in form.starting_url  # it may hold a password
            shown = "" if secret else f" {form.starting_url[:200]!r}"
            raise RequestError(f"web_scrape.starting_url{shown}: {error}") from None
        if form.page_limit == 0:
            raise RequestError("web_scrape.page_limit is 0, which is no page; expected at least 1")
        return WebScrapeConfig(
            starting_url=form.starting_url.strip(),
            max_depth=form.max_depth,
            page_limit=form.page_limit,
            include_path_regexes=_checked(form.include_path_regexes, "include_path_regexes"),
            exclude_path_regexes=_checked(form.exclude_path_regexes, "exclude_path_regexes"),
            main_content=form.main_content is not False,
        )

    def form_of(self, config: WebScrapeConfig) -> WebScrapeSource:
        """The same fields; `main_content` only if it is false."""
        shown = {**config.model_dump(), "main_content": None if config.main_content else False}
        return WebScrapeSource(**shown)

    def job_of(self, run: ShownRun) -> WebScrapeJob:
        """Empty."""
        return WebScrapeJob()

    def shown(self, form: WebScrapeSource) -> str:
        """The start and what is chosen of the site."""
        chosen = [
            *(form.include_path_regexes or []),
            *(f"not {one}" for one in form.exclude_path_regexes or []),
        ]
        chosen += [] if form.max_depth is None else [f"depth {form.max_depth}"]
        chosen += [] if form.page_limit is None else [f"{form.page_limit:,} pages at most"]
        chosen += ["whole pages"] if form.main_content is False else []
        return form.starting_url + (f" ({', '.join(chosen)})" if chosen else "")

    def identity(self, config: WebScrapeConfig) -> dict[str, Any]:
        """The start; the rest may change."""
        return {"starting_url": canonical(config.starting_url)}

    def same_origin(self, one: WebScrapeConfig, other: WebScrapeConfig) -> bool:
        """The same start."""
        return canonical(one.starting_url) == canonical(other.starting_url)

    def overlaps(self, one: WebScrapeConfig, other: WebScrapeConfig) -> bool:
        """The same site. Patterns do not count: they may change."""
        return site_of(canonical(one.starting_url)) == site_of(canonical(other.starting_url))


def compiled(pattern: str) -> Any:
    """A pattern that takes time linear in what it searches. Raises ValueError for what RE2 does not know."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        shown = error.args[0] if error.args else error
        raise ValueError(
            shown.decode(errors="replace") if isinstance(shown, bytes) else str(shown)
        ) from error


def _checked(patterns: list[str] | None, name: str) -> list[str] | None:
    """Each pattern once; None for none. Raises RequestError for one that is no RE2."""
    for pattern in patterns or ():
        try:
            compiled(pattern)
        except ValueError as error:
            raise RequestError(
                f"web_scrape.{name}: {pattern!r} is no regular expression of RE2 ({error}); "
                "look-around and back-references are not possible"
            ) from error
    return list(dict.fromkeys(patterns or ())) or None


WEB_SCRAPE = WebScrape()
