"""A git server with one repository, and an origin that reads from it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.services.connectors.github.git_server import GitServer, serving
from tests.services.connectors.github.reading import Reader
from tests.services.connectors.github.repositories import Repository


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[GitServer]:
    """Everybody may read."""
    async with serving(tmp_path / "served") as made:
        yield made


@pytest.fixture
def repository(server: GitServer) -> Repository:
    """`owner/repo`, without commits."""
    return server.repository("owner/repo")


@pytest.fixture
def reader(server: GitServer, tmp_path: Path) -> Reader:
    """Reads `owner/repo` as connectors do."""
    return Reader(server, tmp_path / "mirrors")
