"""`make demo`: its questions are answered by the document that holds the answer, in a collection that lived.

No pipeline runs: the parser, the chunker, the model, `ChromaStore`, and a query as a stock client sends it.
"""

import random
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from examples.demo import QUESTIONS
from schemas.events import Embedding
from services.chunking import chunk
from services.embedding import TRIAL_MODEL, Vectors, load_embedder
from services.indexing.chroma import ChromaStore
from services.indexing.rows import Collection, Row
from services.indexing.vectors import MAX_ROWS
from services.parsing.parser import parse
from tests.conftest import Chroma

ROOT = Path(__file__).parents[2]
COLLECTION = Collection("default_tenant", "default_database", "demo-questions", Embedding(model=TRIAL_MODEL))
#: Sentences of this repository beside the examples' chunks. Each costs 5 ms of CPU to embed.
SENTENCES = 1400
#: Times that half of the sentences are replaced by others: what takes edges away from a chunk in the graph.
REWRITES = 5
#: The document that answers each question; the first one's answer is all over the repository.
ANSWERS = (None, "inspection-report.pdf", "sluice-gates.docx")


@dataclass(frozen=True)
class Lived:
    """A collection that was rewritten: what it holds, the questions' vectors, and where to ask."""

    url: str
    keys: Sequence[str]
    vectors: Vectors
    questions: Vectors

    async def nearest(self, question: Sequence[float], count: int) -> list[int]:
        """Places in `keys` of the chunks that Chroma finds."""
        body = {"query_embeddings": [[float(x) for x in question]], "n_results": count, "include": []}
        async with aiohttp.request("POST", f"{self.url}/query", json=body) as answer:
            return [int(id_) for id_ in (await answer.json())["ids"][0]]


def chunks_of_examples() -> list[tuple[str, str]]:
    """Name and text."""
    documents = sorted((ROOT / "examples" / "documents").iterdir())
    parsed = [(path.name, parse(path.read_bytes(), path.name).markdown) for path in documents]
    return [(name, piece.text) for name, text in parsed for piece in chunk(text, f"{name}.md")]


def sentences() -> list[str]:
    """Of the documentation and lines of the services, different ones, in a fixed order."""
    paths = [*(ROOT / "docs").glob("*.md"), *(ROOT / "services").rglob("*.py")]
    text = "\n".join(path.read_text() for path in sorted(paths))
    found = {piece.strip() for piece in re.split(r"(?<=[.:;])\s|\n|\|", text)}
    return random.Random(1).sample(sorted(piece for piece in found if 30 < len(piece) < 160), SENTENCES)


@pytest.fixture(scope="module")
async def lived(chroma: Chroma) -> AsyncIterator[Lived]:
    examples, others = chunks_of_examples(), sentences()
    texts = [text for _, text in examples] + others
    embedder = load_embedder(TRIAL_MODEL, threads=2)
    vectors = await embedder.embed_documents(texts)
    questions = await embedder.embed_queries(list(QUESTIONS))
    await embedder.close()
    store, chance = ChromaStore(chroma.url), random.Random(2)

    async def write(places: Sequence[int]) -> None:
        rows = [Row(str(n), texts[n], vectors[n].tobytes(), {}) for n in places]
        identity = await store.create(COLLECTION, lambda: None)
        for start in range(0, len(rows), MAX_ROWS):
            await store.upsert(COLLECTION, identity, rows[start : start + MAX_ROWS], lambda: None)

    await write(range(len(texts)))
    for _ in range(REWRITES):
        places = chance.sample(range(len(examples), len(texts)), len(others) // 2)
        vectors[places] = vectors[places[1:] + places[:1]]  # as a paragraph at the top moves all others
        await write(places)
    path = "/api/v2/tenants/default_tenant/databases/default_database/collections/"
    keys = [name for name, _ in examples] + ["docs"] * len(others)
    yield Lived(chroma.url + path + str(await store.look_up(COLLECTION)), keys, vectors, questions)
    await store.close()


async def test_the_demos_questions_are_answered_by_the_document_that_holds_the_answer(lived: Lived) -> None:
    for question, vector, document in zip(QUESTIONS, lived.questions, ANSWERS, strict=True):
        best = int(np.argmax(lived.vectors @ vector))
        [first, _] = await lived.nearest(vector.tolist(), 2)

        assert lived.vectors[first] @ vector == pytest.approx(lived.vectors[best] @ vector, abs=1e-5), (
            question
        )
        assert document in (None, lived.keys[first])


async def test_chunks_unlike_all_others_are_found_by_who_asks_for_few_hits(lived: Lived) -> None:
    """Of these questions Chroma's own graph (16 neighbours, 100, 100) misses 3 to 5 of 60."""
    questions = rare_questions(lived.vectors)

    missed = [
        place for place, question in questions if place not in await lived.nearest(question.tolist(), 10)
    ]

    assert len(questions) >= 40
    assert len(missed) <= 1, missed


def rare_questions(vectors: Vectors) -> list[tuple[int, Vectors]]:
    """Places of chunks and questions: each by half like a chunk that nothing is like, less like any other."""
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -1)
    chance, made = random.Random(3), list[tuple[int, Vectors]]()
    for place in np.argsort(alike.max(axis=1)):
        for _ in range(5):
            others = vectors[chance.sample(range(len(vectors)), 4)].mean(axis=0)
            others -= (others @ vectors[place]) * vectors[place]
            question = 0.5 * vectors[place] + 0.75**0.5 * others / np.linalg.norm(others)
            if np.argmax(vectors @ question) == place:
                made.append((int(place), question))
                break
    return made
