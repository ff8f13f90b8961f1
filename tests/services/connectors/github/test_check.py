"""Creating a source asks the server once: refused is what a run could not read, not a server that is away."""

import pytest
from aiohttp import web

from schemas.errors import RequestError
from tests.services.connectors.github.git_server import GitServer
from tests.services.connectors.github.reading import Reader
from tests.services.connectors.github.repositories import Repository


@pytest.mark.usefixtures("repository")
async def test_a_repository_that_can_be_read_is_taken_and_before_a_run_nobody_asks(
    reader: Reader, server: GitServer
) -> None:
    assert await reader.origin.check(reader.config, "t") == reader.config
    assert server.asked
    server.asked.clear()

    await reader.origin.check_run(reader.config, "t")

    assert not server.asked


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_no_access_is_refused_as_in_a_run(
    reader: Reader, server: GitServer, repository: Repository, status: int
) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=status)

    server.fault = refuse

    with pytest.raises(RequestError, match=f"no access to github:owner/repo: .* answers {status}") as refused:
        await reader.origin.check(reader.config, "t")
    with pytest.raises(RequestError) as failed:
        await reader.read()

    assert str(refused.value) == str(failed.value)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_server_that_is_away_refuses_nothing(reader: Reader, server: GitServer, status: int) -> None:
    async def away(request: web.Request) -> web.Response:
        return web.Response(status=status)

    server.fault = away

    assert await reader.origin.check(reader.config, "t") == reader.config


async def test_a_server_that_nobody_reaches_refuses_nothing(reader: Reader) -> None:
    reader.restart(url="http://127.0.0.1:9")

    assert await reader.origin.check(reader.config, "t") == reader.config
