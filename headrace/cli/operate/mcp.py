"""`headrace mcp`: an MCP server for language models."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from headrace.cli.output import note
from headrace.cli.settings import DataDir, load_settings
from schemas.errors import RequestError


def mcp(
    allow_sync: Annotated[
        bool, typer.Option("--allow-sync", help="Also offer a tool that starts runs of sources.")
    ] = False,
    http_port: Annotated[
        int | None,
        typer.Option(
            "--http-port",
            help="Serve streamable HTTP on this port of HEADRACE_HOST, at /mcp, instead of stdio.",
            min=1,
            max=65535,
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Let a language model search collections and read documents, over MCP.

    Speaks stdio: a client starts it. Uses the gateway at HEADRACE_URL, else the `headrace up` of the data
    folder, with HEADRACE_API_KEY. Read-only unless `--allow-sync` is given.
    """
    import asyncio

    try:
        with _stdout_to_stderr():
            from headrace.mcp.server import make_server
    except ModuleNotFoundError as error:
        raise RequestError(
            f"the MCP server needs the package {error.name}: install headrace[mcp] (README.md says how)"
        ) from error
    settings = load_settings(data_dir)
    server = make_server(settings, allow_sync)
    if http_port is None:
        if sys.stdin.isatty():
            note("waits for an MCP client on standard input; clients start this command (docs/mcp.md)")
        asyncio.run(server.run_stdio_async())
        return
    from headrace.client.connect import require_gateway
    from headrace.mcp.http import PATH, serve

    async def run() -> None:
        endpoint = await require_gateway(settings)
        at = f"http://{settings.host}:{http_port}{PATH}"
        told = f"serving {endpoint.url} over MCP at {at}, with its key as a bearer token; Ctrl-C ends it"
        await serve(server, endpoint.key, settings.host, http_port, lambda: note(told))

    asyncio.run(run())


@contextlib.contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """What a library prints while it loads goes to standard error: standard output is for the protocol alone.
    While it serves, the protocol's own transport sees to that."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
