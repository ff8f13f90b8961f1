"""The broker that `headrace up` starts, with its password: what the examples attach to."""

from collections.abc import AsyncIterator

import pytest

from streams.local import LocalBroker


@pytest.fixture(scope="package")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalBroker]:
    async with LocalBroker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker
