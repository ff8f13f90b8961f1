import asyncio
from pathlib import Path

import pytest
from mcp.server.mcpserver.exceptions import ToolError

from headrace.cli.settings import load_settings
from headrace.client.connect import Endpoint
from headrace.mcp import tools
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
