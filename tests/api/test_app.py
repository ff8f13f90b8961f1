import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from yarl import URL

from api import ChromaAccess
from tests.api.conftest import ADMIN_KEY, Server, Start, create_folder_source


async def test_health_needs_no_key_and_says_that_all_is_well(server: Server) -> None:
    assert await server.call("GET", "/health", status=200, key=None) == {
        "broker": "ok",
        "views": "ok",
        "chroma": "ok",
        "stages": [],
    }


async def test_health_is_503_while_chroma_does_not_answer_and_requests_say_so(start: Start) -> None:
    server = await start(chroma=ChromaAccess("http://127.0.0.1:9"))
    refused = await server.call("GET", "/health", status=503, key=None)
    assert refused["message"] == "Chroma does not answer"
    body = {"folder": {"path": "/x"}, "database_name": "d"}
    failed = await server.call("POST", "/api/v1/sources", status=500, json=body)
    assert failed["error"] == "InternalError"
    assert "HEADRACE_CHROMA_URL" in failed["message"]


async def test_paths_and_methods_that_do_not_exist_are_refused_as_json(server: Server) -> None:
    missing = await server.call("GET", "/no/such/path", status=404)
    assert missing["error"] == "NotFoundError"
    wrong = await server.call("PATCH", "/api/v1/sources", status=405)
    assert wrong == {
        "error": "ChromaError",
        "message": "PATCH is not allowed here; allowed are GET, HEAD, POST",
    }


async def test_what_can_be_read_can_be_asked_for_its_head(server: Server) -> None:
    assert await server.call("HEAD", "/health", status=200, key=None) is None
    assert await server.call("HEAD", "/api/v1/sources", status=200) is None
    await server.call("HEAD", "/api/v1/sources", status=401, key=None)


async def test_an_encoded_body_is_refused(server: Server) -> None:
    headers = {"Content-Encoding": "gzip"}
    refused = await server.call(
        "POST", "/api/v1/keys", status=415, data=gzip.compress(b"{}"), headers=headers
    )
    assert "Content-Encoding" in refused["message"]
    body = {"name": "plain"}
    await server.call("POST", "/api/v1/keys", status=201, json=body, headers={"Content-Encoding": "identity"})


async def test_a_query_that_is_not_utf_8_is_refused(server: Server) -> None:
    async with server.client.get(
        URL(f"{server.url}/api/v1/sources?database_name=%ff", encoded=True),
        headers={"x-chroma-token": ADMIN_KEY},
    ) as response:
        assert response.status == 400
        assert "UTF-8" in (await response.json())["message"]


async def test_a_body_over_the_limit_is_413(server: Server) -> None:
    refused = await server.call("POST", "/api/v1/keys", status=413, data=b" " * (2 * 1024 * 1024 + 1))
    assert refused["error"] == "ChromaError"


async def test_an_error_that_nobody_foresaw_shows_its_request_id_and_nothing_else(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.views.catalogue import Catalogue

    def broken(self: Catalogue, page: object) -> list[Any]:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Catalogue, "sources", broken)
    with capture_logs() as logs:
        headers = {"x-chroma-token": ADMIN_KEY}
        async with server.client.get("/api/v1/sources?database_name=x", headers=headers) as response:
            answer = await response.json()
            request_id = response.headers["X-Request-Id"]
    assert response.status == 500
    assert answer["error"] == "InternalError"
    assert request_id in answer["message"]
    assert "secret detail" not in str(answer)
    told = [log["event"] for log in logs if log["event"].startswith("request")]
    assert told == ["request failed", "request"]


async def test_logs_have_the_route_and_no_secret(server: Server) -> None:
    with capture_logs() as logs:
        await server.call("GET", "/api/v1/sources/x?token=hush", status=400)
        await server.call("GET", "/api/v1/sources", status=401, key="wrong-key")
    assert [(log["route"], log["status"]) for log in logs if log["event"] == "request"] == [
        ("/api/v1/sources/{source_id}", 400),
        ("/api/v1/sources", 401),
    ]
    assert not any(word in str(logs) for word in ("hush", "wrong-key", ADMIN_KEY))


async def test_requests_are_counted_by_route_and_status(server: Server) -> None:
    labels = {"method": "GET", "route": "/api/v1/sources/{source_id}", "status": "400"}
    before = REGISTRY.get_sample_value("headrace_http_requests_total", labels) or 0
    await server.call("GET", "/api/v1/sources/x", status=400)
    assert REGISTRY.get_sample_value("headrace_http_requests_total", labels) == before + 1


async def test_a_gateway_that_starts_again_knows_what_it_knew(
    start: Start, roots: Path, tmp_path: Path
) -> None:
    first = await start(state_folder=tmp_path / "same")
    (roots / tmp_path.name).mkdir()
    source_id = await create_folder_source(first, roots / tmp_path.name)
    await first.stop()

    second = await start(state_folder=tmp_path / "same")

    assert (await second.call("GET", f"/api/v1/sources/{source_id}", status=200))["id"] == source_id


async def test_two_gateways_that_create_the_same_source_create_one(
    server: Server, start: Start, roots: Path, tmp_path: Path
) -> None:
    other = await start()
    (roots / tmp_path.name).mkdir()
    folder = roots / tmp_path.name
    made = await asyncio.gather(
        *(create_folder_source(gateway, folder) for gateway in (server, other)), return_exceptions=True
    )
    ids = [one for one in made if isinstance(one, str)]  # the slower one may be told 409
    assert len(set(ids)) == 1
    listed = await other.call("GET", "/api/v1/sources?limit=1000", status=200)
    assert [source["id"] for source in listed].count(ids[0]) == 1
