"""A model proves itself before it may write: each way to be wrong is found and named."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from schemas.errors import DocumentError, RequestError
from services.embedding import Embedder, Prompts
from services.embedding.embedder import Vectors
from services.embedding.onnx import normalise
from services.embedding.proof import Remembered, Unproven, prove
from services.embedding.remote.reading import CutOff


class Wrong:
    """An embedder with a fault: it changes the vectors of a call."""

    def __init__(self, embedder: Embedder, model: str = "unknown") -> None:
        self._embedder = embedder
        self.model, self.fingerprint = model, "f" * 64
        self.dimension, self.max_tokens = embedder.dimension, embedder.max_tokens

    def change(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
        return vectors

    async def embed_documents(
        self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
    ) -> Vectors:
        return self.change(texts, await self._embedder.embed_documents(texts, task, urgent=urgent))

    async def embed_queries(self, texts: Sequence[str], task: Prompts | None = None) -> Vectors:
        return await self.embed_documents(texts, task)

    async def count_tokens(self, texts: Sequence[str]) -> int:
        return await self._embedder.count_tokens(texts)

    async def check_reading(self) -> None:
        await self._embedder.check_reading()

    async def close(self) -> None:
        pass


class Padded(Wrong):
    """Pools a token of padding in texts that are shorter than others."""

    def change(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
        longest = max(map(len, texts))
        padded = np.array([len(text) < longest for text in texts])
        return normalise(np.where(padded[:, None], 0.3 * vectors + 0.05, vectors).astype(np.float32))


class Ordered(Wrong):
    def change(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
        return normalise(vectors + np.arange(len(texts), dtype=np.float32)[:, None] * 0.01)


class Swapped(Wrong):
    def change(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
        return vectors[::-1] if len(texts) > 1 else vectors


class Meaningless(Wrong):
    """The first letters decide."""

    def change(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
        seeds = [int.from_bytes(text.encode()[:8].ljust(8), "little") % 2**32 for text in texts]
        rows = [np.random.default_rng(seed).standard_normal(self.dimension) for seed in seeds]
        tails = [0.2 * np.random.default_rng(len(text)).standard_normal(self.dimension) for text in texts]
        return normalise(np.array(rows, np.float32) + np.array(tails, np.float32))


class Cut(Wrong):
    """Reads the first 20 words."""

    async def embed_documents(
        self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
    ) -> Vectors:
        return await self._embedder.embed_documents([" ".join(text.split(" ")[:80]) for text in texts], task)


class OnAServer(Wrong):
    """Does not read what its entry says."""

    async def check_reading(self) -> None:
        raise CutOff("it reads only about 512 tokens")


class Constant(Wrong):
    def change(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
        return np.tile(vectors[:1], (len(texts), 1))


class Long(Wrong):
    def change(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
        return vectors * 2


class NotANumber(Wrong):
    def change(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
        vectors = vectors.copy()
        vectors[0, 0] = np.nan
        return vectors


async def test_the_trial_model_proves_itself(trial: Embedder) -> None:
    await prove(trial)
    await prove(Wrong(trial))  # which only has another name


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Padded, "padding on the wrong side"),
        (Ordered, "order of the texts"),
        (Swapped, "another vector alone"),
        (Meaningless, "is no nearer to"),
        (Cut, "it reads less than the 256 tokens"),
        (Constant, "one and the same vector"),
        (Long, "length 2"),
        (NotANumber, "length nan"),
    ],
)
async def test_a_fault_is_a_refusal_that_names_it(kind: type[Wrong], words: str, trial: Embedder) -> None:
    with pytest.raises(Unproven, match=words) as caught:
        await prove(kind(trial))
    assert isinstance(caught.value, DocumentError)
    assert isinstance(caught.value, RequestError)


async def test_a_server_that_cuts_texts_off_is_refused(trial: Embedder) -> None:
    with pytest.raises(CutOff, match="reads only about"):
        await prove(OnAServer(trial))


async def test_another_model_under_a_known_name_is_refused(trial: Embedder) -> None:
    with pytest.raises(Unproven, match="another model answers"):
        await prove(Wrong(trial, "Qwen/Qwen3-Embedding-0.6B"))


async def test_a_model_that_changes_behind_its_name_is_refused(trial: Embedder, tmp_path: Path) -> None:
    class Other(Wrong):
        def change(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
            return np.ascontiguousarray(vectors[:, ::-1])

    remembered = Remembered(tmp_path / "models")
    await prove(Wrong(trial), remembered)
    await prove(Wrong(trial), remembered)
    with pytest.raises(Unproven, match=r"not those of before .*under another name"):
        await prove(Other(trial), remembered)


async def test_what_cannot_be_remembered_is_no_fault_of_the_model(trial: Embedder, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file, not a folder")
    await prove(trial, Remembered(tmp_path / "models"))
