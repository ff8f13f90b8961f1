"""Texts longer than what a model reads at once: read in windows, whose vectors are averaged.

text ─► tokens ≤ limit? ─► one window, the text as it stands
            └─► even windows, cut before words ─► a vector each ─► mean, weighted by tokens
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

#: How vectors come about here; part of the fingerprint of every model, so that a cache does not answer with
#: vectors that were made in another way. Rename it when `read` or `Windows.mean` change a vector.
METHOD = "even windows, mean by tokens"

#: A cut goes back to the start of a word by at most this part of a window (31 tokens of 254), so that windows
#: stay even: a word of more tokens is a key, a hash or an address, whose halves say as much.
LONGEST_STEP = 8

#: Text to the text that a model reads: with its prompt.
Frame = Callable[[str], str]


@dataclass(frozen=True)
class Windows:
    """The windows of several texts, those of one text side by side and in order.

    `texts` are framed; `ids` are their tokens, special ones too; `starts[n]` is the first window of text n.
    """

    texts: list[str]
    ids: list[list[int]]
    starts: list[int]

    @property
    def lengths(self) -> list[int]:
        """Tokens of each window."""
        return [len(ids) for ids in self.ids]

    def mean(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """One row a text from one a window: their mean, weighted by tokens, up to its length.

        Under mean pooling that is the direction of the mean over all tokens of the windows. The row of a
        text that is one window keeps every bit.
        """
        if len(rows) == len(self.starts):
            return rows
        counts = np.diff([*self.starts, len(rows)])
        weights = np.where(np.repeat(counts, counts) == 1, 1, self.lengths).astype(np.float32)
        summed: NDArray[np.float32] = np.add.reduceat(rows * weights[:, None], self.starts, axis=0)
        return summed


def read(tokenizer: Tokenizer, limit: int, texts: Sequence[str], frame: Frame = str) -> Windows:
    """Tokenise texts; one that is longer than `limit` tokens in even windows of at most so many.

    Args:
        tokenizer: without padding and truncation.
        limit: tokens of a window, special tokens and prompt included.
        frame: puts the prompt to a text, and so to each of its windows.
    """
    framed = [_clean(frame(text)) for text in texts]
    windows = Windows([], [], [])
    for text, whole, encoding in zip(texts, framed, tokenizer.encode_batch_fast(framed), strict=True):
        windows.starts.append(len(windows.ids))
        parts, ids = [whole], [encoding.ids]
        if len(encoding) > limit:
            parts, ids = _split(tokenizer, limit, _clean(text), lambda part: _clean(frame(part)))
        windows.texts.extend(parts)
        windows.ids.extend(ids)
    return windows


def _clean(text: str) -> str:
    """A lone surrogate is no character and the tokenizer refuses it; it reads as "?"."""
    return text.encode("utf-8", "replace").decode()


def _split(tokenizer: Tokenizer, limit: int, text: str, frame: Frame) -> tuple[list[str], list[list[int]]]:
    """The windows of a text, framed, and their tokens."""
    room = limit - len(tokenizer.encode(frame("")))
    if frame("") and room < limit // 2:  # a prompt that would be most of each window is read once
        return _split(tokenizer, limit, frame(text), str)
    whole = tokenizer.encode(text, add_special_tokens=False)
    while True:
        parts = [frame(part) for part in _cut(text, whole, max(room, 1))]
        ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(parts)]
        over = max(map(len, ids)) - limit
        if over <= 0 or room <= 1:
            return parts, [tokens[:limit] for tokens in ids]
        room -= over  # a part has more tokens alone than within the text, or grew by a word


def _cut(text: str, encoding: Encoding, room: int) -> list[str]:
    """Parts of `text`, which `encoding` is of: even, about `room` tokens at most, cut before a word."""
    tokens = len(encoding)
    count = -(-tokens // room)
    at = [0]
    for number in range(1, count):
        first, last = tokens * (number - 1) // count, tokens * number // count
        span = encoding.token_to_chars(_word_start(encoding, last, (last - first) // LONGEST_STEP))
        at.append(max(span[0] if span else 0, at[-1]))
    parts = [text[start:end] for start, end in zip(at, [*at[1:], len(text)], strict=True)]
    return [part for part in parts if part]


def _word_start(encoding: Encoding, token: int, most: int) -> int:
    """The first token of the word that `token` is of; `token` itself if that is more than `most` back."""
    word = encoding.token_to_word(token)
    for start in range(token, max(token - most, 1) - 1, -1):
        if encoding.token_to_word(start - 1) != word:
            return start
    return token
