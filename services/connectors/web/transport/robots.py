"""Parse robots.txt. A file that does not exist allows everything; one that cannot be read allows nothing."""

import re
from dataclasses import dataclass
from typing import Protocol

from protego import Protego

from services.connectors.web.transport.fetch import Answer

#: Maximum bytes of robots.txt, as for Google; the rest is ignored.
_MAX_BYTES = 512 * 1024
#: Maximum Crawl-delay; a longer one is capped, so that a run ends.
MAX_CRAWL_DELAY_S = 60.0
_HTML = re.compile(r"\s*(?:<!doctype|<html|<head|<body)", re.I)


class RobotsUnavailable(Exception):
    """The robots.txt may exist but cannot be read, so nothing of the host may be requested."""


class Follows(Protocol):
    """What `robots_of` needs from `visit.Visitor`: a request that follows redirects."""

    async def follow(self, url: str) -> Answer:
        """Raises NoAnswer."""
        ...


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one origin.

    Attributes:
        sitemaps: URLs, not canonical.
        crawl_delay_s: seconds between two requests; 0 if not given.
    """

    rules: Protego | None = None
    agent: str = "*"
    sitemaps: tuple[str, ...] = ()
    crawl_delay_s: float = 0.0

    def allows(self, url: str) -> bool:
        """Whether a URL may be requested."""
        return self.rules is None or self.rules.can_fetch(url, self.agent)


def read_robots(answer: Answer, agent: str) -> Robots:
    """Parse a response; `agent` is the crawler's product name. Raises RobotsUnavailable."""
    if answer.status >= 500 or answer.status == 429:
        raise RobotsUnavailable(f"answers {answer.status}")
    if answer.status != 200:
        return Robots()
    text = _text(answer.body)
    if _HTML.match(text):  # an application that returns its page for every path
        return Robots()
    rules = Protego.parse(text)
    delay = rules.crawl_delay(agent) or 0.0
    return Robots(rules, agent, tuple(rules.sitemaps), min(max(float(delay), 0.0), MAX_CRAWL_DELAY_S))


def _text(body: bytes) -> str:
    head = body[:_MAX_BYTES]
    if len(body) > _MAX_BYTES:  # drop the incomplete last line
        head = head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]
    return head.decode("utf-8-sig", "replace").lstrip("\ufeff")
