import asyncio
import random
import time
from functools import cache

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tokenizers import Tokenizer

from services.embedding import Embedder, Prompts
from services.embedding.models import TRIAL_TOKENIZER, TRIAL_WEIGHTS, packaged_file

WORDS = [
    "broker",
    "offset",
    "partition",
    "the",
    "of",
    "a",
    "commit",
    "log",
    "rebalance",
    "consumer",
    "группа",
    "分区",
    "tombstone",
    "🙂",
    "schema",
]

#: The weights are int8, but the sums are float32, so a batch's shape can change at most the order of
#: additions. Seen between batches on AVX-512: no difference at all; other kernels may differ by a few ulp.
TOLERANCE = 2e-6


def some_texts(count: int, longest: int, seed: int = 7) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=chance.randint(1, longest))) for _ in range(count)]


@cache
def plain_model() -> tuple[ort.InferenceSession, Tokenizer]:
    session = ort.InferenceSession(str(packaged_file(*TRIAL_WEIGHTS)), providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(packaged_file(*TRIAL_TOKENIZER)))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return session, tokenizer


def hidden_states(text: str) -> NDArray[np.float32]:
    """What the model makes of each token of one text, with nothing of ours: tokens x 384."""
    session, tokenizer = plain_model()
    ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
    feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    states: NDArray[np.float32] = session.run(None, feed)[0][0]
    return states


def plain_loop(texts: list[str]) -> NDArray[np.float32]:
    """The same model, one text at a time."""
    vectors = [hidden_states(text).mean(axis=0) for text in texts]
    return np.array([vector / np.linalg.norm(vector) for vector in vectors], dtype=np.float32)


async def test_vectors_are_those_of_a_plain_loop_over_single_texts(trial: Embedder) -> None:
    texts = [*some_texts(40, 60), "", "x" * 5_000, "word " * 254, "naïve café — 日本語 🙂\x00\t\n"]
    vectors = await trial.embed_documents(texts)
    assert vectors.shape == (len(texts), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, plain_loop(texts), atol=TOLERANCE)


async def test_a_vector_does_not_depend_on_its_batch(trial: Embedder) -> None:
    text = "the log is the table"
    alone = await trial.embed_documents([text])
    short = await trial.embed_documents([text, *some_texts(30, 3)])
    long = await trial.embed_documents([*some_texts(10, 80), text])
    np.testing.assert_allclose(alone[0], short[0], atol=TOLERANCE)
    np.testing.assert_allclose(alone[0], long[-1], atol=TOLERANCE)


async def test_the_same_call_twice_gives_the_same_bytes(trial: Embedder) -> None:
    texts = some_texts(20, 30)
    first, second = await trial.embed_documents(texts), await trial.embed_documents(texts)
    assert first.tobytes() == second.tobytes()


