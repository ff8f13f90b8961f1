import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
from mcp.server.mcpserver.exceptions import ToolError

from headrace.cli.settings import load_settings
from headrace.client.connect import Endpoint
from headrace.mcp import tools
from headrace.mcp.http import serve
from headrace.mcp.server import make_server
from headrace.settings import Settings
from schemas.errors import RequestError


async def test_calls_that_come_together_share_one_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    class Client:
        """Refuses all that it is asked."""

        def __init__(self, url: str, key: str) -> None:
            opened.append(url)

        async def __aexit__(self, *error: object) -> None: ...

        async def progress(self, invocation_id: str) -> None:
            raise RequestError("refused")

    async def looked_for(settings: Settings) -> Endpoint:
        await asyncio.sleep(0)
        return Endpoint("http://gateway", "key")

    monkeypatch.setattr(tools, "require_gateway", looked_for)
    monkeypatch.setattr(tools, "GatewayClient", Client)
    called = tools.Tools(load_settings(tmp_path))
    async with called.open():
        await asyncio.gather(*(called.get_run("a") for _ in range(3)), return_exceptions=True)
    assert opened == ["http://gateway"]


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        (
            "search_collection",
            {"collection": "docs", "query": "gates", "regex": "^a"},
            "search_collection has no argument 'regex'; "
            "it takes query, collection, database, limit, contains",
        ),
        ("search_collection", {"query": "gates"}, "search_collection: collection: Field required"),
        (
            "search_collection",
            {"collection": "docs", "query": "", "limit": 21},
            "search_collection: query: String should have at least 1 character; "
            "limit: Input should be less than or equal to 20",
        ),
        (
            "read_document",
            {"document_id": "a", "first_chunk": -1},
            "read_document: first_chunk: Input should be greater than or equal to 0",
        ),
    ],
)
async def test_what_a_tool_does_not_take_is_told_in_a_sentence(
    tmp_path: Path, tool: str, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(ToolError) as told:
        await make_server(load_settings(tmp_path)).call_tool(tool, arguments)
    assert str(told.value) == said


async def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        server = make_server(load_settings(tmp_path))
        with pytest.raises(RequestError, match=rf"cannot listen on 127.0.0.1:{port} \(--http-port, "):
            await serve(server, "key", "127.0.0.1", port, lambda: pytest.fail("nothing is served"))


async def test_a_gateway_that_is_started_again_elsewhere_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, str]] = []
    closed: list[str] = []

    class Client:
        """Refuses all that it is asked."""

        def __init__(self, url: str, key: str) -> None:
            self.url = url
            opened.append((url, key))

        async def __aexit__(self, *error: object) -> None:
            closed.append(self.url)

        async def progress(self, invocation_id: str) -> None:
            raise RequestError("refused")

    there = [
        Endpoint("http://gateway:1", "old"),
        Endpoint("http://gateway:1", "old"),
        Endpoint("http://gateway:2", "new"),
    ]

    async def looked_for(settings: Settings) -> Endpoint:
        return there.pop(0)

    monkeypatch.setattr(tools, "require_gateway", looked_for)
    monkeypatch.setattr(tools, "GatewayClient", Client)
    called = tools.Tools(load_settings(tmp_path))
    async with called.open():
        for _ in range(3):
            with pytest.raises(ToolError, match="refused"):
                await called.get_run("a")
    assert opened == [("http://gateway:1", "old"), ("http://gateway:2", "new")]
    assert closed == ["http://gateway:1", "http://gateway:2"]
