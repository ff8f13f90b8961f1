"""`web_scrape`: a website. Known to the contract, not served yet."""

from typing import Any

from pydantic import Field

from schemas.base import Body, Event
from schemas.sources.source_type import Patterns, SourceType


class WebScrapeSource(Body):
    """A website."""

    starting_url: str
    max_depth: int | None = Field(default=None, ge=0)
    page_limit: int | None = Field(default=None, ge=0)
    include_path_regexes: Patterns | None = Field(default=None, json_schema_extra={"uniqueItems": True})
    exclude_path_regexes: Patterns | None = Field(default=None, json_schema_extra={"uniqueItems": True})


class WebScrape(SourceType[WebScrapeSource, Event]):
    """Payloads are checked by their shape and refused."""

    name = "web_scrape"
    form = WebScrapeSource
    job = dict[str, Any]

    def shown(self, form: WebScrapeSource) -> str:
        """Where it starts."""
        return form.starting_url


WEB_SCRAPE = WebScrape()
