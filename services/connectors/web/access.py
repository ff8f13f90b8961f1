"""What a deployment allows web sources to do."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: Ports of public hosts. Those that are allowed by name may have any.
PORTS = frozenset({80, 443})


@cache
def default_user_agent() -> str:
    """`Headrace/0.1.0`; robots.txt matches the part before the slash."""
    try:
        return f"Headrace/{version('headrace')}"
    except PackageNotFoundError:
        return "Headrace"


@dataclass(frozen=True, slots=True)
class WebAccess:
    """Settings of the crawler; the defaults are polite and safe.

    Attributes:
        allowed_hosts: hosts that are allowed despite a private address, as `host` or `host:port`.
        delay_s: between two requests to a site, unless its robots.txt has a longer Crawl-delay.
        user_agent: names the crawler to sites.
        max_pages: maximum page limit of a source.
        max_bytes: of one page or file, decompressed.
        obeys_robots: whether robots.txt is respected.
        browser: path of the Chromium that renders pages which need JavaScript; empty for none.
        folder: keeps fetched pages until their run ends; None keeps them for one attempt.
    """

    allowed_hosts: frozenset[str] = frozenset()
    delay_s: float = 1.0
    user_agent: str = ""
    max_pages: int = 10_000
    max_bytes: int = 50 * 1024 * 1024
    obeys_robots: bool = True
    browser: str = ""
    folder: Path | None = None

    @property
    def agent(self) -> str:
        """The User-Agent header."""
        return self.user_agent or default_user_agent()

    @property
    def product(self) -> str:
        """The name that robots.txt and robots meta elements match, in lower case."""
        return self.agent.split("/")[0].split()[0].lower()

    def allows(self, netloc: str) -> bool:
        """Whether a host (with port, unless it is the scheme's own) is allowed by name."""
        return netloc in self.allowed_hosts or netloc.rsplit(":", 1)[0] in self.allowed_hosts
