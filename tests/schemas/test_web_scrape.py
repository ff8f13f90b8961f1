"""What a web source may ask for, and which two are of the same site."""

import time

import pytest

from schemas.errors import RequestError
from schemas.sources import WEB_SCRAPE
from schemas.sources.web_scrape import WebScrapeConfig, WebScrapeSource, compiled


def config(url: str, **fields: object) -> WebScrapeConfig:
    return WEB_SCRAPE.configure(WebScrapeSource.model_validate({"starting_url": url, **fields}))


def test_it_is_kept_as_it_was_sent_and_shown_with_what_is_chosen() -> None:
    asked = config("https://E.org", max_depth=2, page_limit=50, include_path_regexes=["/docs/*"] * 2)
    assert WEB_SCRAPE.form_of(asked).starting_url == "https://E.org"
    assert asked.include_path_regexes == ["/docs/*"]
    assert WEB_SCRAPE.shown(WEB_SCRAPE.form_of(asked)) == "https://E.org (/docs/*, depth 2, 50 pages at most)"


def test_main_content_is_the_default_and_shown_only_if_it_is_not_wanted() -> None:
    for asked in (config("https://e.org"), config("https://e.org", main_content=True)):
        assert WEB_SCRAPE.main_content(asked)
        assert WEB_SCRAPE.form_of(asked).main_content is None
    whole = config("https://e.org", main_content=False)
    assert not WEB_SCRAPE.main_content(whole)
    assert WEB_SCRAPE.form_of(whole).main_content is False
    assert WEB_SCRAPE.configure(WEB_SCRAPE.form_of(whole)) == whole
    assert WEB_SCRAPE.shown(WEB_SCRAPE.form_of(whole)) == "https://e.org (whole pages)"


def test_the_start_is_what_a_source_is_known_by() -> None:
    one, other = config("https://e.org"), config("https://E.ORG/#top", page_limit=3)
    assert WEB_SCRAPE.identity(one) == WEB_SCRAPE.identity(other)
    assert WEB_SCRAPE.same_origin(one, other)
    assert not WEB_SCRAPE.same_origin(one, config("https://e.org/docs"))


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        ("http://www.e.org/docs", True),
        ("https://e.org:8443/", False),
        ("https://docs.e.org/", False),
        ("https://e.org.evil.test/", False),
    ],
)
def test_sources_of_one_site_overlap(other: str, overlaps: bool) -> None:
    assert WEB_SCRAPE.overlaps(config("https://e.org/"), config(other)) is overlaps


@pytest.mark.parametrize("pattern", ["(?=look)", "(?<!back)", r"(a)\1", "(", "["])
def test_a_pattern_that_re2_does_not_know_is_refused_with_the_reason(pattern: str) -> None:
    with pytest.raises(RequestError, match=r"web_scrape\.exclude_path_regexes: .* is no regular expression"):
        config("https://e.org", exclude_path_regexes=["/fine", pattern])


def test_a_pattern_takes_linear_time() -> None:
    began = time.process_time()
    assert not compiled("(a*)*b").search("a" * 2000)
    assert time.process_time() - began < 5  # a backtracking matcher would never end
