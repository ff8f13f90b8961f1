"""The backend that asks a server: each text has its own vector, or its document knows why."""

import asyncio
import base64
import struct
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from schemas.errors import DocumentError, RateLimited, TransientError
from schemas.limits import QWEN_MODEL
from schemas.models_file import HttpConfig
from services.embedding import CachedEmbedder, Prompts, VectorCache
from services.embedding.onnx import normalise
from services.embedding.profiles import profile_of
from services.embedding.remote import HttpEmbedder, endpoint
from tests.services.embedding.remote_server import Answer, FakeServer, fake_server, once, vector_of
from tests.waiting import eventually

TEXTS = [f"text number {number}" for number in range(10)]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.setattr(endpoint, "FIRST_PAUSE_S", 0.001)
    with fake_server() as fake:
        yield fake


@pytest_asyncio.fixture
async def embedder(server: FakeServer) -> AsyncIterator[HttpEmbedder]:
    made = HttpEmbedder("m", config(server, batch=4, concurrency=2))
    server.requests.clear()
    yield made
    await made.close()


def config(server: FakeServer, **options: Any) -> HttpConfig:
    return HttpConfig.model_validate({"backend": "http", "url": server.url, **options})


def expected(texts: Sequence[str]) -> np.ndarray[Any, Any]:
    return normalise(np.array([vector_of(text) for text in texts], np.float32))


def error(status: int, **headers: str) -> Answer:
    return status, headers, {"error": {"message": f"no {status}"}}


async def test_each_text_has_its_vector_whatever_the_order_of_the_answer(
    embedder: HttpEmbedder, server: FakeServer
) -> None:
    vectors = await embedder.embed_documents(TEXTS)

    np.testing.assert_allclose(vectors, expected(TEXTS), atol=1e-6)
    assert max(len(texts) for texts in server.texts) <= 4
    assert {request["model"] for request in server.requests} == {"m"}
    assert server.most_at_once <= 2


async def test_one_vector_for_many_texts_is_no_answer(server: FakeServer) -> None:
    made = HttpEmbedder("m", config(server, batch=32))
    server.fault = lambda texts: (200, {}, {"data": [{"embedding": vector_of("padding")} for _ in texts]})
    with pytest.raises(TransientError, match="of 10 different texts are all the same"):
        await made.embed_documents(TEXTS)

    alike = await made.embed_documents(["Log", "log", " log "] * 8)  # a model may ignore case and blanks
    assert len(alike) == 24
    await made.close()


async def test_text_embeddings_inference_is_asked_in_its_own_form_and_never_to_cut_texts_off(
    server: FakeServer,
) -> None:
    made = HttpEmbedder("m", config(server, api="tei"))
    vectors = await made.embed_documents(TEXTS)
    await made.close()

    np.testing.assert_allclose(vectors, expected(TEXTS), atol=1e-6)
    assert {request["truncate"] for request in server.requests} == {False}


async def test_a_prompt_is_added_once_and_for_queries_only(server: FakeServer) -> None:
    template = profile_of(QWEN_MODEL).template
    made = HttpEmbedder("m", config(server, remote_model="qwen", template=template))
    server.requests.clear()
    task = Prompts("find", query_prompt="Find it")
    await made.embed_documents(["a"], task)
    await made.embed_queries(["a"], task)
    await made.close()

    assert server.texts == [["a"], ["Instruct: Find it\nQuery:a"]]
    assert {request["model"] for request in server.requests} == {"qwen"}


async def test_vectors_in_base64_are_read(embedder: HttpEmbedder, server: FakeServer) -> None:
    packed = base64.b64encode(struct.pack("<16f", *vector_of("x"))).decode()
    server.fault = once((200, {}, {"data": [{"index": 0, "embedding": packed}]}))

    np.testing.assert_allclose(await embedder.embed_documents(["x"]), expected(["x"]), atol=1e-6)


