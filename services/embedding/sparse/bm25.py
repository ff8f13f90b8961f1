"""BM25 as Chroma computes it: the weights of a text's words, without IDF, which the index adds.

Results are equal to those of chromadb's `ChromaBm25EmbeddingFunction` with its defaults, number by number. It
is faster because each word is stemmed and hashed once, not at every occurrence.
"""

import re
from collections import Counter
from collections.abc import Sequence

import mmh3
import numpy as np

from services.embedding.sparse.vectors import SparseVector

#: Term saturation, length normalisation, and average document length in words. Chroma fixes all three, so a
#: vector depends only on its text.
K, B, AVERAGE_LENGTH = 1.2, 0.75, 256.0
#: In characters; longer words are ignored.
MAX_WORD_LENGTH = 40

#: Chroma's list, from NLTK. Words with an apostrophe never match, because punctuation is removed first.
STOP_WORDS = frozenset(
    """
a about above after again against ain all am an and any are aren aren't as at be because been before
being below between both but by can couldn couldn't d did didn didn't do does doesn doesn't doing don
don't down during each few for from further had hadn hadn't has hasn hasn't have haven haven't having he
her here hers herself him himself his how i if in into is isn isn't it it's its itself just ll m ma me
mightn mightn't more most mustn mustn't my myself needn needn't no nor not now o of off on once only or
other our ours ourselves out over own re s same shan shan't she she's should should've shouldn shouldn't
so some such t than that that'll the their theirs them themselves then there these they this those
through to too under until up ve very was wasn wasn't we were weren weren't what when where which while
who whom why will with won won't wouldn wouldn't y you you'd you'll you're you've your yours yourself
yourselves
""".split()  # noqa: SIM905  (a list of 179 lines)
)

_PUNCTUATION = re.compile(r"[^\w\s]+")
#: Cached words per process, about 150 bytes each. Real texts repeat their words.
MAX_WORDS = 200_000


class _Indices(dict[str, int]):
    """Word → index of its stem, -1 for an ignored word. Not thread-safe."""

    def __init__(self) -> None:
        super().__init__()
        import snowballstemmer  # loads all languages, which most processes do not need

        self._stem = snowballstemmer.stemmer("english").stemWord

    def __missing__(self, word: str) -> int:
        if len(self) >= MAX_WORDS:
            self.clear()
        index = self[word] = self._index(word)
        return index

    def _index(self, word: str) -> int:
        if word in STOP_WORDS or len(word) > MAX_WORD_LENGTH:
            return -1
        stem = self._stem(word).strip()
        return abs(mmh3.hash(stem)) if stem else -1


class Bm25:
    """Texts to BM25 vectors, documents and queries alike.

    An index is the 32-bit hash of a stem. Its weight grows with the word's frequency and shrinks with the
    length of the text. In a query without repeated words, all weights are equal.

    Not thread-safe.
    """

    def __init__(self) -> None:
        self.indices = _Indices()

    def encode(self, texts: Sequence[str]) -> list[SparseVector]:
        """One vector per text, in their order; empty for a text without words."""
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> SparseVector:
        words = _PUNCTUATION.sub(" ", text).lower().split()
        counts = Counter(map(self.indices.__getitem__, words))
        length = len(words) - counts.pop(-1, 0)
        indices = sorted(counts)
        frequency = np.array([counts[index] for index in indices], np.float64)
        # Chroma's order of operations, for equal floating-point results.
        weights = frequency * (K + 1) / (frequency + K * (1 - B + (B * float(length)) / AVERAGE_LENGTH))
        return SparseVector(np.array(indices, np.uint32), weights.astype(np.float32))
