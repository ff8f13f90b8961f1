"""A website arrives whole and exact, and the collection stays true to it."""

import pytest
from aiohttp import web

from tests.services.connectors.web.site import page, served
from tests.system.pipeline import Pipeline

pytestmark = pytest.mark.system

_TEXT = "This is what page {0} has to say about gate {0}, in a sentence that is long enough to be one. "


def paragraphs(number: int, word: str = "") -> str:
    """The text of a page."""
    return _TEXT.format(number) * 3 + word


async def test_a_second_crawl_writes_what_has_changed_and_deletes_what_is_gone(pipeline: Pipeline) -> None:
    async with served() as site:
        site.etags = True
        names = [f"/{number}.php" for number in range(8)]
        site.pages = {"/": page(paragraphs(99), *names, title="Start")}
        for number, name in enumerate(names):
            site.pages[name] = page(paragraphs(number), "/", title=f"Page {number}")
        source = await pipeline.source_of({"web_scrape": {"starting_url": site.url}})

        first = await pipeline.sync(source, "website")
        before = await pipeline.rows("website")

        assert (first["indexed"], first["failed"], first["total"]) == (9, 0, 9)
        metadata = next(m for _, m in before.values() if m["document_key"] == f"{site.url}/3.php")
        assert (metadata["title"], metadata["url"]) == ("Page 3", f"{site.url}/3.php")
        assert metadata["page_language"] == "en"
        assert "gate 3" in " ".join(text for text, m in before.values() if m["title"] == "Page 3")
        assert not any("<p>" in text for text, _ in before.values())

        again = await pipeline.sync(source, "website")
        assert (again["unchanged"], again["indexed"], again["deleted"]) == (9, 0, 0)

        site.pages |= {
            names[1]: page(paragraphs(1, "New."), "/", title="Page 1"),
            names[2]: 404,
            names[3]: 500,
        }
        site.pages[names[4]] = lambda _: web.Response(status=503, headers={"Retry-After": "0"})
        third = await pipeline.sync(source, "website")
        after = await pipeline.rows("website")

        assert {name: third[name] for name in ("indexed", "deleted", "failed", "unchanged")} == {
            "indexed": 1,
            "deleted": 1,
            "failed": 2,
            "unchanged": 5,
        }
        of = {m["document_key"] for _, m in after.values()}
        assert of == {m["document_key"] for _, m in before.values()} - {f"{site.url}/2.php"}
        changed = {id_ for id_ in after if before.get(id_) != after[id_]}
        assert {after[id_][1]["document_key"] for id_ in changed} == {f"{site.url}/1.php"}
