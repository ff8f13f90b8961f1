"""Parse pages and sitemaps in a worker process. One that crashes or hangs its parser fails alone, and the
next page is fetched while one is parsed."""

import asyncio
from array import array
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from schemas.errors import TransientError
from services.connectors.web.pages import page
from services.connectors.web.pages.page import Html
from services.connectors.web.pages.sitemap import Sitemap, read_sitemap
from streams.processes.confinement import confine
from streams.processes.errors import CallTimeout, PoolStopped, ProcessError
from streams.processes.pool import WorkerPool

T = TypeVar("T")

#: A page of 50 MB takes some ten seconds.
PARSE_SECONDS = 60
#: Memory for a page: one of 50 MB with many short paragraphs takes 2 GB.
MEMORY_BYTES = 2 * 1024**3


class NotParsed(Exception):
    """The parser of a page crashed or took too long; the message is the reason."""


def page_workers() -> WorkerPool:
    """A pool for a connector: one confined process, because a run fetches one page at a time."""
    return WorkerPool(
        1,
        PARSE_SECONDS,
        cpu_seconds=PARSE_SECONDS,
        preload=[__name__],
        setup=(confine, [MEMORY_BYTES]),
    )


class PageParser:
    """Parses the pages of runs.

    Args:
        pool: its worker processes; None parses in threads of this process.
    """

    def __init__(self, pool: WorkerPool | None = None) -> None:
        self._pool = pool

    async def read(self, body: bytes, content_type: str | None, url: str, product: str, whole: bool) -> Html:
        """`page.read_page`. Raises NotParsed, TransientError if the process ends."""
        answer = await self._run(read_page, body, content_type, url, product, whole)
        told = {one.name: getattr(answer, one.name) for one in fields(answer)}
        lists = {"links": tuple(answer.links), "canonicals": tuple(answer.canonicals)}
        return Html(**{**told, **lists, "numbers": array("Q", answer.numbers)})

    async def stripped(self, body: bytes, content_type: str | None, dropped: frozenset[int]) -> bytes:
        """`page.stripped`. Raises as `read`."""
        return (await self._run(stripped, body, content_type, sorted(dropped))).encode()

    async def whole_text(self, body: bytes, content_type: str | None) -> bytes:
        """`page.whole_text`. Raises as `read`."""
        return (await self._run(whole_text, body, content_type)).encode()

    async def sitemap(self, body: bytes) -> Sitemap:
        """`sitemap.read_sitemap`. Raises as `read`."""
        return await self._run(read_sitemap, body)

    async def _run(self, function: Callable[..., T], *arguments: Any) -> T:
        if self._pool is None:
            return await asyncio.to_thread(function, *arguments)
        try:
            return await self._pool.run(function, *arguments)
        except PoolStopped as error:
            raise TransientError(f"a page cannot be parsed: {error}") from error
        except CallTimeout as error:
            raise NotParsed(f"takes longer than {error.seconds:g} s to parse") from error
        except ProcessError as error:
            raise NotParsed(f"cannot be parsed: {error}") from error


# ------------------------------------------------------------------------------------ in the worker


@dataclass(frozen=True)
class HtmlAnswer:
    """`Html`, in types that cross processes."""

    title: str | None
    language: str | None
    links: list[str]
    canonicals: list[str]
    refresh: str | None
    noindex: bool
    numbers: list[int]
    whole: str
    fault: str | None
    routes: int


def read_page(body: bytes, content_type: str | None, url: str, product: str, whole: bool) -> HtmlAnswer:
    """`page.read_page`."""
    html = page.read_page(body, content_type, url, product, whole)
    told = {one.name: getattr(html, one.name) for one in fields(html)}
    lists = {"links": list(html.links), "canonicals": list(html.canonicals), "numbers": list(html.numbers)}
    return HtmlAnswer(**{**told, **lists})


def stripped(body: bytes, content_type: str | None, dropped: list[int]) -> str:
    """`page.stripped`, as text."""
    return page.stripped(body, content_type, frozenset(dropped)).decode()


def whole_text(body: bytes, content_type: str | None) -> str:
    """`page.whole_text`, as text."""
    return page.whole_text(body, content_type).decode()
