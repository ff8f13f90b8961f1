"""`Idempotency-Key` on every POST."""

import asyncio
from typing import Any

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
