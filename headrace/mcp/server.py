"""The MCP server and its tools. Only `--allow-sync` adds one that changes something; none deletes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import ValidationError

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


class Server(MCPServer[None]):
    """Says of arguments that a tool does not take what is wrong, in words that a model can act on."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[None, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool. Raises ToolError for a name or a value of an argument that it does not take: one that
        is passed over would narrow nothing."""
        for tool in await self.list_tools():
            known = tool.input_schema["properties"]
            unknown = [argument for argument in arguments if argument not in known]
            if tool.name == name and unknown:
                raise ToolError(f"{name} has no argument {unknown[0][:80]!r}; it takes {', '.join(known)}")
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if isinstance(cause := error.__cause__, ValidationError):
                raise ToolError(f"{name}: {_faults(cause)}") from cause
            raise


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults)


def make_server(settings: Settings, allow_sync: bool = False) -> MCPServer[None]:
    """The server, on the gateway of the settings."""
    tools = Tools(settings)

    @asynccontextmanager
    async def lifespan(_: MCPServer[None]) -> AsyncIterator[None]:
        async with tools.open():
            yield

    server = Server(
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
