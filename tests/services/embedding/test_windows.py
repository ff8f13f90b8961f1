import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tokenizers import Tokenizer

from services.embedding.models import trial_model
from services.embedding.onnx import BATCH_TOKENS, batches_of, embed_windows
from services.embedding.profiles import PLAIN, framing
from services.embedding.threads import BatchThreads
from services.embedding.windows import SPECIAL_TOKENS, Windows, read, read_bytes

WORDS = [
    "broker",
    "rebalancing",
    "tombstone",
    "the",
    "of",
    ",",
    "分区",
    "группа",
    "🙂",
    "x" * 90,
    "q7" * 45,
    "[SEP]",
]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=120).map(" ".join), max_size=5)


def tokenizer() -> Tokenizer:
    made = Tokenizer.from_file(str(trial_model().tokenizer))
    made.no_truncation()
    made.no_padding()
    return made


TOKENIZER = tokenizer()


def windows_of(windows: Windows, number: int) -> list[str]:
    end = windows.starts[number + 1] if number + 1 < len(windows.starts) else len(windows.texts)
    return windows.texts[windows.starts[number] : end]


@settings(deadline=None)
@given(TEXTS, st.integers(min_value=8, max_value=64))
def test_windows_together_are_the_text_and_none_is_longer_than_the_limit(
    texts: list[str], limit: int
) -> None:
    windows = read(TOKENIZER, limit, texts)
    assert ["".join(windows_of(windows, number)) for number in range(len(texts))] == texts
    assert max(windows.lengths, default=0) <= limit
    assert windows.ids == [TOKENIZER.encode(text).ids for text in windows.texts]


@settings(deadline=None)
@given(TEXTS, st.integers(min_value=8, max_value=64))
def test_a_text_that_fits_is_one_window_and_no_other_is(texts: list[str], limit: int) -> None:
    windows = read(TOKENIZER, limit, texts)
    for number, text in enumerate(texts):
        assert (len(windows_of(windows, number)) == 1) == (len(TOKENIZER.encode(text)) <= limit)


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=1_000), st.integers(min_value=8, max_value=64))
def test_windows_are_as_few_as_can_be_and_about_as_long_as_each_other(words: int, limit: int) -> None:
    windows = read(TOKENIZER, limit, ["log " * words])
    assert len(windows.ids) == -(-words // (limit - 2))
    assert max(windows.lengths) - min(windows.lengths) <= 1


def test_a_window_begins_with_a_word() -> None:
    text = "rebalancing the tokenisation " * 41
    parts = read(TOKENIZER, 64, [text]).texts
    assert len(parts) > 3
    assert {part.split()[0] for part in parts} <= {"rebalancing", "the", "tokenisation"}


def test_a_word_longer_than_a_window_is_cut() -> None:
    windows = read(TOKENIZER, 8, ["q7" * 45])
    assert "".join(windows.texts) == "q7" * 45
    assert len(windows.ids) >= 90 / 6
    assert max(windows.lengths) <= 8


@settings(deadline=None)
@given(st.lists(st.integers(min_value=1, max_value=45), min_size=30, max_size=60))
def test_words_of_many_tokens_make_few_more_windows(sizes: list[int]) -> None:
    text = " ".join("q7" * size for size in sizes)
    tokens = len(TOKENIZER.encode(text)) - 2
    assert len(read(TOKENIZER, 64, [text]).ids) <= 1.5 * tokens / 62 + 1


def test_the_prompt_stands_before_each_window() -> None:
    windows = read(TOKENIZER, 16, ["log " * 30, "log"], "passage: ".__add__)
    assert len(windows.texts) == 4
    assert all(text.startswith("passage: ") for text in windows.texts)
    assert "".join(text.removeprefix("passage: ") for text in windows.texts[:3]) == "log " * 30
    assert max(windows.lengths) <= 16


def test_a_prompt_that_would_fill_the_windows_is_read_once() -> None:
    prompt = "a very long instruction that says it all, and more than that: "
    windows = read(TOKENIZER, 16, ["log " * 30], prompt.__add__)
    assert "".join(windows.texts) == prompt + "log " * 30
    assert max(windows.lengths) <= 16


def test_half_a_surrogate_pair_reads_as_a_question_mark() -> None:
    assert read(TOKENIZER, 16, ["\ud800", "log \ud800 " * 20]).texts[0] == "?"
    assert "".join(read(TOKENIZER, 16, ["log \ud800 " * 20]).texts) == "log ? " * 20


def test_the_mean_is_weighted_by_tokens_and_leaves_single_windows_as_they_are() -> None:
    windows = Windows(["a", "b", "c", "d"], [[1] * 6, [1] * 2, [1] * 5, [1] * 9], [0, 2, 3])
    rows = np.array([[1, 0], [0, 3], [0.1, 0.7], [0.3, 0.9]], dtype=np.float32)
    mean = windows.mean(rows)
    assert mean.tolist()[1:] == rows.tolist()[2:]
    assert mean[0].tolist() == pytest.approx([6, 6])  # 6 x (1, 0) + 2 x (0, 3)


async def test_a_text_of_a_megabyte_makes_many_batches_and_none_that_is_bigger_than_usual() -> None:
    windows = read(TOKENIZER, 256, ["a broker", "commit log " * 100_000])
    sizes: list[int] = []

    def run(batch: list[int]) -> NDArray[np.float32]:
        sizes.append(len(batch) * max(len(windows.ids[index]) for index in batch))
        return np.array([[1 + index % 2, 1] for index in batch], dtype=np.float32)

    threads = BatchThreads(2, "test")
    batches = batches_of(windows, BATCH_TOKENS, threads.workers)
    vectors = await embed_windows(windows, 2, batches, run, threads, urgent=False)
    await threads.close()
    assert sum(windows.lengths) > 200_000
    assert max(sizes) <= BATCH_TOKENS
    assert len(sizes) > 390
    np.testing.assert_allclose(vectors[1], np.array([1.5, 1]) / np.hypot(1.5, 1), atol=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "word " * 1000,
        "longwordwithoutanyblank" * 200,
        "日本語の文章" * 300,
        "\ud800 lone " * 300,
        " \n" * 2000,
    ],
)
@pytest.mark.parametrize("prompt", ["", "query: ", "a prompt that is most of a window " * 4])
def test_windows_by_bytes_hold_the_whole_text_and_never_more_than_the_limit(text: str, prompt: str) -> None:
    windows = read_bytes(128, ["short", text], framing(PLAIN, prompt))

    assert max(windows.lengths) <= 128 - SPECIAL_TOKENS
    assert windows.texts[0] == f"{prompt}short" or len(prompt) > 120
    joined = "".join(window.removeprefix(prompt) for window in windows.texts[windows.starts[1] :])
    assert joined.removeprefix(prompt) == text.encode("utf-8", "replace").decode()
