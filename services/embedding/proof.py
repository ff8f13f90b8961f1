"""A model proves itself before it may write: wrong pooling, padding, end token or prompt is a refusal, not a
collection of noise.

    vectors       finite, of length 1, and different for different texts
    batches       a text has the same vector alone, among others, and in another order
    meaning       a near text is nearer than a far one
    whole texts   two texts that differ only near their end, within one window, have different vectors
    golden        known cosines are met, for a model that we know (`profiles.Golden`)
    the same      the vectors are those of the last time, under this fingerprint (`Remembered`)
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from schemas.errors import DocumentError, RequestError
from services.embedding.embedder import Embedder, Prompts, Vectors
from services.embedding.profiles import Golden, profile_of

log = structlog.get_logger(__name__)

#: Least cosine of a text alone and among others; half precision stays above 0.999.
SAME = 0.995
#: Least cosine between two starts: another build of a server rounds in other places.
REMEMBERED = 0.98
#: By how much a near text must be nearer than a far one; small models reach 0.3 and more.
MARGIN = 0.05
#: Above it two texts count as having one vector.
ONE_VECTOR = 0.99999
#: Tokens of the long texts at most: attention over more costs seconds on a CPU.
_LONG_TOKENS = 1024

#: Short, long, blank-ridden and foreign; each near the next one to it.
_PAIRS = (
    ("How do I restart the server?", "Starting the machine again after it has stopped responding"),
    ("The recipe needs two eggs and a cup of flour.", "Baking a cake takes flour, sugar and eggs."),
    ("def add(a, b):\n    return a + b", "a function that returns the sum of two numbers"),
)
_OTHERS = ("log", "  two  blanks  and a tail  ", "日本語の文章", "word " * 60)
_WORDS = ("river", "stone", "cloud", "table", "green", "music", "paper", "north")


class Unproven(DocumentError, RequestError):
    """The model gives vectors that cannot be used."""


@dataclass(frozen=True)
class Remembered:
    """Vectors of an earlier start, in a file for each fingerprint in `folder`.

    The fingerprint of a model on a server holds no weights: here others under the same name are noticed.
    """

    folder: Path

    def compare(self, embedder: Embedder, vectors: Vectors) -> None:
        """Keep the vectors of the first time; raise Unproven where later ones differ."""
        path = self.folder / f"{embedder.fingerprint[:32]}.npy"
        try:
            earlier = np.load(path, allow_pickle=False)
        except (OSError, ValueError):
            self._keep(path, vectors)
            return
        alike = earlier.shape == vectors.shape
        least = float(np.min(np.sum(earlier * vectors, axis=1))) if alike else 0.0
        if least < REMEMBERED:
            raise _unproven(
                embedder,
                f"its vectors are not those of before (cosine {least:.3f}), so another model answers under "
                "its name. Vectors of two models must not share a collection: serve this one under another "
                f"name in HEADRACE_MODELS, or, if no collection has vectors of the earlier, delete {path}",
            )

    def _keep(self, path: Path, vectors: Vectors) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(f".{os.getpid()}")
            with partial.open("wb") as file:
                np.save(file, vectors)
            partial.replace(path)
        except OSError as error:
            log.warning("the vectors of a model were not remembered", path=str(path), error=str(error))


async def prove(embedder: Embedder, remembered: Remembered | None = None) -> None:
    """Raise Unproven for a model whose vectors cannot be used; the message says what is wrong with them.

    Raises what the embedder raises, too: TransientError for a server that is away.
    """
    texts = [text for pair in _PAIRS for text in pair] + list(_OTHERS)
    together = await embedder.embed_documents(texts, urgent=True)
    _check_vectors(embedder, texts, together)
    backwards = await embedder.embed_documents(texts[::-1], urgent=True)
    alone = np.concatenate([await embedder.embed_documents([text], urgent=True) for text in texts[:4]])
    _check_same(embedder, together, backwards[::-1], alone)
    _check_meaning(embedder, together[: 2 * len(_PAIRS)])
    await _check_ends(embedder)
    golden = profile_of(embedder.model).golden
    if golden is not None:
        await _check_golden(embedder, golden)
    if remembered is not None:
        remembered.compare(embedder, together)


def _check_vectors(embedder: Embedder, texts: Sequence[str], vectors: Vectors) -> None:
    if vectors.shape != (len(texts), embedder.dimension):
        raise _unproven(embedder, f"{len(texts)} texts have vectors of shape {vectors.shape}")
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(lengths - 1) < 1e-3):
        raise _unproven(
            embedder, f"a vector has the length {lengths[np.argmax(np.abs(lengths - 1))]:.3f}, not 1"
        )
    cosines = vectors @ vectors.T - 2 * np.eye(len(texts), dtype=np.float32)
    first, second = divmod(int(np.argmax(cosines)), len(texts))
    if cosines[first, second] > ONE_VECTOR:
        raise _unproven(embedder, f"{texts[first]!r} and {texts[second]!r} have one and the same vector")


def _check_same(embedder: Embedder, together: Vectors, backwards: Vectors, alone: Vectors) -> None:
    order = float(np.min(np.sum(together * backwards, axis=1)))
    if order < SAME:
        raise _unproven(embedder, f"a vector depends on the order of the texts (cosine {order:.3f})")
    single = float(np.min(np.sum(together[: len(alone)] * alone, axis=1)))
    if single < SAME:
        raise _unproven(
            embedder,
            f"a text has another vector alone than among others (cosine {single:.3f}), as with padding on "
            "the wrong side",
        )


def _check_meaning(embedder: Embedder, vectors: Vectors) -> None:
    """`vectors`: pairs of near texts, one after the other."""
    cosines = vectors @ vectors.T
    for number, (text, near) in enumerate(_PAIRS):
        others = np.delete(cosines[2 * number], [2 * number, 2 * number + 1])
        if cosines[2 * number, 2 * number + 1] < float(np.mean(others)) + MARGIN:
            raise _unproven(
                embedder,
                f"{text!r} is no nearer to {near!r} than to texts about something else: pooling, end token "
                "or prompt are not those that it was trained with",
            )


async def _check_ends(embedder: Embedder) -> None:
    count = min(embedder.max_tokens, _LONG_TOKENS) * 3 // 4
    words = " ".join(_WORDS[number % len(_WORDS)] for number in range(max(count, 1)))
    tails = [f"{words} the cat sleeps", f"{words} the bank closed"]
    first, second = await embedder.embed_documents(tails, urgent=True)
    if float(first @ second) > ONE_VECTOR:
        raise _unproven(
            embedder,
            f"two texts of {count} words that differ at their end have one vector: it reads less than the "
            f"{embedder.max_tokens} tokens of max_tokens",
        )


async def _check_golden(embedder: Embedder, golden: Golden) -> None:
    queries = await embedder.embed_queries(golden.queries, Prompts("", query_prompt=golden.prompt))
    documents = await embedder.embed_documents(golden.documents, urgent=True)
    found, expected = queries @ documents.T, np.array(golden.cosines)
    if float(np.max(np.abs(found - expected))) > golden.tolerance:
        raise _unproven(
            embedder,
            f"its known cosines {expected.tolist()} are {found.round(3).tolist()} here: another model "
            "answers under its name, or its pooling, end token or prompt is wrong",
        )


def _unproven(embedder: Embedder, why: str) -> Unproven:
    return Unproven(f"the embedding model {embedder.model!r} is refused: {why}")
