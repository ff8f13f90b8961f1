"""Questions to a vision model: budgets, the cache, and a server that misbehaves."""

from __future__ import annotations

import asyncio
import base64
import io
import time

import pytest
from aiohttp import web
from PIL import Image

from services.parsing.questions import SIDE, Answer, Limits, Question, Questions
from services.parsing.vision import endpoint
from tests.services.parsing.vision.conftest import KEY, MakeReader, Model, said, status


def picture(name: str, shade: int = 0) -> Question:
    held = io.BytesIO()
    Image.new("RGB", (20, 20), (shade, 0, 0)).save(held, "JPEG")
    return Question(name, "page", base64.b64encode(held.getvalue()).decode())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits between two tries."""
    monkeypatch.setattr(endpoint, "backoff", lambda attempt, error: getattr(error, "retry_after", 0.0))


async def test_a_question_is_a_picture_with_the_model_s_name_and_the_key(
    model: Model, reader_of: MakeReader
) -> None:
    answers = await reader_of().answers([picture("page 1")])

    assert answers == {"page 1": Answer("A square.")}
    assert (model.asked[0]["model"], model.keys) == ("seer", [f"Bearer {KEY}"])
    assert "markdown" in model.asked[0]["messages"][0]["content"][0]["text"]
    assert model.pictures[0].format == "JPEG"


def test_a_picture_is_sent_no_larger_than_models_see() -> None:
    first = Questions(Limits())
    first.picture(Image.new("RGB", (3000, 900)))

    sent = Image.open(io.BytesIO(base64.b64decode(first.asked[0].image)))
    assert sent.size == (SIDE, round(SIDE * 0.3))


@pytest.mark.parametrize("code", [429, 503])
async def test_a_server_that_is_busy_is_asked_again_when_it_says(
    model: Model, reader_of: MakeReader, code: int
) -> None:
    model.replies = [status(code, Retry_After="0.2"), "Read."]
    began = time.monotonic()

    assert await reader_of().answers([picture("page 1")]) == {"page 1": Answer("Read.")}
    assert time.monotonic() - began >= 0.2


async def test_a_pause_that_is_longer_than_the_document_s_time_is_not_waited_for(
    model: Model, reader_of: MakeReader
) -> None:
    model.replies = [status(429, Retry_After="3600")]

    answers = await reader_of().answers([picture("page 1")])

    assert "longer pause than there is time (429)" in answers["page 1"].reason
    assert len(model.asked) == 1


async def test_a_server_error_is_tried_again_and_then_costs_only_its_page(
    model: Model, reader_of: MakeReader
) -> None:
    reader = reader_of()
    model.replies = [status(500), status(500), status(500), "Read."]

    first = await reader.answers([picture("page 1")])
    second = await reader.answers([picture("page 2", 9)])

    assert first["page 1"].reason == "the server answered 500: no, …"
    assert second["page 2"] == Answer("Read.")


@pytest.mark.parametrize(
    ("reply", "reason", "asked"),
    [
        (status(400), "the server answered 400: no, …", 2),
        (status(401), "the server answered 401: no, … (HEADRACE_VISION_URL, _MODEL, _API_KEY)", 1),
        (status(307, Location="http://127.0.0.1:9/"), "the server answered 307: no, … (HEAD", 1),
        (status(502), "the server answered 502: no, …", 3),
        (lambda: web.Response(text="<html>"), "the answer is not a chat completion", 2),
        (lambda: web.json_response({"choices": []}), "the answer has no choices", 2),
        (lambda: web.json_response(said(None)), "the answer is not a chat completion", 2),
        (lambda: web.json_response(said("the the the", "length")), "the answer was cut off", 2),
    ],
)
async def test_what_is_no_answer_has_a_reason_without_the_key(
    model: Model, reader_of: MakeReader, reply: object, reason: str, asked: int
) -> None:
    """`asked`: requests for two pages; a server that is away is not asked about the second."""
    reader = reader_of()
    model.replies = [reply]  # type: ignore[list-item]

    answers = [(await reader.answers([picture(f"page {n}", n)]))[f"page {n}"] for n in (1, 2)]

    assert all(answer.reason.startswith(reason) for answer in answers)
    assert len(model.asked) == asked


async def test_a_server_that_hangs_costs_one_time_out_for_all_pages(
    model: Model, reader_of: MakeReader
) -> None:
    model.replies = [None]
    reader = reader_of(seconds=0.3)

    answers = await reader.answers([picture(f"page {n}", n) for n in range(12)])

    assert {answer.reason for answer in answers.values()} == {"no answer within 0.3 s"}
    assert len(model.asked) == 4  # as many as are in flight at once


async def test_a_server_that_is_not_there_is_said(reader_of: MakeReader) -> None:
    answers = await reader_of(url="http://127.0.0.1:9/v1").answers([picture("page 1")])

    assert answers["page 1"].reason == "no answer: Connection refused"


async def test_an_image_is_asked_about_once_per_model_also_after_a_restart(
    model: Model, reader_of: MakeReader
) -> None:
    first = reader_of()
    await first.answers([picture("page 1")])
    await first.close()

    again = await reader_of().answers([picture("page 7")])
    await reader_of(name="another").answers([picture("page 1")])

    assert again == {"page 7": Answer("A square.")}
    assert [asked["model"] for asked in model.asked] == ["seer", "another"]


async def test_a_run_has_a_budget_that_survives_a_restart_and_counts_no_cached_answer(
    model: Model, reader_of: MakeReader
) -> None:
    first = reader_of(run_requests=3)
    await first.answers([picture("page 1", 1), picture("page 2", 2)], "run")
    await first.close()

    pages = [picture(f"page {n}", n) for n in (1, 2, 3, 4)]
    answers = await reader_of(run_requests=3).answers(pages, "run")

    assert [bool(answers[page.name].text) for page in pages] == [True, True, True, False]
    assert answers["page 4"].reason == "a run may ask 3 times (HEADRACE_VISION_RUN_REQUESTS)"
    assert (await reader_of(run_requests=3).answers([picture("page 4", 4)], "other"))["page 4"].text


async def test_answers_that_are_not_waited_for_any_more_leave_nothing_behind(
    model: Model, reader_of: MakeReader
) -> None:
    model.replies = [None, "Read."]
    reader = reader_of()
    waiting = asyncio.ensure_future(reader.answers([picture("page 1")]))
    await asyncio.wait_for(model.reached.wait(), 10)
    waiting.cancel()

    assert await reader.answers([picture("page 1")]) == {"page 1": Answer("Read.")}
