"""What a tool asks of the gateway, with a deadline below that of clients."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from headrace.client.connect import Endpoint, require_gateway
from headrace.client.gateway import GatewayClient
from headrace.mcp import answers
from headrace.settings import Settings
from schemas.api import DocumentPage, SearchPayload
from schemas.errors import IngestError

T = TypeVar("T")
#: As the gateway takes it.
Text = Annotated[str, Field(min_length=1, max_length=10_000)]

#: Clients give a call 60 s, and pass over an answer that comes later.
CALL_SECONDS = 30.0
#: Chunks of a document that are asked for at once; `MAX_CHARACTERS` ends an answer sooner.
_CHUNKS = 100
_MOST_ENTRIES = 100

_DEFAULT_DATABASE = "default_database"


class Tools:
    """The tools, on the gateway of the settings. It is looked for at each call, not at the handshake."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: GatewayClient | None = None
        self._endpoint: Endpoint | None = None
        self._connecting = asyncio.Lock()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Close the connections afterwards."""
        try:
            yield
        finally:
            if self._client is not None:
                await self._client.__aexit__(None, None, None)

    async def search_collection(
        self,
        query: Text,
        collection: str,
        database: str = _DEFAULT_DATABASE,
        limit: Annotated[int, Field(ge=1, le=20)] = 5,
        contains: Text | None = None,
    ) -> answers.FoundChunks:
        """Search a collection by meaning and by words. `contains`: only chunks that hold exactly this text.
        Returns chunks with their document and lines; `read_document` shows what is around one."""
        payload = SearchPayload(
            query=query,
            collection_name=collection,
            database_name=database,
            limit=limit,
            contains=contains,
        )
        return answers.chunks_of(await self._ask(lambda client: client.search(payload)))

    async def read_document(
        self, document_id: str, first_chunk: Annotated[int, Field(ge=0)] = 0
    ) -> answers.DocumentText:
        """Read a document's text as it is indexed, some 20,000 characters at a time. `search_collection` and
        `find_documents` have ids; continue with `next_chunk` as `first_chunk`."""
        found = await self._ask(lambda client: client.document(document_id, first_chunk, _CHUNKS))
        return answers.text_of(found)

    async def find_documents(
        self,
        collection: str,
        database: str = _DEFAULT_DATABASE,
        prefix: str | None = None,
        contains: str | None = None,
        state: str | None = None,
        cursor: str | None = None,
    ) -> answers.DocumentEntries:
        """List documents of a collection by key (path or URL), 100 at a time. `prefix` and `contains` are
        about the key; `state` is indexed, indexing, failed or deleted."""
        query = {
            "collection_name": collection,
            "database_name": database,
            "prefix": prefix,
            "contains": contains,
            "state": state,
            "cursor": cursor,
            "limit": str(_MOST_ENTRIES),
        }

        async def found(client: GatewayClient) -> DocumentPage:
            page = await client.document_page(**query)
            if not page.documents and cursor is None:  # nothing there is not the same as no such place
                await client.require_collection(database, collection)
            return page

        page = await self._ask(found)
        return answers.DocumentEntries(
            documents=[answers.document_of(one) for one in page.documents], next_cursor=page.next_cursor
        )

    async def list_collections(self, database: str | None = None) -> answers.CollectionEntries:
        """List the collections that can be searched, with their number of documents and the sources that
        fill them."""
        found = await self._ask(lambda client: client.collections(database_name=database))
        some = [answers.collection_of(one) for one in found[:_MOST_ENTRIES]]
        return answers.CollectionEntries(collections=some, note=_cut(len(found), "a database"))

    async def list_sources(
        self, database: str | None = None, collection: str | None = None
    ) -> answers.SourceEntries:
        """List the sources that fill collections, or one `collection`: folders, repositories, websites,
        buckets, uploads."""
        query = {"database_name": database, "collection_name": collection}
        found = await self._ask(lambda client: client.sources(**query))
        some = [answers.source_of(one) for one in found[:_MOST_ENTRIES]]
        return answers.SourceEntries(sources=some, note=_cut(len(found), "a collection"))

    async def get_run(self, invocation_id: str) -> answers.RunEntry:
        """The state of a run: how many documents are done, and the last errors."""
        return answers.run_of(await self._ask(lambda client: client.progress(invocation_id)))

    async def start_sync(self, source_id: str, collection: str) -> answers.StartedRun:
        """Bring what has changed in a source into a collection. Returns at once; `get_run` follows it."""
        run = await self._ask(lambda client: client.create_invocation(source_id, collection))
        return answers.StartedRun(invocation_id=run, note="It runs now; get_run tells how far it is.")

    async def _ask(self, call: Callable[[GatewayClient], Awaitable[T]]) -> T:
        """Raises ToolError, which the model reads, for whatever the gateway refuses."""
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await call(await self._connected())
        except TimeoutError as error:
            raise ToolError(f"the gateway took longer than {CALL_SECONDS:g} s; ask for less") from error
        except IngestError as error:
            raise ToolError(answers.clean(str(error))) from error

    async def _connected(self) -> GatewayClient:
        """A client of the gateway as it is now: `headrace up` may have been started again elsewhere."""
        async with self._connecting:  # the first calls may come together
            found = await require_gateway(self._settings)
            if self._client is not None and found != self._endpoint:
                await self._client.__aexit__(None, None, None)
                self._client = None
            if self._client is None:
                self._client, self._endpoint = GatewayClient(found.url, found.key), found
            return self._client


def _cut(count: int, narrower: str) -> str:
    return "" if count <= _MOST_ENTRIES else f"The first {_MOST_ENTRIES} of {count:,}; name {narrower}."
