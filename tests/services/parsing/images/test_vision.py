"""The vision model behind its endpoint: a real HTTP server on this machine answers as a model would."""

from __future__ import annotations

import asyncio
import base64
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from services.parsing.images import vision
from services.parsing.images.vision import Vision
from services.parsing.pdf import parse_pdf
from tests.services.parsing.pdf.conftest import Sheet


@dataclass
class Model:
    """An OpenAI-compatible endpoint that answers everything with `answer`, and keeps what it was asked."""

    answer: Any = "A red square."
    status: int = 200
    delay: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    url: str = ""

    async def reply(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization"))
        await asyncio.sleep(self.delay)
        return web.json_response({"choices": [{"message": {"content": self.answer}}]}, status=self.status)


@pytest.fixture
def model() -> Iterator[Model]:
    stub = Model()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    app = web.Application(client_max_size=50 * 2**20)
    app.router.add_post("/v1/chat/completions", stub.reply)
    runner = web.AppRunner(app)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    port = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    stub.url = f"http://127.0.0.1:{port}/v1"
    vision.configure(Vision(stub.url, "seer", "key-1"))
    yield stub
    vision.configure(None)
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


SQUARE = Image.new("RGB", (2000, 1000), "red")


def test_without_a_model_there_is_no_answer() -> None:
    vision.configure(None)

    assert vision.describe(SQUARE) is None
    assert vision.read_page(SQUARE) is None


def test_the_model_is_asked_with_the_picture_its_name_and_the_key(model: Model) -> None:
    model.answer = "A red\nsquare."

    assert vision.describe(SQUARE) == "A red square."

    asked = model.asked[0]
    url = asked["messages"][0]["content"][1]["image_url"]["url"]
    picture = Image.open(io.BytesIO(base64.b64decode(url.split(",", 1)[1])))
    assert asked["model"] == "seer"
    assert model.keys == ["Bearer key-1"]
    assert picture.format == "JPEG"
    assert max(picture.size) == vision.SIDE


def test_a_page_comes_without_the_fence_that_models_put_around_it(model: Model) -> None:
    model.answer = "```markdown\n# Title\n\ntext\n```"

    assert vision.read_page(SQUARE) == "# Title\n\ntext"


@pytest.mark.parametrize(("status", "answer"), [(500, "no"), (401, "no"), (200, None), (200, "  ")])
def test_a_model_that_does_not_answer_well_counts_as_none(
    model: Model, status: int, answer: str | None
) -> None:
    model.status, model.answer = status, answer

    assert vision.describe(SQUARE) is None


def test_a_model_that_failed_is_not_asked_again_at_once(model: Model) -> None:
    model.status = 500

    assert [vision.describe(SQUARE) for _ in range(3)] == [None, None, None]
    assert len(model.asked) == 1


def test_a_slow_model_costs_its_time_out_and_no_more(model: Model) -> None:
    model.delay = 1.0
    vision.configure(Vision(model.url, "seer", timeout=0.2))

    assert vision.describe(SQUARE) is None


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1:9/v1", "nonsense"])
def test_an_endpoint_that_is_none_counts_as_no_answer(url: str) -> None:
    vision.configure(Vision(url, "seer", timeout=1))
    try:
        assert vision.describe(SQUARE) is None
    finally:
        vision.configure(None)


def test_a_scanned_page_is_read_by_the_model_and_a_page_of_text_is_not(model: Model) -> None:
    sheet = Sheet()
    model.answer = "# Ledger of 1904"
    sheet.picture(Image.new("RGB", (600, 800), "white"), 0, 0, 612, 792)
    sheet.next_page()
    sheet.text(72, 100, "Plain text of the second page.")

    document = parse_pdf(sheet.data())

    assert document.markdown == "# Ledger of 1904\n\nPlain text of the second page.\n"
    assert len(model.asked) == 1


def test_always_has_the_model_read_every_page_and_never_none(model: Model) -> None:
    sheet = Sheet()
    sheet.text(72, 100, "Plain text.")
    data = sheet.data()
    model.answer = "Read by the model."

    vision.configure(Vision(model.url, "seer", pages="always"))
    always = parse_pdf(data).markdown
    vision.configure(Vision(model.url, "seer", pages="never"))
    never = parse_pdf(data).markdown

    assert always == "Read by the model.\n"
    assert never == "Plain text.\n"


def test_a_page_that_the_model_does_not_read_falls_back_on_its_text(model: Model) -> None:
    sheet = Sheet()
    sheet.text(72, 100, "Plain text.")
    model.status = 503
    vision.configure(Vision(model.url, "seer", pages="always"))

    assert parse_pdf(sheet.data()).markdown == "Plain text.\n"
