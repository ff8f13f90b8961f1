"""Servers of services: their port, and the key of their callers."""

import aiohttp
import pytest
from aiohttp import web

from schemas.errors import RequestError
from streams.http.server import has_key, listening

KEY = "the key ✓"


async def _answer(request: web.Request) -> web.Response:
    return web.Response(text=str(has_key(request, KEY)))


def runner() -> web.AppRunner:
    app = web.Application()
    app.router.add_get("/", _answer)
    return web.AppRunner(app, access_log=None)


@pytest.mark.parametrize(
    ("headers", "is_it"),
    [
        ({"Authorization": f"Bearer {KEY}"}, True),
        ({"Authorization": KEY}, False),
        ({"Authorization": f"Bearer {KEY} "}, True),  # HTTP strips it
        ({"Authorization": "Bearer "}, False),
        ({}, False),
    ],
)
async def test_a_key_is_a_bearer_token(headers: dict[str, str], is_it: bool) -> None:
    async with (
        listening(runner(), "127.0.0.1", 0, "no") as port,
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}/", headers=headers) as answer,
    ):
        assert await answer.text() == str(is_it)


async def test_a_port_that_is_taken_is_said_with_what_does_not_work() -> None:
    async with listening(runner(), "127.0.0.1", 0, "no") as port:
        with pytest.raises(RequestError, match=r"^nothing works here: .*in use"):
            async with listening(runner(), "127.0.0.1", port, "nothing works here"):
                pass
