"""BM25 is Chroma's, number by number."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from chromadb.utils.embedding_functions.chroma_bm25_embedding_function import (
    DEFAULT_CHROMA_BM25_STOPWORDS,
    ChromaBm25EmbeddingFunction,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from services.embedding.sparse.bm25 import MAX_WORDS, STOP_WORDS, Bm25

_CORPORA = Path(__file__).resolve().parents[5] / "shared" / "corpora" / "chunking" / "corpora"
_ENCODER = Bm25()
_CHROMAS = ChromaBm25EmbeddingFunction()


@pytest.mark.parametrize(
    ("text", "indices", "value"),
    [
        (
            "Usain Bolt's top speed reached ~27.8 mph (44.72 km/h)",
            [
                *(230246813, 395514983, 458027949, 488165615, 729632045, 734978415),
                *(997512866, 1114505193, 1381820790, 1501587190, 1649421877, 1837285388),
            ],
            1.6391153,
        ),
        (
            "The   space-time   continuum   WARPS   near   massive   objects...",
            [90097469, 519064992, 737893654, 1110755108, 1950894484, 2031641008, 2058513491],
            1.660867,
        ),
    ],
)
def test_the_vectors_that_chroma_published(text: str, indices: list[int], value: float) -> None:
    [vector] = Bm25().encode([text])

    assert vector.indices.tolist() == indices
    assert vector.values == pytest.approx([value] * len(indices), abs=1e-6)


def test_the_stop_words_are_chromas() -> None:
    assert set(DEFAULT_CHROMA_BM25_STOPWORDS) == STOP_WORDS


@pytest.mark.parametrize(
    "text", ["", "  \n", "the and of", "… !?", "x" * 41, "don't", "İstanbul ſtraße", "_ __ a_b"]
)
def test_odd_texts(text: str) -> None:
    _equal([text])


@given(st.lists(st.text(max_size=60), max_size=4))
@settings(max_examples=40, deadline=None)
def test_any_text(texts: list[str]) -> None:
    _equal([text.encode(errors="ignore").decode() for text in texts])


@pytest.mark.skipif(not _CORPORA.is_dir(), reason=f"no corpora at {_CORPORA}")
def test_every_text_of_the_corpora() -> None:
    for file in sorted(_CORPORA.glob("*.md")):
        text = file.read_text(encoding="utf-8")
        sample = text[:25_000]  # Chroma's takes a millisecond for a thousand characters
        _equal([sample[start : start + 1_000] for start in range(0, len(sample), 1_000)])
        _equal([sample])


def test_it_remembers_no_more_words_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.embedding.sparse.bm25.MAX_WORDS", 3)
    encoder = Bm25()

    vectors = encoder.encode(["one two three four five six seven", "one seven"])

    assert len(encoder.indices) <= 3 < MAX_WORDS
    assert set(vectors[1].indices) < set(vectors[0].indices)


def _equal(texts: Sequence[str]) -> None:
    for text, vector in zip(texts, _ENCODER.encode(texts), strict=True):
        [expected] = _CHROMAS([text])
        assert vector.indices.tolist() == list(expected.indices)
        assert vector.values.tolist() == np.array(expected.values, np.float32).tolist()
