"""`headrace sync URL`: what it asks the gateway for, and what it says to options that do not fit."""

import json

import pytest
from rich.console import Console

from headrace.cli.app import run
from headrace.cli.display import RunDisplay
from headrace.cli.origins.websites import below, website
from headrace.client.gateway import GatewayClient
from headrace.client.sync import SyncRequest, begin, listing_of, looked_for
from headrace.usage_error import UsageError
from schemas.api import Source
from schemas.errors import RequestError
from schemas.sources.web_scrape import compiled
from tests.headrace.client.fake_gateway import FakeGateway, fake_gateway, source
from tests.headrace.client.test_progress import progress

URL = "https://example.org/docs"


@pytest.mark.parametrize(
    ("url", "inside", "outside"),
    [
        (URL, ["/docs", "/docs/", "/docs/a", "/docs?x=1"], ["/", "/docsearch", "/a/docs"]),
        ("https://example.org/docs/", ["/docs/", "/docs/a"], ["/docs-old/", "/"]),
        ("https://example.org/en/latest/index.html", ["/en/latest/a"], ["/en/old/", "/"]),
        ("https://example.org/a.b+c/", ["/a.b+c/x"], ["/aXb+c/x"]),
    ],
)
def test_a_url_stands_for_what_lies_below_it(url: str, inside: list[str], outside: list[str]) -> None:
    patterns = below(url)
    assert patterns is not None
    (pattern,) = patterns
    assert [path for path in inside + outside if compiled(pattern).search(path)] == inside


@pytest.mark.parametrize(
    "url", ["https://example.org", "https://example.org/", "https://example.org/index.html"]
)
def test_a_url_without_a_path_stands_for_the_whole_site(url: str) -> None:
    assert below(url) is None


def test_options_choose_instead() -> None:
    site = website(URL, 3, 50, ["/"], ["/blog/"])
    assert site.model_dump() == {
        "starting_url": URL,
        "max_depth": 3,
        "page_limit": 50,
        "include_path_regexes": ["/"],
        "exclude_path_regexes": ["/blog/"],
        "main_content": None,
    }
    assert website(URL, None, None, None, None, main_content=False).main_content is False
    assert website(URL, None, None, None, None).include_path_regexes == [r"^/docs(?:[/?]|$)"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["https://", "-c", "docs"], "URL 'https://': it has no valid host"),
        (["https://me:secret@e.org", "-c", "docs"], "no user name or password"),
        ([URL, "-c", "docs", "--include", "*.md"], "--include-path"),
        ([URL, "-c", "docs", "--hidden"], "are for folders"),
        ([URL, "-c", "docs", "--include-path", "(?=a)"], "--include-path: '(?=a)' is no regular expression"),
        ([URL, "-c", "docs", "--page-limit", "0"], "--page-limit"),
        ([".", "-c", "docs", "--max-depth", "0"], "require a URL"),
        (["s3://b/p", "-c", "docs", "--no-main-content"], "not for buckets"),
        ([URL, "-c", "d"], "--collection"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_starts(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sync", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "secret" not in said


REQUEST = SyncRequest(URL, "default_database", "docs", origin=website(URL, None, None, None, None))


def known(number: int, **site: object) -> Source:
    """A web source as the gateway shows it."""
    shown = source(number).model_dump(mode="json", exclude_unset=True)
    del shown["folder"]
    return Source.model_validate_json(json.dumps({**shown, "web_scrape": {"starting_url": URL, **site}}))


async def synced(gateway: FakeGateway, request: SyncRequest = REQUEST) -> tuple[str, str]:
    async with GatewayClient(gateway.url, "k") as client:
        found, run = await begin(client, request)
    return found.id, run


async def test_a_new_website_becomes_a_source() -> None:
    async with fake_gateway() as gateway:
        assert (await synced(gateway))[1] == "i"
        assert json.loads(gateway.asked[0]) == {
            "web_scrape": {"starting_url": URL, "include_path_regexes": [r"^/docs(?:[/?]|$)"]},
            "database_name": "default_database",
        }
        assert gateway.listed[0]["source_type"] == "web_scrape"


async def test_a_website_that_is_known_runs_again_with_other_limits_if_they_are_others() -> None:
    async with fake_gateway() as gateway:
        gateway.sources = [known(1, include_path_regexes=[r"^/docs(?:[/?]|$)"])]
        first, _ = await synced(gateway)
        assert (first, gateway.changed) == (gateway.asked[-1], {})
        request = SyncRequest(URL, "default_database", "docs", origin=website(URL, 2, None, None, None))
        assert (await synced(gateway, request))[0] == first
        assert gateway.changed[first] == {
            "web_scrape": {
                "starting_url": URL,
                "max_depth": 2,
                "include_path_regexes": [r"^/docs(?:[/?]|$)"],
            }
        }


async def test_another_start_on_a_site_that_fills_the_collection_is_refused() -> None:
    other = SyncRequest(
        "http://www.example.org/blog",
        "default_database",
        "docs",
        origin=website("http://www.example.org/blog", None, None, None, None),
    )
    async with fake_gateway() as gateway:
        gateway.sources = [known(1, max_depth=1)]
        with pytest.raises(
            RequestError, match=r"https://example\.org/docs .* is synced into collection 'docs' already"
        ):
            await synced(gateway, other)


def test_a_request_says_which_pages_it_looks_for() -> None:
    assert looked_for(REQUEST) == r"pages of https://example.org/docs (^/docs(?:[/?]|$))"


def test_a_crawl_says_why_nothing_is_indexed_yet() -> None:
    display = RunDisplay("site", quiet=True, listing=listing_of(REQUEST))
    display.show(progress(total=None))
    console = Console(width=100)
    with console.capture() as capture:
        console.print(display.draw())
    assert "site   reading all pages of the site before the first is indexed" in capture.get()


def test_a_url_of_another_kind_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sync", "ftp://e.org", "-c", "docs"]) == 2
    assert "ftp:// cannot be synced" in capsys.readouterr().err
    with pytest.raises(UsageError):
        website("ftp://e.org", None, None, None, None)
