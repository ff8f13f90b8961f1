"""Test a model before it may write, so that wrong pooling, padding, end token or prompt is an error and not a
collection of noise.

    vectors       finite, of length 1, and different for different texts
    batches       a text has the same vector alone, among others, and in another order
    meaning       a related text is nearer than an unrelated one
    whole texts   two texts that differ only near their end, within one window, have different vectors; a
                  server reads texts of `max_tokens` to their end (`remote.reading`)
    golden        the cosines of a known model are reproduced (`profiles.Golden`)
    the same      the vectors are the same as in earlier starts with this fingerprint (`Remembered`)
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

#: Minimum cosine between a text alone and in a batch; half precision stays above 0.999.
SAME = 0.995
#: Minimum cosine between two starts: another build of a server may round differently.
REMEMBERED = 0.98
#: Minimum difference between the similarities of related and unrelated texts; small models reach 0.3 and
#: more.
MARGIN = 0.05
#: Above this cosine, two texts count as having the same vector.
ONE_VECTOR = 0.99999
#: Maximum tokens of the long texts; more would take seconds on a CPU.
_LONG_TOKENS = 1024

#: Pairs of related texts: short, long, with many blanks, in other languages.
_PAIRS = (
    ("How do I restart the server?", "Starting the machine again after it has stopped responding"),
    ("The recipe needs two eggs and a cup of flour.", "Baking a cake takes flour, sugar and eggs."),
    ("def add(a, b):\n    return a + b", "a function that returns the sum of two numbers"),
)
_OTHERS = ("log", "  two  blanks  and a tail  ", "日本語の文章", "word " * 60)
_WORDS = ("river", "stone", "cloud", "table", "green", "music", "paper", "north")


class Unproven(DocumentError, RequestError):
    """The model's vectors cannot be used."""


@dataclass(frozen=True)
class Remembered:
    """Vectors of an earlier start, in one file per fingerprint in `folder`.

    The fingerprint of a model on a server does not cover its weights. This detects different weights under
        the same name.
    """

    folder: Path

    def compare(self, embedder: Embedder, vectors: Vectors) -> None:
        """Store the vectors of the first start; raise Unproven if later ones differ."""
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
    """Raise Unproven if the model's vectors cannot be used, CutOff if its server does not read whole texts;
    the message says why.

    Also raises the embedder's errors, such as TransientError if a server is unavailable.
    """
    texts = [text for pair in _PAIRS for text in pair] + list(_OTHERS)
    together = await embedder.embed_documents(texts, urgent=True)
    _check_vectors(embedder, texts, together)
    backwards = await embedder.embed_documents(texts[::-1], urgent=True)
    alone = np.concatenate([await embedder.embed_documents([text], urgent=True) for text in texts[:4]])
    _check_same(embedder, together, backwards[::-1], alone)
    _check_meaning(embedder, together[: 2 * len(_PAIRS)])
    await embedder.check_reading()
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
    """`vectors` are those of pairs of related texts, pair after pair."""
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
