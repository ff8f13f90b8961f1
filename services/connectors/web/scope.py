"""The addresses that a source may request."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from schemas.sources.web_scrape import WebScrapeConfig, compiled
from schemas.urls import canonical, host_of, origin_of, path_of, site_of
from services.connectors.web.access import WebAccess
from services.connectors.web.memo import MAIN, WHOLE
from services.connectors.web.transport.addresses import refusal

_ABSOLUTE = ("http://", "https://")
#: Suffixes of links to files without text, or that no parser supports.
_NO_DOCUMENTS = frozenset(
    (
        *(
            "png",
            "jpg",
            "jpeg",
            "gif",
            "webp",
            "svg",
            "ico",
            "bmp",
            "tif",
            "tiff",
            "avif",
            "heic",
            "psd",
            "ai",
        ),
        *("mp3", "mp4", "m4a", "m4v", "mov", "avi", "mkv", "webm", "ogg", "ogv", "wav", "flac", "swf", "eps"),
        *(
            "woff",
            "woff2",
            "ttf",
            "otf",
            "eot",
            "css",
            "js",
            "mjs",
            "map",
            "wasm",
            "whl",
            "jar",
            "war",
            "exe",
        ),
        *(
            "zip",
            "gz",
            "tgz",
            "bz2",
            "xz",
            "7z",
            "rar",
            "tar",
            "msi",
            "dmg",
            "pkg",
            "deb",
            "rpm",
            "apk",
            "iso",
        ),
        *("bin", "img", "torrent", "rss", "atom", "ics", "sig", "asc", "sha256", "md5"),
    )
)


class Scope:
    """The hosts of a source, and the URLs that its patterns select.

    The hosts are that of the start URL and, after a permanent redirect, that of its target; with and without
    `www.`, by http and https. Patterns are searched for in path and query. The start URL is always in scope.
    """

    def __init__(self, config: WebScrapeConfig, access: WebAccess) -> None:
        self.start = canonical(config.starting_url)
        self.max_depth = config.max_depth
        self.mode = MAIN if config.main_content else WHOLE
        self.whole = self.mode == WHOLE
        self._access = access
        self._include = _patterns(config.include_path_regexes)
        self._exclude = _patterns(config.exclude_path_regexes)
        self._sites = {site_of(self.start)}
        self._origin = origin_of(self.start)
        self._same: set[str] = set()

    def anchor(self, url: str) -> None:
        """Set the URL that the start redirected to: its site is in scope, its origin that of all pages."""
        self._sites.add(site_of(url))
        self._origin = origin_of(url)

    def learn(self, asked: str, final: str) -> None:
        """Note a redirect. From another origin of the site to the same path here, it proves that both origins
        serve the same pages."""
        if origin_of(final) == self._origin and path_of(asked) == path_of(final):
            self._same.add(origin_of(asked))

    def at_home(self, url: str) -> str:
        """Rewrite a canonical URL to the origin of the site: to https if the start is https, to another host
        (`www.`) only if a redirect has proven it."""
        origin = origin_of(url)
        if origin == self._origin or site_of(url) not in self._sites:
            return url
        here = urlsplit(self._origin)
        if origin in self._same or (here.scheme == "https" and host_of(url) == here.netloc):
            return self._origin + url[len(origin) :]
        return url

    def is_ours(self, url: str) -> bool:
        """Whether a canonical URL is on a host of the source."""
        return site_of(url) in self._sites

    def refuses(self, url: str, depth: int | None = None) -> str | None:
        """Why a canonical URL is out of scope; None if it is in."""
        if not self.is_ours(url):
            return "on another host"
        if url == self.start:
            return None
        if depth is not None and self.max_depth is not None and depth > self.max_depth:
            return f"deeper than {self.max_depth} links"
        path = path_of(url)
        if self._include and not any(one.search(path) for one in self._include):
            return "not among the included paths"
        if any(one.search(path) for one in self._exclude):
            return "among the excluded paths"
        if _suffix(url) in _NO_DOCUMENTS:
            return "no document"
        return refusal(url, self._access)


def links_in(urls: Iterable[str], base: str, scope: Scope) -> list[str]:
    """The URLs on the site's hosts, canonical and without duplicates."""
    found: dict[str, None] = {}
    for url in urls:
        link = _canonical(url, "" if url.startswith(_ABSOLUTE) else base)
        if link is not None and scope.is_ours(link := scope.at_home(link)):
            found[link] = None
    return list(found)


@lru_cache(32_768)  # pages of a site link to the same ones
def _canonical(url: str, base: str) -> str | None:
    try:
        return canonical(url, base or None)
    except ValueError:
        return None


def _patterns(patterns: Sequence[str] | None) -> list[Any]:
    return [compiled(pattern) for pattern in patterns or ()]


def _suffix(url: str) -> str:
    name = urlsplit(url).path.rpartition("/")[2]
    found = re.search(r"\.([A-Za-z0-9]{1,8})$", name)
    return found[1].lower() if found else ""
