"""`main_content: false`: pages with everything that they say."""

import re
from dataclasses import replace

from services.connectors.web.memo import MAIN, WHOLE, Page, packed, unpacked
from tests.services.connectors.web.site import Indexed, Site, crawl

WORDS = ("The menu", "The text", "The footer")


def framed(text: str, menu: str = "The menu", footer: str = "The footer", lone: str = "") -> str:
    return (
        f'<html><head><title>T</title><script>var x = "code"</script></head><body><nav><a href="/">{menu}</a>'
        f'<a href="/1">one</a></nav><main><p>{text}</p></main><aside>{lone}</aside>'
        f"<footer>{footer}</footer></body></html>"
    )


async def test_a_page_is_sent_with_its_landmarks_and_without_its_scripts(
    site: Site, indexed: Indexed
) -> None:
    site.pages = {"/": framed("The text")}
    whole = (await crawl(site, indexed, main_content=False)).written["/"]
    assert [word for word in WORDS if word in whole] == list(WORDS)
    assert "code" not in whole


async def test_what_repeats_on_the_site_stays(site: Site, indexed: Indexed) -> None:
    links = "".join(f'<a href="/{number}">{number}</a>' for number in range(9))
    banner = "<div>Visit our annual conference in May!</div>"
    pages = {f"/{n}": f"<html><body>{banner}<p>What {n} is about.</p></body></html>" for n in range(9)}
    site.pages = {"/": f"<html><body>{banner}{links}</body></html>"} | pages
    first = await crawl(site, indexed, main_content=False)
    assert len(first.written) == 10
    assert all("conference" in text for text in first.written.values())
    assert (await crawl(site, indexed, main_content=False)).written == {}


async def test_any_text_of_a_page_counts_as_a_change(site: Site, indexed: Indexed) -> None:
    site.pages = {"/": framed("The text")}
    await crawl(site, indexed, main_content=False)
    assert (await crawl(site, indexed, main_content=False)).written == {}
    for changed in (framed("The text", menu="Another"), framed("The text", footer="Another"), framed("New")):
        site.pages["/"] = changed
        assert set((await crawl(site, indexed, main_content=False)).written) == {"/"}


async def test_pages_that_differ_only_beside_their_main_part_are_two(site: Site, indexed: Indexed) -> None:
    site.pages = {"/": framed("The text", lone="of the start"), "/1": framed("The text", lone="of the first")}
    assert (await crawl(site, indexed, main_content=False)).keys == {"/", "/1"}


async def test_a_page_that_was_not_modified_is_fetched_in_its_version(site: Site, indexed: Indexed) -> None:
    site.etags = True
    site.pages = {"/": framed("The text")}
    await crawl(site, indexed, main_content=False)
    key = site.url + "/"
    indexed.items[key] = replace(indexed.items[key], facts={})  # so it is to be sent again
    again = await crawl(site, indexed, main_content=False)
    assert again.facts["pages_not_modified"] == 1
    assert "The footer" in again.written["/"]


async def test_the_mode_may_change_and_no_page_is_taken_for_known_then(site: Site, indexed: Indexed) -> None:
    site.etags = True
    site.pages = {"/": framed("The text"), "/1": framed("The first")}
    await crawl(site, indexed)
    for main_content in (False, True, False):
        changed = await crawl(site, indexed, main_content=main_content)
        assert changed.facts == {"pages_fetched": 2, "pages_not_modified": 0}
        assert set(changed.written) == {"/", "/1"}
        assert ("The footer" in re.sub("<[^>]*>", " ", changed.written["/"])) is not main_content
        again = await crawl(site, indexed, main_content=main_content)
        assert (again.facts["pages_not_modified"], again.written) == (2, {})


def test_of_a_memo_of_the_other_mode_only_the_depth_counts() -> None:
    page = Page("k", 3, title="T", links=("a",), etag='"x"', furniture=frozenset({8}), version="v", whole="w")
    assert unpacked("k", packed(page, WHOLE), WHOLE) == page
    for kept, asked in ((MAIN, WHOLE), (WHOLE, MAIN)):
        assert unpacked("k", packed(page, kept), asked) == Page("k", 3)
