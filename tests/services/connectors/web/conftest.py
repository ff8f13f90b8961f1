"""A site for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.services.connectors.web.site import Indexed, Site, served


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with served() as made:
        yield made


@pytest.fixture
def indexed() -> Indexed:
    return Indexed()
