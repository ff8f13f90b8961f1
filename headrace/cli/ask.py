"""Helpers of the commands that call a running gateway."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from headrace.cli.settings import load_settings

if TYPE_CHECKING:
    from headrace.client.gateway import GatewayClient

T = TypeVar("T")

SourceId = Annotated[str, typer.Argument(help="Id of the source.", show_default=False)]
OfDatabase = Annotated[
    str | None, typer.Option("--database", "-d", help="Only of this database.", show_default=False)
]


def ask(data_dir: Path | None, use: "Callable[[GatewayClient], Awaitable[T]]") -> T:
    """Call `use` with a client of the running gateway, and return its result."""
    from headrace.cli.interrupt import run_until_signal
    from headrace.client.connect import require_gateway
    from headrace.client.gateway import GatewayClient

    async def asked() -> T:
        settings = load_settings(data_dir)
        endpoint = await require_gateway(settings)
        async with GatewayClient(endpoint.url, endpoint.key, settings.reconnect_seconds) as client:
            return await use(client)

    return run_until_signal(asked())
