"""A site for each test."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

from tests.services.connectors.web.site import Indexed, Site, served


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with served() as made:
        yield made


@pytest.fixture
def indexed() -> Indexed:
    return Indexed()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch, site: Site) -> dict[str, list[list[str]]]:
    """Host names and what each look-up brings, the last one for ever; the port is the site's."""
    known: dict[str, list[list[str]]] = {}

    async def resolve(
        self: ThreadedResolver, host: str, port: int = 0, family: Any = socket.AF_INET
    ) -> list[ResolveResult]:
        answers = known[host]
        return [
            ResolveResult(
                hostname=host, host=address, port=site.port, family=socket.AF_INET, proto=0, flags=0
            )
            for address in (answers.pop(0) if len(answers) > 1 else answers[0])
        ]

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    return known
