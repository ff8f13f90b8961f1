"""A gateway behind TLS that does not work."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from headrace.client.gateway import GatewayClient
from schemas.errors import TransientError
from tests.services.connectors.web.test_certificates import Authority


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        ("http", "it makes no TLS connection .*; does it speak https?"),
        ("https", "its certificate is not valid: self-signed certificate"),
    ],
)
async def test_why_there_is_no_connection_is_told(tmp_path: Path, served: str, reason: str) -> None:
    context = Authority(tmp_path).server(own=True) if served == "https" else None
    server = TestServer(web.Application(), scheme=served)
    await server.start_server(ssl=context)
    try:
        async with GatewayClient(f"https://127.0.0.1:{server.port}", "key") as client:
            with pytest.raises(TransientError, match=f"does not answer: {reason}"):
                await client.keys()
    finally:
        await server.close()