async def test_a_thousand_short_texts_come_back_in_order_and_of_length_one(trial: Embedder) -> None:
    texts = [f"item {number}" for number in range(1_000)]
    vectors = await trial.embed_documents(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    some = [0, 1, 499, 998, 999]
    np.testing.assert_allclose(vectors[some], plain_loop([texts[i] for i in some]), atol=TOLERANCE)


async def test_no_texts_give_no_rows(trial: Embedder) -> None:
    assert (await trial.embed_documents([])).shape == (0, 384)


async def test_a_long_text_has_the_mean_over_all_tokens_of_its_windows(trial: Embedder) -> None:
    words = random.Random(7).choices(["broker", "offset", "partition", "log", "consumer"], k=600)
    # 600 tokens in windows of at most 254, and two special tokens each: three of 200.
    hidden = np.vstack([hidden_states(" ".join(words[at : at + 200])) for at in (0, 200, 400)])
    assert hidden.shape == (606, 384)
    expected = hidden.mean(axis=0)
    vectors = await trial.embed_documents([" ".join(words)])
    np.testing.assert_allclose(vectors[0], expected / np.linalg.norm(expected), atol=TOLERANCE)


async def test_what_follows_the_longest_length_changes_the_vector(trial: Embedder) -> None:
    head = "log " * 254  # and two special tokens
    vectors = await trial.embed_documents([head, head + "and kittens meow", head + "and stocks fell"])
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3
    assert np.abs(vectors[1] - vectors[2]).max() > 1e-3


async def test_a_fact_at_the_end_of_a_long_text_is_found_first_among_others(trial: Embedder) -> None:
    filler = "The committee met again and spoke at length about the budget of the coming year. " * 30
    facts = [
        "Kittens of the Siamese cat meow louder than any other breed and purr at night.",
        "The glacier above the village lost forty metres of ice in a single summer.",
        "A violin bow is strung with about a hundred and fifty hairs of a horse's tail.",
        "Basalt cools into columns with six sides where lava meets the sea.",
    ]
    questions = [
        "how does a siamese cat sound?",
        "how much did the glacier shrink?",
        "what is a bow made of?",
    ]
    documents = await trial.embed_documents([filler + fact for fact in facts])
    found = np.argmax(await trial.embed_queries(questions) @ documents.T, axis=1)
    assert found.tolist() == [0, 1, 2]


async def test_a_text_that_fits_has_the_same_vector_beside_long_ones(trial: Embedder) -> None:
    short = some_texts(12, 60)
    alone = await trial.embed_documents(short)
    mixed = await trial.embed_documents(["a long one " * 300, *short, "and another " * 200])
    np.testing.assert_allclose(mixed[1:-1], alone, atol=TOLERANCE)


async def test_a_long_question_is_read_whole_like_a_document(trial: Embedder) -> None:
    text = " ".join(some_texts(20, 60))
    queries, documents = await trial.embed_queries([text]), await trial.embed_documents([text])
    assert queries.tobytes() == documents.tobytes()


async def test_meaning_is_near_meaning(trial: Embedder) -> None:
    query = await trial.embed_queries(["how does a cat sound?"])
    documents = await trial.embed_documents(
        ["kittens meow and purr", "the stock market fell", "def main(): pass"]
    )
    assert np.argmax(documents @ query[0]) == 0


async def test_a_prompt_is_put_before_the_text_of_its_side(trial: Embedder) -> None:
    task = Prompts("retrieval", document_prompt="passage: ", query_prompt="query: ")
    expected = await trial.embed_documents(["passage: log", "query: log"])
    document = await trial.embed_documents(["log"], task)
    query = await trial.embed_queries(["log"], task)
    np.testing.assert_allclose(np.vstack([document, query]), expected, atol=TOLERANCE)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(), max_size=60), min_size=1, max_size=4))
def test_any_text_has_a_unit_vector(trial: Embedder, texts: list[str]) -> None:
    vectors = asyncio.run(trial.embed_documents([*texts, "\ud800"]))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


async def test_the_event_loop_is_free_while_texts_are_embedded(trial: Embedder) -> None:
    call = asyncio.ensure_future(trial.embed_documents(some_texts(30, 100)))
    turns, longest, before = 0, 0.0, time.perf_counter()
    while not call.done():
        await asyncio.sleep(0.001)
        turns, now = turns + 1, time.perf_counter()
        longest, before = max(longest, now - before), now
    await call
    assert turns > 20
    assert longest < 0.5


async def test_calls_side_by_side_do_not_mix_their_rows(trial: Embedder) -> None:
    calls = [some_texts(8, 20, seed) for seed in range(6)]
    together = await asyncio.gather(*(trial.embed_documents(texts) for texts in calls))
    for texts, vectors in zip(calls, together, strict=True):
        np.testing.assert_allclose(vectors, await trial.embed_documents(texts), atol=TOLERANCE)


async def test_a_cancelled_call_leaves_the_embedder_usable(trial: Embedder) -> None:
    call = asyncio.ensure_future(trial.embed_documents(some_texts(200, 100)))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (await trial.embed_documents(["still here"])).shape == (1, 384)
