"""An HTTP server with the seam of Chroma and the quotas of Chroma Cloud, which refuses what exceeds them."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

ROWS, DOCUMENT, ID, KEYS, KEY, VALUE = 300, 16_384, 128, 32, 36, 8_182
_COLLECTIONS = "/api/v2/tenants/{tenant}/databases/{database}/collections"


@dataclass
class FakeCloud:
    """Rows by id. `steps` are the requests for rows, with their number; `refused` are those over a quota."""

    rows: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    steps: list[tuple[str, int]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    schema: dict[str, Any] | None = None
    #: Chroma Cloud keeps sparse vectors, a single node refuses a schema that has some.
    keeps_sparse: bool = False

    async def preflight(self, request: web.Request) -> web.Response:
        return web.json_response({"max_batch_size": 1000, "supports_base64_encoding": True})

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("schema") and not self.keeps_sparse:
            message = "Sparse vector indexing is not enabled in local"
            return web.json_response({"error": "InvalidArgumentError", "message": message}, status=400)
        self.metadata, self.schema = body.get("metadata") or {}, body.get("schema")
        return web.json_response(self._described())

    async def look_up(self, request: web.Request) -> web.Response:
        return web.json_response(self._described())

    async def step(self, request: web.Request) -> web.Response:
        step, body = request.match_info["step"], await request.json()
        ids: list[str] = body["ids"]
        self.steps.append((step, len(ids)))
        if fault := next(_faults(body), None):
            self.refused.append(fault)
            return web.json_response({"error": "QuotaError", "message": fault}, status=422)
        if step == "get":
            return web.json_response({"ids": [id_ for id_ in ids if id_ in self.rows]})
        texts, metadatas = body.get("documents"), body.get("metadatas")
        for place, id_ in enumerate(ids):
            if step == "delete":
                self.rows.pop(id_, None)
            elif not (step == "add" and id_ in self.rows) and not (step == "update" and id_ not in self.rows):
                text, known = self.rows.get(id_, ("", {}))
                merged = {**known, **metadatas[place]}
                kept = {key: value for key, value in merged.items() if value is not None}
                self.rows[id_] = (texts[place] if texts else text, kept)
        return web.json_response({})

    def _described(self) -> Mapping[str, Any]:
        configuration = {"spann": {"space": "cosine"}}
        described = {"id": "the-collection", "metadata": self.metadata, "configuration_json": configuration}
        return described | ({"schema": self.schema} if self.schema else {})


def _faults(body: Mapping[str, Any]) -> Iterator[str]:
    if len(body["ids"]) > ROWS:
        yield f"{len(body['ids'])} records"
    yield from (f"id {id_}" for id_ in body["ids"] if len(id_.encode()) > ID)
    yield from ("document" for text in body.get("documents") or () if len(text.encode()) > DOCUMENT)
    for metadata in body.get("metadatas") or ():
        if len([value for value in metadata.values() if value is not None]) > KEYS:
            yield "keys"
        yield from (f"key {key}" for key in metadata if len(key.encode()) > KEY)
        yield from ("value" for value in metadata.values() if len(str(value).encode()) > VALUE)


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[FakeCloud, str]]:
    """The server, and its URL."""
    cloud, app = FakeCloud(), web.Application(client_max_size=64 << 20)
    app.router.add_get("/api/v2/pre-flight-checks", cloud.preflight)
    app.router.add_post(_COLLECTIONS, cloud.create)
    app.router.add_get(_COLLECTIONS + "/{name}", cloud.look_up)
    app.router.add_post(_COLLECTIONS + "/{id}/{step}", cloud.step)
    server = TestServer(app)
    await server.start_server()
    try:
        yield cloud, str(server.make_url("")).rstrip("/")
    finally:
        await server.close()
