"""The MCP server and its tools. Only `--allow-sync` adds one that changes something; none deletes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations

from headrace.mcp.answers import DATA
from headrace.mcp.tools import Tools
from headrace.settings import Settings

_INSTRUCTIONS = (
    "Searches and reads documents that Headrace has indexed into Chroma collections. Begin with "
    f"list_collections. {DATA}"
)
#: Each tool reads what the key may read, and changes nothing.
_READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)
_SYNCS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def make_server(settings: Settings, allow_sync: bool = False) -> MCPServer[None]:
    """The server, on the gateway of the settings."""
    tools = Tools(settings)

    @asynccontextmanager
    async def lifespan(_: MCPServer[None]) -> AsyncIterator[None]:
        async with tools.open():
            yield

    server = MCPServer[None](
        "headrace",
        title="Headrace",
        instructions=_INSTRUCTIONS,
        version=version("headrace"),
        lifespan=lifespan,
        log_level="WARNING",
    )
    for tool in (
        tools.search_collection,
        tools.read_document,
        tools.find_documents,
        tools.list_collections,
        tools.list_sources,
        tools.get_run,
    ):
        server.add_tool(tool, annotations=_READS)
    if allow_sync:
        server.add_tool(tools.start_sync, annotations=_SYNCS)
    return server
