"""A small gateway that can break off and come back."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from schemas.api import InvocationProgress, Source

ID = "5f0d9f2e-0000-4000-8000-00000000000{}"


def source(number: int, path: str = "/srv/notes", globs: list[str] | None = None) -> Source:
    """A folder source as the gateway shows it."""
    model = {"model": "m", "task": None}
    return Source.model_validate_json(
        json.dumps(
            {
                "id": ID.format(number),
                "database_name": "default_database",
                "folder": {"path": path, "include_globs": globs},
                "embedding_model": model,
                "embedding": {"dense": model, "sparse": None},
                "chunking": {"type": "tree_sitter", "max_size_bytes": 1000},
                "created_at": "2026-01-01T00:00:00Z",
            }
        )
    )


class FakeGateway:
    """Answers with what a test tells it to; event streams end after each of `streams`."""

    def __init__(self) -> None:
        #: Those that fill the collection.
        self.sources: list[Source] = []
        #: Those that fill none.
        self.unused: list[Source] = []
        #: Collections of the runs of each of them.
        self.filled: dict[str, list[str]] = {}
        self.exists: str | None = None
        self.listed: list[dict[str, str]] = []
        self.changed: dict[str, object] = {}
        self.deleted: list[str] = []
        self.refuses_to_delete = False
        self.streams: list[list[InvocationProgress]] = []
        self.polled: list[InvocationProgress] = []
        self.asked: list[str] = []
        #: Event streams that somebody has begun to read.
        self.followed = 0
        self.runs: list[object] = []
        self.url = ""
        self.fault: str | None = None
        self.remarks: list[str] = []
        self.is_one = True
        #: After `calm` requests, `away` are not answered, or with `away_status`.
        self.calm = self.away = 0
        self.away_status: int | None = None
        #: Nothing more comes for so long before a stream breaks off.
        self.silent_s = 0.0
        #: One request of each of these methods is carried out, and its answer lost.
        self.lost: list[str] = []
        self.keys: list[str] = []

    @web.middleware
    async def restart(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.calm:
            self.calm -= 1
        elif self.away:
            self.away -= 1
            if self.away_status:
                words = {"error": "ChromaError", "message": "restarting"}
                return web.json_response(words, status=self.away_status)
            return self._cut(request)
        answered: web.StreamResponse = await handler(request)
        if request.method in self.lost:
            self.lost.remove(request.method)
            return self._cut(request)
        return answered

    def _cut(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def sign(self, request: web.Request, response: web.StreamResponse) -> None:
        if self.is_one:
            response.headers["X-Request-Id"] = "r"

    async def page(self, request: web.Request) -> web.Response:
        return web.Response(text="<html>", content_type="text/html")

    async def health(self, request: web.Request) -> web.Response:
        fault = {"error": "InternalError", "message": self.fault}
        well = {"broker": "ok", "views": "ok", "chroma": "ok", "stages": self.remarks}
        return web.json_response(fault if self.fault else well, status=503 if self.fault else 200)

    async def create_source(self, request: web.Request) -> web.Response:
        self.asked.append(json.dumps(await request.json()))
        if self.exists is not None:
            words = f"source {self.exists} has the same configuration and exists already"
            refusal = {"error": "ChromaError", "message": words, "source_id": self.exists}
            return web.json_response(refusal, status=409)
        return web.json_response({"source_id": ID.format(9)}, status=201)

    async def change_source(self, request: web.Request) -> web.Response:
        self.changed[request.match_info["id"]] = await request.json()
        shown = source(1).model_dump(mode="json", exclude_unset=True)
        return web.json_response(shown)

    async def delete_source(self, request: web.Request) -> web.Response:
        if self.refuses_to_delete:
            return web.json_response({"error": "ChromaError", "message": "not yours"}, status=403)
        self.deleted.append(request.match_info["id"])
        return web.json_response({"invocation_ids": ["i"]}, status=202)

    async def list_sources(self, request: web.Request) -> web.Response:
        self.listed.append(dict(request.query))
        found = self.sources if "collection_name" in request.query else [*self.sources, *self.unused]
        return web.json_response([one.model_dump(mode="json", exclude_unset=True) for one in found])

    async def list_invocations(self, request: web.Request) -> web.Response:
        jobs = [
            {
                "id": ID.format(8),
                "status": "processing",
                "metadata": {"database_name": "default_database", "collection_name": name},
                "created_at": "2026-01-01T00:00:00Z",
            }
            for name in self.filled.get(request.query["source_id"], [])
        ]
        return web.json_response(jobs)

    async def create_invocation(self, request: web.Request) -> web.Response:
        self.asked.append(request.match_info["id"])
        self.runs.append(await request.json())
        self.keys.append(request.headers.get("Idempotency-Key", ""))
        return web.json_response({"invocation_id": "i"}, status=201)

    async def progress(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Accept") != "text/event-stream":
            return web.Response(text=self.polled.pop(0).model_dump_json(), content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": heartbeat\n\n")
        self.followed += 1
        for one in self.streams.pop(0):
            await response.write(f"event: progress\ndata: {one.model_dump_json()}\n\n".encode())
        await asyncio.sleep(self.silent_s)
        return response

    async def documents(self, request: web.Request) -> web.Response:
        failed = {"document_key": "a.pdf", "status": "failed", "chunks": 0, "error": "broken"}
        warned = {"document_key": "a.txt", "status": "indexed", "chunks": 1, "error": None}
        warned |= {"warnings": ["encoding guessed as cp1252"]}
        return web.json_response([warned if request.query.get("warnings") else failed])


@asynccontextmanager
async def fake_gateway() -> AsyncIterator[FakeGateway]:
    """A fake that listens."""
    fake = FakeGateway()
    app = web.Application(middlewares=[fake.restart])
    app.on_response_prepare.append(fake.sign)
    app.router.add_get("/health", fake.health)
    app.router.add_get("/page/api/v1/keys", fake.page)
    app.router.add_post("/api/v1/sources", fake.create_source)
    app.router.add_get("/api/v1/sources", fake.list_sources)
    app.router.add_put("/api/v1/sources/{id}", fake.change_source)
    app.router.add_delete("/api/v1/sources/{id}", fake.delete_source)
    app.router.add_post("/api/v1/sources/{id}/invocations", fake.create_invocation)
    app.router.add_get("/api/v1/invocations", fake.list_invocations)
    app.router.add_get("/api/v1/invocations/{id}/progress", fake.progress)
    app.router.add_get("/api/v1/invocations/{id}/documents", fake.documents)
    async with TestServer(app) as server:
        fake.url = f"http://{server.host}:{server.port}"
        yield fake
