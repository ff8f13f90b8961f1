"""One spelling for each address, and none that means something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.urls import canonical, path_of, site_of


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://Example.ORG:443", "https://example.org/"),
        ("http://example.org:80/a#part", "http://example.org/a"),
        ("http://example.org:443/", "http://example.org:443/"),
        ("https://example.org./a/../b/./c/..", "https://example.org/b/"),
        ("https://example.org/../../a", "https://example.org/a"),
        ("https://bücher.example/ü b", "https://xn--bcher-kva.example/%C3%BC%20b"),
        # Reserved characters are never decoded, valid triplets never encoded again.
        ("https://e.org/bar%20%2376", "https://e.org/bar%20%2376"),
        ("https://e.org/article/10.1007%2fs12064", "https://e.org/article/10.1007%2Fs12064"),
        ("https://e.org/AC%252FDC/", "https://e.org/AC%252FDC/"),
        ("https://e.org/%7euser", "https://e.org/~user"),
        ("https://e.org/Frontend/Files", "https://e.org/Frontend/Files"),
        # A query stands as it was written.
        ("https://e.org/?/discover/", "https://e.org/?/discover/"),
        ("https://e.org/?b&a=1&c=", "https://e.org/?b&a=1&c="),
        ("https://e.org/x?", "https://e.org/x"),
        ("https://e.org/?q=&q=", "https://e.org/?q="),
        # What follows visitors goes.
        ("https://e.org/?utm_source=x&id=7&fbclid=1", "https://e.org/?id=7"),
        ("https://e.org/a;jsessionid=A1.node?x=1", "https://e.org/a?x=1"),
        ("https://e.org/?osCsid=1234&p=2", "https://e.org/?p=2"),
        ("https://e.org/?sid=0123456789abcdef0123456789abcdef", "https://e.org/"),
        ("https://e.org/?sid=7", "https://e.org/?sid=7"),
        # As browsers read it.
        (" \thttps://e.org/a\n b ", "https://e.org/a%20b"),
        ("https://e.org\\a\\b", "https://e.org/a/b"),
        *(
            (f"http://{host}/", "http://127.0.0.1/")
            for host in ("2130706433", "0x7f.1", "0177.0.0.1", "127.1")
        ),
        ("http://1.2.3.4.example/", "http://1.2.3.4.example/"),
        ("http://[::FFFF:7f00:1]:8080/", "http://[::ffff:7f00:1]:8080/"),
    ],
)
def test_a_url_has_one_spelling(url: str, expected: str) -> None:
    assert canonical(url) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://e.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "mailto:a@e.org",
        "https://",
        "https:///path",
        "https://user@e.org/",
        "https://user:pw@e.org/",
        "https://e.org:port/",
        "https://e.org:99999/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        "https://a b.org/",
        "https://1.2.3.4.5/",
        "https://256.1.1.1/",
        "https://099.1.1.1/",
        "https://a.1/",
        "https://e.org/" + "x" * 2100,
    ],
)
def test_what_is_no_address_of_a_page_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical(url)


@pytest.mark.parametrize(
    ("base", "link", "expected"),
    [
        ("https://e.org/start.html", "impressum.html", "https://e.org/impressum.html"),
        ("https://e.org/a/b", "../c", "https://e.org/c"),
        ("https://e.org/a?x=1", "?y=2", "https://e.org/a?y=2"),
        ("https://e.org/a/", "//other.org/x", "https://other.org/x"),
        ("https://e.org/a/", "", "https://e.org/a/"),
        ("https://e.org/a/", "/b\\c", "https://e.org/b/c"),
    ],
)
def test_a_link_is_relative_to_its_page(base: str, link: str, expected: str) -> None:
    assert canonical(link, base) == expected


@given(st.text())
def test_spelling_twice_is_spelling_once(text: str) -> None:
    try:
        once = canonical("https://e.org/" + text)
    except ValueError:
        return
    assert canonical(once) == once
    once.encode("ascii")


def test_a_site_is_its_host_whatever_stands_before_it() -> None:
    assert site_of("http://www.e.org/a") == site_of("https://e.org/") == "e.org"
    assert len({site_of(u) for u in ("https://e.org/", "https://e.org.evil.test/", "https://x.e.org/")}) == 3
    assert path_of("https://e.org/a?b=1") == "/a?b=1"