async def test_a_pause_that_the_server_asks_for_holds_all_requests(
    embedder: HttpEmbedder, server: FakeServer
) -> None:
    server.fault = once(error(429, **{"retry-after": "0.2"}))
    loop = asyncio.get_running_loop()
    began = loop.time()

    np.testing.assert_allclose(await embedder.embed_documents(TEXTS), expected(TEXTS), atol=1e-6)
    assert loop.time() - began >= 0.19


async def test_a_longer_pause_is_the_engines_to_wait_for(embedder: HttpEmbedder, server: FakeServer) -> None:
    server.fault = lambda texts: error(429, **{"retry-after": "3600"})

    with pytest.raises(RateLimited, match="429") as caught:
        await embedder.embed_documents(TEXTS)
    assert 3000 < caught.value.retry_after <= 3600


async def test_an_error_of_the_server_is_tried_again(embedder: HttpEmbedder, server: FakeServer) -> None:
    server.fault = once(error(503))

    np.testing.assert_allclose(await embedder.embed_documents(TEXTS), expected(TEXTS), atol=1e-6)


@pytest.mark.parametrize("status", [400, 413, 422, 500])
async def test_a_text_that_the_server_refuses_fails_alone(
    embedder: HttpEmbedder, server: FakeServer, status: int
) -> None:
    server.fault = lambda texts: error(status) if "text number 7" in texts else None

    with pytest.raises(DocumentError, match=f"{status}: no {status}, for a text of 13 characters"):
        await embedder.embed_documents(TEXTS)
    others = [text for text in TEXTS if text != "text number 7"]
    np.testing.assert_allclose(await embedder.embed_documents(others), expected(others), atol=1e-6)


async def test_a_batch_that_is_too_much_is_halved(embedder: HttpEmbedder, server: FakeServer) -> None:
    server.fault = lambda texts: error(413) if len(texts) > 1 else None

    np.testing.assert_allclose(await embedder.embed_documents(TEXTS), expected(TEXTS), atol=1e-6)


async def test_a_server_that_fails_over_everything_blames_no_document(
    embedder: HttpEmbedder, server: FakeServer
) -> None:
    server.fault = lambda texts: error(500)

    with pytest.raises(TransientError, match="500"):
        await embedder.embed_documents(["a"])


