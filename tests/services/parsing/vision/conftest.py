"""A vision model behind an OpenAI-compatible endpoint on this machine, which answers what a test says."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from services.parsing.questions import Limits
from services.parsing.vision import AnswerCache, VisionConfig, VisionReader

KEY = "sk-secret"


def said(text: object, finish: str = "stop") -> dict[str, Any]:
    """A chat completion."""
    return {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": finish}]}


@dataclass
class Model:
    """Answers requests in their order with `replies`; the last one repeats.

    A reply is a text, or what makes a response; None hangs.
    """

    replies: list[str | Callable[[], web.StreamResponse] | None] = field(
        default_factory=lambda: ["A square."]
    )
    asked: list[dict[str, Any]] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    keys: list[str | None] = field(default_factory=list)
    url: str = ""

    async def reply(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization"))
        self.reached.set()
        reply = self.replies[min(len(self.asked), len(self.replies)) - 1]
        if reply is None:
            await asyncio.sleep(30)
            return web.Response()
        return web.json_response(said(reply)) if isinstance(reply, str) else reply()

    @property
    def pictures(self) -> list[Image.Image]:
        """The pictures that it was sent."""
        urls = [asked["messages"][0]["content"][1]["image_url"]["url"] for asked in self.asked]
        return [Image.open(io.BytesIO(base64.b64decode(url.split(",", 1)[1]))) for url in urls]


def status(code: int, **headers: str) -> Callable[[], web.StreamResponse]:
    """A refusal that quotes the key, as some servers do."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.json_response({"error": {"message": f"no, {KEY}"}}, status=code, headers=named)


@asynccontextmanager
async def serving(stub: Model) -> AsyncIterator[None]:
    """Serve a model's answers at its `url`."""
    app = web.Application(client_max_size=50 * 2**20)
    app.router.add_post("/v1/chat/completions", stub.reply)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stub.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield
    await runner.cleanup()


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    stub = Model()
    async with serving(stub):
        yield stub


MakeReader = Callable[..., VisionReader]


@pytest.fixture
async def reader_of(model: Model, tmp_path: Path) -> AsyncIterator[MakeReader]:
    """Makes readers of the model with one cache."""
    made: list[VisionReader] = []

    def make(
        pages: Any = "scans", questions: int = 100, seconds: float = 10.0, url: str = "", **more: Any
    ) -> VisionReader:
        config = VisionConfig(url or model.url, more.pop("name", "seer"), KEY, seconds)
        cache = AnswerCache(tmp_path / "vision.sqlite")
        made.append(VisionReader(config, cache, Limits(pages, questions), **more))
        return made[-1]

    yield make
    for reader in made:
        await reader.close()
