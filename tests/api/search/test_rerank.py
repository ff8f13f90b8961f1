from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.search.rerank import RerankAccess, Reranker
from schemas.errors import TransientError


class FakeReranker:
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, Any], str | None]] = []
        self.says: Any = []
        self.status = 200
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((await request.json(), request.headers.get("Authorization")))
        return web.json_response(self.says, status=self.status)


@pytest.fixture
async def fake() -> AsyncIterator[FakeReranker]:
    found, app = FakeReranker(), web.Application()
    app.router.add_post("/v2/rerank", found.answer)
    async with TestServer(app) as server:
        found.url = str(server.make_url("/v2/rerank"))
        yield found


async def relevance(access: RerankAccess) -> list[float]:
    reranker = Reranker(access)
    try:
        return await reranker.relevance("query", ["one", "two"])
    finally:
        await reranker.close()


async def test_the_form_of_cohere_and_jina(fake: FakeReranker) -> None:
    fake.says = {"results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]}
    assert await relevance(RerankAccess(fake.url, model="m", key="k")) == [0.1, 0.9]
    body = {"query": "query", "documents": ["one", "two"], "top_n": 2, "model": "m"}
    assert fake.asked == [(body, "Bearer k")]


async def test_the_form_of_text_embeddings_inference(fake: FakeReranker) -> None:
    fake.says = [{"index": 1, "score": 2.5}, {"index": 0, "score": -1}]
    assert await relevance(RerankAccess(fake.url, "tei")) == [-1.0, 2.5]
    assert fake.asked == [({"query": "query", "texts": ["one", "two"], "truncate": True}, None)]


@pytest.mark.parametrize(
    "says",
    [[], {}, [{"index": 0, "score": 1}], [{"index": 0, "score": 1}, {"index": 5, "score": 1}],
     {"results": [{"index": 0}, {"index": 1}]}, [{"index": 0, "score": None}, {"index": 1, "score": 1}]],
)  # fmt: skip
async def test_an_answer_without_one_score_for_each_text_is_none(fake: FakeReranker, says: Any) -> None:
    fake.says = says
    with pytest.raises(TransientError, match="one score for each"):
        await relevance(RerankAccess(fake.url))


async def test_a_reranker_that_is_away_or_refuses_is_told_without_its_key(fake: FakeReranker) -> None:
    fake.status = 401
    with pytest.raises(TransientError, match="has answered 401") as refused:
        await relevance(RerankAccess(fake.url, key="hidden"))
    assert "hidden" not in str(refused.value)
    with pytest.raises(TransientError, match="does not answer"):
        await relevance(RerankAccess("http://127.0.0.1:9/rerank"))