@pytest.mark.parametrize("status", [401, 403, 404, 302])
async def test_a_wrong_configuration_blames_no_document_and_shows_no_key(
    server: FakeServer, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_KEY", "sk-secret")
    server.fault = lambda texts: (status, {}, {"error": {"message": "bad key sk-secret"}})

    with pytest.raises(TransientError, match=rf"{status}: bad key … \(HEADRACE_MODELS") as caught:
        HttpEmbedder("m", config(server, api_key_env="THE_KEY"))
    assert "sk-secret" not in str(caught.value)
    assert server.headers[0]["authorization"] == "Bearer sk-secret"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"data": [{"index": 0, "embedding": [1.0] * 8}]}, "8 dimensions, expected 16"),
        ({"data": []}, "0 vectors for 1 texts"),
        ({"data": [{"index": 4, "embedding": [1.0] * 16}]}, "index 4"),
        ({"data": [{"index": 0, "embedding": [1.0] * 16}] * 2}, "index 0 twice"),
        ({"data": [{"index": 0, "embedding": {"a": 1}}]}, "neither a list"),
        ({"data": [{"index": 0, "embedding": "%%"}]}, "neither a list"),
        ({"vectors": []}, "no list `data`"),
        (b"<html>", "not JSON"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_told(
    embedder: HttpEmbedder, server: FakeServer, answer: Any, words: str
) -> None:
    server.fault = lambda texts: (200, {}, answer)

    with pytest.raises(TransientError, match=words):
        await embedder.embed_documents(["a"])


@pytest.mark.parametrize("bad", [b"NaN", b"null", b"0.0", b"Infinity"])
async def test_a_text_without_a_vector_fails_alone(
    embedder: HttpEmbedder, server: FakeServer, bad: bytes
) -> None:
    def fault(texts: Sequence[str]) -> Answer | None:
        if "text number 7" not in texts:
            return None
        rows = [str(vector_of(text)).encode() for text in texts]
        rows[list(texts).index("text number 7")] = b"[" + b",".join([bad] * 16) + b"]"
        data = b",".join(b'{"index":%d,"embedding":%s}' % (n, row) for n, row in enumerate(rows))
        return 200, {}, b'{"data":[' + data + b"]}"

    server.fault = fault
    with pytest.raises(DocumentError, match="NaN or zeros"):
        await embedder.embed_documents(TEXTS)


async def test_a_model_whose_vectors_have_another_length_than_known_is_refused(server: FakeServer) -> None:
    with pytest.raises(TransientError, match="16 dimensions, expected 1024"):
        HttpEmbedder(QWEN_MODEL, config(server))


async def test_a_server_that_is_away_or_hangs_is_waited_for(server: FakeServer) -> None:
    with pytest.raises(TransientError, match="answered nothing: "):
        HttpEmbedder("m", config(server, url="http://127.0.0.1:9"))
    made = HttpEmbedder("m", config(server, timeout_seconds=1))
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang(texts: Sequence[str]) -> Answer | None:
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(10)
        return None

    server.fault = hang
    with pytest.raises(TransientError, match=r"nothing within 1 s"):
        await made.embed_documents(["a"])
    gate.set()
    await made.close()


async def test_closing_does_not_wait_for_a_pause(embedder: HttpEmbedder, server: FakeServer) -> None:
    server.fault = lambda texts: error(429, **{"retry-after": "50"})
    call = asyncio.ensure_future(embedder.embed_documents(["a"]))
    await eventually(lambda: bool(server.requests))

    await asyncio.wait_for(embedder.close(), 40)
    with pytest.raises(TransientError, match="closed"):
        await call


async def test_closing_waits_for_the_answer_to_a_running_request(
    embedder: HttpEmbedder, server: FakeServer
) -> None:
    gate = threading.Event()

    def answer_late(texts: Sequence[str]) -> None:
        gate.wait()

    server.fault = answer_late
    call = asyncio.ensure_future(embedder.embed_documents(["a"]))
    await eventually(lambda: bool(server.requests))
    closing = asyncio.ensure_future(embedder.close())
    try:
        await asyncio.sleep(0)  # lets it begin
        with pytest.raises(TransientError, match="closed"):
            await embedder.embed_documents(["b"])
        assert not closing.done()
    finally:
        gate.set()

    np.testing.assert_allclose(await call, expected(["a"]), atol=1e-6)
    await closing


async def test_what_was_embedded_before_an_error_is_kept(
    embedder: HttpEmbedder, server: FakeServer, tmp_path: Any
) -> None:
    cached = CachedEmbedder(embedder, VectorCache(tmp_path / "vectors.sqlite"), stored_every=4)
    server.fault = lambda texts: error(401) if "text number 9" in texts else None
    with pytest.raises(TransientError):
        await cached.embed_documents(TEXTS)
    server.fault = lambda texts: None
    server.requests.clear()

    np.testing.assert_allclose(await cached.embed_documents(TEXTS), expected(TEXTS), atol=1e-6)
    assert sorted(text for texts in server.texts for text in texts) == TEXTS[8:]


async def test_a_text_of_a_million_characters_is_sent_whole_and_in_small_requests(server: FakeServer) -> None:
    embedder = HttpEmbedder("m", config(server, max_tokens=8192, batch_tokens=65_536))
    server.requests.clear()
    text = "word \x00 \ud800 " * 100_000
    [vector] = await embedder.embed_documents([text])
    await embedder.close()

    assert np.isfinite(vector).all()
    assert sum(len(part) for texts in server.texts for part in texts) == len(text)
    assert max(len(part) for texts in server.texts for part in texts) <= 8192
    assert max(sum(map(len, texts)) for texts in server.texts) <= 65_536
