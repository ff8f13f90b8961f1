"""A server that silently cuts texts off is found when its model is loaded, with what to do."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs
from tokenizers import Tokenizer

from schemas.errors import DocumentError, RequestError, TransientError
from schemas.models_file import HttpConfig
from services.embedding import Embedder
from services.embedding.embedder import Vectors
from services.embedding.models import TRIAL_TOKENIZER, packaged_file
from services.embedding.onnx import normalise
from services.embedding.remote import HttpEmbedder, endpoint
from services.embedding.remote.reading import CutOff
from tests.services.embedding.remote_server import Answer, FakeServer, fake_server, vector_of

#: Tokens that the entry promises.
BUDGET = 1024
TOKENIZER = packaged_file(*TRIAL_TOKENIZER)
Model = Callable[[Sequence[str]], Vectors]


class Server:
    """A model on a server. It reads `reads` tokens of a text and says nothing of the rest; or it refuses a
    longer text with `refusal`. Its vectors are `noise` away from exact."""

    def __init__(self) -> None:
        self._chance = np.random.default_rng(1)
        self.model: Model = lambda texts: normalise(np.array([vector_of(text) for text in texts], np.float32))
        self._tokenizer = Tokenizer.from_file(str(TOKENIZER))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.reads, self.noise = BUDGET, 0.0
        self.refusal: Answer | None = None

    def answer(self, texts: Sequence[str]) -> Answer:
        if self.refusal and any(len(self._tokenizer.encode(text)) > self.reads for text in texts):
            return self.refusal
        vectors = self._rounded(self.model([self._cut(text) for text in texts]))
        return 200, {}, {"data": [{"embedding": row.tolist()} for row in vectors]}

    def _cut(self, text: str) -> str:
        offsets = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return text if len(offsets) <= self.reads - 2 else text[: offsets[self.reads - 2][0]]

    def _rounded(self, vectors: Vectors) -> Vectors:
        other = self._chance.standard_normal(vectors.shape).astype(np.float32)
        return vectors + self.noise * normalise(other)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.setattr(endpoint, "FIRST_PAUSE_S", 0.001)
    with fake_server() as fake:
        yield fake


@pytest.fixture
def server(fake: FakeServer) -> Server:
    made = Server()
    fake.fault = made.answer
    return made


@asynccontextmanager
async def opened(fake: FakeServer, **options: Any) -> AsyncIterator[HttpEmbedder]:
    entry = {"backend": "http", "url": fake.url, "max_tokens": BUDGET, **options}
    made = await asyncio.to_thread(HttpEmbedder, "m", HttpConfig.model_validate(entry))
    yield made
    await made.close()


async def test_a_real_model_that_is_cut_off_is_found(
    trial: Embedder, server: Server, fake: FakeServer
) -> None:
    server.model = lambda texts: asyncio.run(trial.embed_documents(texts))
    async with opened(fake, max_tokens=512) as embedder:
        await embedder.check_reading()
        server.reads = 128
        with pytest.raises(CutOff, match="reads only about"):
            await embedder.check_reading()


@pytest.mark.parametrize("options", [{"tokenizer": TOKENIZER}, {}], ids=["tokens", "bytes"])
@pytest.mark.parametrize("noise", [0.0, 0.02], ids=["exact", "half precision"])
async def test_a_server_that_reads_its_budget_is_accepted(
    options: dict[str, Any], noise: float, server: Server, fake: FakeServer
) -> None:
    server.noise = noise
    async with opened(fake, **options) as embedder:
        await embedder.check_reading()


@pytest.mark.parametrize(("reads", "noise"), [(100, 0.0), (512, 0.0), (512, 0.02), (800, 0.0)])
async def test_a_server_that_cuts_texts_off_is_refused_with_what_it_reads(
    reads: int, noise: float, server: Server, fake: FakeServer
) -> None:
    server.reads, server.noise = reads, noise
    async with opened(fake, tokenizer=TOKENIZER) as embedder:
        with pytest.raises(CutOff, match=r"reads only about \d+ of 1,024 tokens") as caught:
            await embedder.check_reading()
    assert isinstance(caught.value, DocumentError)
    assert isinstance(caught.value, RequestError)
    proposed = int(str(caught.value).partition("max_tokens = ")[2].split()[0])
    assert 0.75 * reads <= proposed <= reads

    async with opened(fake, tokenizer=TOKENIZER, max_tokens=proposed) as embedder:
        await embedder.check_reading()  # as the message proposes


async def test_without_a_tokenizer_texts_have_the_most_tokens_that_bytes_can_have(
    server: Server, fake: FakeServer
) -> None:
    server.reads = BUDGET // 4  # of a digit and a blank this tokenizer makes one token
    async with opened(fake) as embedder:
        with pytest.raises(CutOff, match=r"set max_tokens = (\d+) in HEADRACE_MODELS") as caught:
            await embedder.check_reading()
    proposed = int(str(caught.value).partition("max_tokens = ")[2].split()[0])
    async with opened(fake, max_tokens=proposed) as embedder:
        await embedder.check_reading()


@pytest.mark.parametrize("status", [413, 500, 503])
async def test_a_server_that_says_so_loses_nothing_silently(
    status: int, server: Server, fake: FakeServer
) -> None:
    server.reads, server.refusal = 512, (status, {}, {"error": {"message": "too long"}})
    async with opened(fake, tokenizer=TOKENIZER) as embedder:
        with capture_logs() as logs:
            await embedder.check_reading()
    [said] = [line for line in logs if "answer" in line]
    assert str(status) in said["answer"]
    assert 384 <= int(said["advice"].split()[3].rstrip(",")) <= 512


async def test_a_server_that_went_away_is_asked_again_later(server: Server, fake: FakeServer) -> None:
    async with opened(fake) as embedder:
        fake.fault = lambda texts: (503, {}, {})
        with pytest.raises(TransientError, match="503"):
            await embedder.check_reading()


async def test_a_budget_of_a_few_tokens_is_not_checked(server: Server, fake: FakeServer) -> None:
    server.reads = 20
    async with opened(fake, max_tokens=64) as embedder:
        fake.requests.clear()
        await embedder.check_reading()
    assert not fake.requests
