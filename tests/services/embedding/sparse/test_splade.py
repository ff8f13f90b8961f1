"""SPLADE: the formula, texts of any length, and vectors that do not depend on the batch."""

import asyncio
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from schemas.limits import SPLADE
from services.embedding.models import TRIAL_TOKENIZER, packaged_file
from services.embedding.sparse import SparseVector, splade
from services.embedding.sparse.splade import BATCH_TOKENS, Splade, load_splade

_VOCABULARY = 200
_MAX_TOKENS = 16
_TABLE = np.random.default_rng(3).normal(size=(40_000, _VOCABULARY)).astype(np.float32)


def tokenizer() -> Tokenizer:
    made = Tokenizer.from_file(str(packaged_file(*TRIAL_TOKENIZER)))
    made.no_padding()
    made.no_truncation()
    return made


class Model:
    """Logits that depend on each token alone, so that the vector of any text is known."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        self.shapes.append(ids.shape)
        return np.where(mask[..., None].astype(bool), _TABLE[ids], np.float32(99))  # what pads must not count


def weights_of(texts: Sequence[str]) -> NDArray[np.float32]:
    """By the formula, over the tokens of the whole text."""
    rows = [_TABLE[tokenizer().encode(text).ids] for text in texts]
    return np.stack([np.log1p(np.maximum(row, 0)).max(axis=0) for row in rows])


def dense(vector: SparseVector) -> NDArray[np.float32]:
    made = np.zeros(_VOCABULARY, np.float32)
    made[vector.indices] = vector.values
    return made


TEXTS = ["a commit log", "", "the broker keeps the log of a partition " * 9, "word", "x" * 400]


async def test_vectors_are_what_the_formula_says_whatever_shares_their_batch() -> None:
    model = Model()
    made = Splade(model, tokenizer(), _MAX_TOKENS)

    together = await made.encode_documents([*TEXTS, *reversed(TEXTS)])
    alone = [(await made.encode_queries([text]))[0] for text in TEXTS]
    await made.close()

    for vector in together:
        assert (np.diff(vector.indices.astype(int)) > 0).all()
        assert (vector.values > 0).all()
    for one, other in ((together[: len(TEXTS)], alone), (together[len(TEXTS) :][::-1], alone)):
        assert all(map(np.array_equal, map(dense, one), map(dense, other)))
    # Short texts by all their tokens; in long ones a word may be cut elsewhere, so only whole words agree.
    whole = [TEXTS.index(text) for text in TEXTS if len(text) < 60 or " " in text]
    np.testing.assert_allclose(
        [dense(alone[i]) for i in whole], weights_of([TEXTS[i] for i in whole]), rtol=1e-6
    )
    assert max(shape[0] * shape[1] for shape in model.shapes) <= max(BATCH_TOKENS, _MAX_TOKENS)
    assert max(shape[1] for shape in model.shapes) <= _MAX_TOKENS


async def test_batches_are_encoded_on_several_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splade, "WORKERS", 3)
    together, model = threading.Barrier(3, timeout=30), Model()

    def logits(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        together.wait()  # until three batches are there
        return model(ids, mask)

    made = Splade(logits, tokenizer(), BATCH_TOKENS)
    long = [f"{word} " * (BATCH_TOKENS - 10) for word in ("log", "broker", "topic")]
    vectors = await made.encode_documents(long)
    await made.close()

    np.testing.assert_allclose(list(map(dense, vectors)), weights_of(long), rtol=1e-6)


@pytest.mark.skipif(
    not os.environ.get("HEADRACE_TEST_SPLADE"),
    reason=f"NOT TESTED: set HEADRACE_TEST_SPLADE to a cache folder of fastembed with {SPLADE} (0.5 GB)",
)
async def test_the_real_model_gives_the_vectors_of_fastembed() -> None:
    from fastembed import SparseTextEmbedding

    folder = Path(os.environ["HEADRACE_TEST_SPLADE"])
    texts = ["a commit log", "The broker keeps the log of a partition."]
    made = await asyncio.to_thread(load_splade, SPLADE, folder)

    ours = await made.encode_documents(texts)

    theirs = list(SparseTextEmbedding(SPLADE, cache_dir=str(folder), local_files_only=True).embed(texts))
    for mine, their in zip(ours, theirs, strict=True):
        assert mine.indices.tolist() == their.indices.tolist()
        np.testing.assert_allclose(mine.values, their.values, rtol=1e-4)
