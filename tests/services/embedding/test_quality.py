"""A floor under what vectors find: raised when it improves, never lowered to pass."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from services.chunking import TextChunk, chunk
from services.embedding import Embedder, Vectors

_SHARED = Path(__file__).resolve().parents[4] / "shared" / "corpora" / "chunking"
#: Characters that a language model is given to read.
_BUDGET = 6000
#: Every third question, two of the three texts: 6 s of CPU instead of 20.
_TEXTS = ("state_of_the_union", "wikitexts")

Spans = list[tuple[int, int]]


def _questions(name: str) -> list[tuple[str, Spans]]:
    """Questions on a text, and where in it their answers are, in characters."""
    found = []
    with (_SHARED / "questions.csv").open() as file:
        for row in csv.DictReader(file):
            if row["corpus_id"] == name:
                answers = json.loads(row["references"])
                found.append((row["question"], [(one["start_index"], one["end_index"]) for one in answers]))
    return found[::3]


def _recall(text: str, chunks: list[TextChunk], scores: Vectors, answers: Spans) -> float:
    """Share of the answer's characters among the first `_BUDGET` characters of the chunks, best first."""
    wanted, read = np.zeros(len(text), dtype=bool), np.zeros(len(text), dtype=bool)
    for start, end in answers:
        wanted[start:end] = True
    left = _BUDGET
    for index in np.argsort(-scores, kind="stable"):
        piece = chunks[index]
        start = len(text.encode()[: piece.start_byte].decode())
        read[start : start + min(len(piece.text), left)] = True
        left -= len(piece.text)
        if left <= 0:
            break
    return float((wanted & read).sum() / wanted.sum())


@pytest.mark.skipif(not _SHARED.is_dir(), reason=f"QUALITY NOT MEASURED: no corpora at {_SHARED}")
@pytest.mark.faults
async def test_answers_anywhere_in_chunks_of_four_kilobytes_are_found(trial: Embedder) -> None:
    recalls = []
    for name in _TEXTS:
        text = (_SHARED / "corpora" / f"{name}.md").read_text()
        chunks = chunk(text, "corpus.md", None, 4096)
        vectors = await trial.embed_documents([piece.text for piece in chunks])
        questions = _questions(name)
        asked = await trial.embed_queries([question for question, _ in questions])
        for (_, answers), query in zip(questions, asked, strict=True):
            recalls.append(_recall(text, chunks, vectors @ query, answers))

    # Reached: 0.942. A model that reads only the beginning of each chunk reaches 0.810.
    assert np.mean(recalls) >= 0.925
