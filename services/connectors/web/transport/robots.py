"""What a host's robots.txt allows. One that cannot be read allows nothing; one that is not there, all."""

import re
from dataclasses import dataclass
from typing import Protocol

from protego import Protego

from services.connectors.web.transport.fetch import Answer

#: Google reads as much; the rest of a longer file does not count.
_MAX_BYTES = 512 * 1024
#: A longer Crawl-delay counts as this one, so that a run ends.
MAX_CRAWL_DELAY_S = 60.0
_HTML = re.compile(r"\s*(?:<!doctype|<html|<head|<body)", re.I)


class RobotsUnavailable(Exception):
    """A robots.txt that should be there and cannot be read: nothing of the host may be asked for."""


class Follows(Protocol):
    """Follows redirects to their end; what `robots_of` needs of `visit.Visitor`."""

    async def follow(self, url: str) -> Answer:
        """Raises NoAnswer."""
        ...


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one origin.

    Attributes:
        sitemaps: addresses as they are written there.
        crawl_delay_s: between two requests; 0 for no wish.
    """

    rules: Protego | None = None
    agent: str = "*"
    sitemaps: tuple[str, ...] = ()
    crawl_delay_s: float = 0.0

    def allows(self, url: str) -> bool:
        """Whether a URL may be asked for."""
        return self.rules is None or self.rules.can_fetch(url, self.agent)


def read_robots(answer: Answer, agent: str) -> Robots:
    """The rules in an answer; `agent` is the crawler's product name. Raises RobotsUnavailable."""
    if answer.status >= 500 or answer.status == 429:
        raise RobotsUnavailable(f"answers {answer.status}")
    if answer.status != 200:
        return Robots()
    text = _text(answer.body)
    if _HTML.match(text):  # an application that answers every path with its page
        return Robots()
    rules = Protego.parse(text)
    delay = rules.crawl_delay(agent) or 0.0
    return Robots(rules, agent, tuple(rules.sitemaps), min(max(float(delay), 0.0), MAX_CRAWL_DELAY_S))


def _text(body: bytes) -> str:
    head = body[:_MAX_BYTES]
    if len(body) > _MAX_BYTES:  # not half a rule
        head = head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]
    return head.decode("utf-8-sig", "replace").lstrip("\ufeff")
