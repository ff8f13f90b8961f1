"""Texts per second of the embedding core beside naive batching, on this repository's own text.

    python -m benchmarks embedding [--texts 200] [--rounds 3] [--threads N]

Both ways run the trial model on the same texts, in turns, so that a busy neighbour slows both. The texts are
such as the model reads at once; naive batching cuts longer ones, ours reads them in windows:

- naive: batches of 256 in order of arrival, each padded to its longest text, every core on one batch
  (the defaults of fastembed);
- ours: `Embedder.embed_documents`, with OpenVINO where the extra `fast` is installed, with onnxruntime alone,
  and from the vector cache.
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]
from tokenizers import Tokenizer

from benchmarks.tables import command_line, show, table
from services.embedding import TRIAL_MODEL, CachedEmbedder, VectorCache, Vectors, load_embedder
from services.embedding.models import trial_model
from services.embedding.onnx import normalise, pad, pool_mean

ROOT = Path(__file__).resolve().parents[1]
NAIVE = "naive, arrival order"
NAIVE_BATCH = 256


def some_chunks() -> list[str]:
    """Pieces of 1 to 40 lines of this repository's source and docs, mixed, repeatable."""
    chance = random.Random(1)
    chunks = []
    folders = [ROOT / name for name in ("schemas", "streams", "services", "tests", "docs")]
    for path in sorted(
        path for folder in folders for path in folder.rglob("*") if path.suffix in {".py", ".md"}
    ):
        lines = path.read_text(encoding="utf-8").splitlines()
        while lines:
            size = chance.choice([1, 3, 10, 20, 40])
            chunk, lines = "\n".join(lines[:size])[:4096], lines[size:]
            if chunk.strip():
                chunks.append(chunk)
    chance.shuffle(chunks)
    return chunks


class Naive:
    """What a first version does: arrival order, a fixed number of texts, one batch at a time."""

    def __init__(self, threads: int) -> None:
        model = trial_model()
        self._tokenizer = Tokenizer.from_file(str(model.tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = ort.InferenceSession(str(model.weights), options, providers=["CPUExecutionProvider"])

    def lengths(self, texts: Sequence[str]) -> list[int]:
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts))]

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return np.concatenate(
            [self._run(texts[at : at + NAIVE_BATCH]) for at in range(0, len(texts), NAIVE_BATCH)]
        )

    def _run(self, texts: Sequence[str]) -> Vectors:
        ids, mask = pad([encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))])
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return normalise(pool_mean(self._session.run(None, feed)[0], mask))


async def timed(
    embed: Callable[[Sequence[str]], Awaitable[Vectors]], texts: Sequence[str]
) -> tuple[float, Vectors]:
    start = time.perf_counter()
    vectors = await embed(texts)
    return time.perf_counter() - start, vectors


async def compare(count: int, rounds: int, threads: int) -> None:
    naive, embedder = Naive(threads), load_embedder(TRIAL_MODEL, threads=threads)
    usual = load_embedder(TRIAL_MODEL, threads=threads, fast=False)
    ours = f"ours, {getattr(embedder, 'kernel', '?')}"
    texts = [text for text in some_chunks() if max(naive.lengths([text])) <= embedder.max_tokens][:count]
    tokens = sum(naive.lengths(texts))
    seconds: dict[str, list[float]] = {
        NAIVE: [],
        ours: [],
        "ours, onnxruntime only": [],
        "ours, from the cache": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        cached = CachedEmbedder(embedder, VectorCache(Path(folder) / "vectors.sqlite"))
        await cached.embed_documents(texts)
        ways = dict(
            zip(
                seconds,
                (naive.embed, embedder.embed_documents, usual.embed_documents, cached.embed_documents),
                strict=True,
            )
        )
        for _ in range(rounds):
            vectors = {}
            for way, embed in ways.items():
                taken, vectors[way] = await timed(embed, texts)
                seconds[way].append(taken)
    await embedder.close()
    await usual.close()
    title = f"embedding, {len(texts)} texts, {tokens:,} tokens, {threads} threads, {rounds} rounds in turns"
    made = table(title, ("way", "texts/s", "tokens/s", "x naive"))
    for way, own in seconds.items():
        ratio = median(base / one for base, one in zip(seconds[NAIVE], own, strict=True))
        made.add_row(way, f"{len(texts) / median(own):,.0f}", f"{tokens / median(own):,.0f}", f"{ratio:.2f}")
    difference = max(float(np.abs(rows - vectors[NAIVE]).max()) for rows in vectors.values())
    show(made, f"medians; largest difference of a coordinate from naive: {difference:.1e}")


def main() -> None:
    parser = command_line("embedding", __doc__)
    parser.add_argument("--texts", type=int, default=200, help="how many chunks")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way runs")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="cores")
    asked = parser.parse_args()
    asyncio.run(compare(asked.texts, asked.rounds, asked.threads))


if __name__ == "__main__":
    main()
