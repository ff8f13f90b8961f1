"""Whether Chroma's index finds the best chunk, by the settings of its graph, in a collection that has lived.

    python -m benchmarks recall [--chunks 3000] [--rounds 10] [--settings 16/100/100,32/200/300]

Real vectors: this repository's texts through its chunker and the trial model. Then a fifth of the documents
is written anew, so many times: each row takes the vector of the next, as when a paragraph is put at the top.
What Chroma finds is compared with the product of all vectors. Usual questions are sentences of the chunks;
rare ones are, by half, like a chunk that is unlike all others. A setting of the graph is
max_neighbors/ef_construction/ef_search.
"""

import asyncio
import random
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import numpy as np

from benchmarks.processor import seconds_by_name
from benchmarks.tables import command_line, show, table
from schemas.events import Embedding
from services.chunking import chunk
from services.embedding import TRIAL_MODEL, Vectors, load_embedder
from services.indexing import ChromaStore, Collection, Row
from services.indexing.vectors import MAX_ROWS
from streams.local import LocalChroma

ROOT = Path(__file__).resolve().parents[1]
HITS = 10
QUESTIONS = 200


@dataclass(frozen=True)
class Corpus:
    """Chunks and their vectors, the places of each document's, and the vectors of questions."""

    texts: Sequence[str]
    vectors: Vectors
    documents: Sequence[Sequence[int]]
    usual: Vectors
    rare: Vectors


async def corpus(limit: int) -> Corpus:
    """At most so many chunks of this repository."""
    folders = ("api", "benchmarks", "docs", "examples", "headrace", "schemas", "services", "streams", "tests")
    files = sorted(path for folder in folders for path in (ROOT / folder).rglob("*"))
    paths = [path for path in files if path.suffix in {".py", ".md"}]
    texts, documents = list[str](), list[Sequence[int]]()
    chance = random.Random(1)
    for path in chance.sample(paths, len(paths)):
        pieces = [piece.text for piece in chunk(path.read_text(), path.name)][: limit - len(texts)]
        documents.append(range(len(texts), len(texts) + len(pieces)))
        texts += pieces
    sentences = [
        piece for text in texts for piece in re.split(r"(?<=[.!?])\s+|\n", text) if 30 < len(piece) < 200
    ]
    embedder = load_embedder(TRIAL_MODEL)
    vectors = await embedder.embed_documents(texts)
    usual = await embedder.embed_queries(chance.sample(sentences, QUESTIONS))
    await embedder.close()
    return Corpus(texts, vectors, documents, usual, rare_questions(vectors, usual, chance))


def rare_questions(vectors: Vectors, usual: Vectors, chance: random.Random) -> Vectors:
    """Each 0.4 to 0.55 like a chunk that is least like any other, which is still the best for it."""
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -1)
    made = []
    for place in np.argsort(alike.max(axis=1)):
        own, cosine = vectors[place], chance.uniform(0.4, 0.55)
        aside = usual[chance.randrange(len(usual))]
        aside = aside - (aside @ own) * own
        question = cosine * own + (1 - cosine**2) ** 0.5 * aside / np.linalg.norm(aside)
        if np.argmax(vectors @ question) == place:
            made.append(question)
    return np.array(made[:QUESTIONS], dtype=np.float32)


async def measured(setting: str, texts: Corpus, rounds: int) -> list[str]:
    """A row of the table: one collection on a server of its own, filled, rewritten and asked."""
    neighbours, construction, search = map(int, setting.split("/"))
    graph = {
        "space": "cosine",
        "max_neighbors": neighbours,
        "ef_construction": construction,
        "ef_search": search,
    }
    vectors, chance = texts.vectors.copy(), random.Random(2)
    with tempfile.TemporaryDirectory() as folder:
        async with LocalChroma(Path(folder)) as server, aiohttp.ClientSession() as session:
            path = f"{server.url}/api/v2/tenants/default_tenant/databases/default_database/collections"
            body = {"name": "lived", "configuration": {"hnsw": graph}}
            async with session.post(path, json=body) as answer:  # the store leaves one that exists as it is
                path += "/" + (await answer.json())["id"]
            store = ChromaStore(server.url)

            async def write(places: Sequence[int]) -> float:
                before = seconds_by_name({"chroma": server.pid}).get("chroma", 0.0)
                await write_rows(store, texts.texts, vectors, places)
                await found(session, path, vectors, texts.usual[:1])  # until then the last rows wait in a log
                spent = seconds_by_name({"chroma": server.pid}).get("chroma", 0.0) - before
                return spent / len(places) * 1e3

            filled = await write(range(len(vectors)))
            figures = [await shares(session, path, vectors, texts)]
            rewritten = []
            for _ in range(rounds):
                changed = chance.sample(texts.documents, len(texts.documents) // 5)
                for document in changed:
                    vectors[document] = np.roll(vectors[document], -1, axis=0)
                rewritten.append(await write([place for document in changed for place in document]))
            figures.append(await shares(session, path, vectors, texts))
            await store.close()
    costs = [f"{filled:.2f}", f"{np.mean(rewritten):.2f}" if rewritten else "–"]
    return [setting, *costs, *(cell for row in figures for cell in row)]


async def write_rows(
    store: ChromaStore, texts: Sequence[str], vectors: Vectors, places: Sequence[int]
) -> None:
    """In requests as the indexer makes them."""
    target = Collection("default_tenant", "default_database", "lived", Embedding(model=TRIAL_MODEL))
    rows = [Row(str(place), texts[place], vectors[place].tobytes(), {}) for place in places]
    identity = await store.create(target, lambda: None)
    for start in range(0, len(rows), MAX_ROWS):
        await store.upsert(target, identity, rows[start : start + MAX_ROWS], lambda: None)


async def shares(session: aiohttp.ClientSession, path: str, vectors: Vectors, texts: Corpus) -> list[str]:
    """Of usual and of rare questions: how many have the best chunk among the hits, in percent."""
    return [
        f"{np.mean(await found(session, path, vectors, questions)):.1%}"
        for questions in (texts.usual, texts.rare)
    ]


async def found(
    session: aiohttp.ClientSession, path: str, vectors: Vectors, questions: Vectors
) -> list[bool]:
    """For each question whether a chunk as good as the best is among the hits."""
    result = []
    for question in questions:
        body = {"query_embeddings": [question.tolist()], "n_results": HITS, "include": []}
        async with session.post(f"{path}/query", json=body) as answer:
            places = [int(id_) for id_ in (await answer.json())["ids"][0]]
        scores = vectors @ question
        result.append(bool(scores[places].max() >= scores.max() - 1e-5))
    return result


async def main() -> None:
    """Print the table."""
    parser = command_line("recall", __doc__)
    parser.add_argument("--chunks", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=10, help="of rewriting a fifth of the documents")
    parser.add_argument("--settings", default="16/100/100,16/200/300,32/200/300,48/400/300")
    options = parser.parse_args()
    texts = await corpus(options.chunks)
    rows = [await measured(setting, texts, options.rounds) for setting in options.settings.split(",")]
    columns = ("graph", "ms CPU/new row", "/replaced row", "new: usual", "rare", "rewritten: usual", "rare")
    title = (
        f"best chunk among {HITS} hits, {len(texts.vectors)} chunks, {options.rounds} times a fifth rewritten"
    )
    show(table(title, columns, rows))


if __name__ == "__main__":
    asyncio.run(main())
