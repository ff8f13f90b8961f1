"""`Idempotency-Key` on every POST."""

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from api.access import Caller
from api.idempotency import Answers
from api.requests import CALLER
from tests.api.conftest import DATABASE, Server

KEYS = "/api/v1/keys"


async def post(server: Server, idempotency: str, name: str = "once", status: int = 201, **more: Any) -> Any:
    headers = {"Idempotency-Key": idempotency}
    return await server.call("POST", KEYS, status=status, json={"name": name}, headers=headers, **more)


async def test_a_request_that_is_sent_again_has_one_effect_and_one_answer(server: Server) -> None:
    first, second, third = await asyncio.gather(*(post(server, "same", "idempotent") for _ in range(3)))
    assert first == second == third
    assert await post(server, "same", "idempotent") == first
    assert (await post(server, "other", "idempotent"))["id"] != first["id"]
    names = [key["name"] for key in await server.call("GET", KEYS, status=200)]
    assert names.count("idempotent") == 2


async def test_a_key_with_another_body_is_refused_and_a_refusal_is_not_kept(server: Server) -> None:
    await post(server, "changes")
    refused = await post(server, "changes", "another", 400)
    assert "another body" in refused["message"]
    await post(server, "refused first", "", 400)
    await post(server, "refused first", "not any more")
    await post(server, "x" * 256, status=400)


async def test_keys_of_callers_are_their_own(server: Server) -> None:
    made = await post(server, "a caller's", "admin")
    body = {"name": "admin", "admin": True}
    key = (await server.call("POST", KEYS, status=201, json=body))["key"]
    assert (await post(server, "a caller's", "admin", key=key))["id"] != made["id"]


async def test_an_upload_is_made_once(server: Server) -> None:
    from aiohttp import FormData

    async def upload() -> Any:
        form = FormData()
        for name, value in {"database_name": DATABASE, "collection_name": "idempotent"}.items():
            form.add_field(name, value)
        form.add_field("file", b"text", filename="a.txt")
        headers = {"Idempotency-Key": "an upload", "x-upload-content-length": "4"}
        return await server.call("POST", "/api/v1/add-file", status=201, data=form, headers=headers)

    assert await upload() == await upload()


async def test_a_body_counts_with_a_key_as_without_one(server: Server, folder_source: str) -> None:
    """It is read before the handler reads it."""
    from tests.api.conftest import create_run

    path = f"/api/v1/invocations/{await create_run(server, folder_source)}/retry"
    for headers in ({}, {"Idempotency-Key": "with a body"}):
        await server.call("POST", path, status=400, json={"reason": ""}, headers=headers)


class Endpoint:
    """A handler behind the answers of a gateway process. Its answers are as large as they may be."""

    def __init__(self) -> None:
        self.answers, self.calls = Answers(), 0

    async def post(self, key: str, until: asyncio.Event | None = None) -> None:
        request = make_mocked_request("POST", "/api/v1/search")
        request[CALLER] = Caller("key", "default_tenant")

        async def handle(request: web.Request) -> web.StreamResponse:
            self.calls += 1
            if until is not None:
                await until.wait()
            return web.Response(body=bytes(64 * 1024))

        await self.answers.answer(request, key, handle)


async def test_the_oldest_answers_make_room_for_large_ones() -> None:
    endpoint = Endpoint()
    for number in range(300):  # 18 MiB
        await endpoint.post(str(number))
    for number in (299, 200, 0):
        await endpoint.post(str(number))
    assert endpoint.calls == 301  # the first was forgotten


async def test_a_request_that_takes_long_keeps_no_others_in_memory() -> None:
    endpoint, until = Endpoint(), asyncio.Event()
    slow = [asyncio.create_task(endpoint.post("slow", until)) for _ in range(2)]
    await asyncio.sleep(0)
    for number in range(300):
        await endpoint.post(str(number))
    await endpoint.post("0")
    assert endpoint.calls == 302
    until.set()
    await asyncio.gather(*slow)
    assert endpoint.calls == 302
