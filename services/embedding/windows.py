"""Embed texts that exceed a model's maximum length: in windows, whose vectors are averaged.

text ─► tokens ≤ limit? ─► one window, the unchanged text
            └─► even windows, cut before words ─► a vector each ─► mean, weighted by tokens

If the tokenizer is unknown, bytes are counted instead of tokens: a text never has more tokens than bytes, so
nothing is truncated silently.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

#: The method, as part of every model's fingerprint, so that caches never mix vectors of different methods.
#: Rename it when `read` or `Windows.mean` change a vector.
METHOD = "even windows, mean by tokens"

#: A cut moves back to the start of a word by at most this fraction of a window (31 tokens of 254), so that
#: windows stay even. A longer word is a key, a hash or an address, which may be split.
LONGEST_STEP = 8

#: Adds the prompt to a text.
Frame = Callable[[str], str]

#: Reserved in a window for the special tokens of an unknown tokenizer.
SPECIAL_TOKENS = 8


@dataclass(frozen=True)
class Windows:
    """The windows of several texts, in order.

    `texts` include prompts. `ids` are their tokens, including special tokens, or their bytes. `starts[n]` is
    the first window of text n.
    """

    texts: list[str]
    ids: list[Sequence[int]]
    starts: list[int]

    @property
    def lengths(self) -> list[int]:
        """Tokens of each window."""
        return [len(ids) for ids in self.ids]

    def mean(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """One row per text from one row per window: the mean, weighted by tokens, not normalised.

        With mean pooling this has the direction of the mean over all tokens. The row of a text with one
        window is bit-for-bit unchanged.
        """
        if len(rows) == len(self.starts):
            return rows
        counts = np.diff([*self.starts, len(rows)])
        weights = np.where(np.repeat(counts, counts) == 1, 1, self.lengths).astype(np.float32)
        summed: NDArray[np.float32] = np.add.reduceat(rows * weights[:, None], self.starts, axis=0)
        return summed


def read(tokenizer: Tokenizer, limit: int, texts: Sequence[str], frame: Frame = str) -> Windows:
    """Tokenise texts; texts of more than `limit` tokens become even windows of at most `limit`.

    Args:
        tokenizer: without padding and truncation.
        limit: maximum tokens of a window, including special tokens and prompt.
        frame: adds the prompt to a window.
    """
    framed = [_clean(frame(text)) for text in texts]
    windows = Windows([], [], [])
    for text, whole, encoding in zip(texts, framed, tokenizer.encode_batch_fast(framed), strict=True):
        windows.starts.append(len(windows.ids))
        parts: list[str] = [whole]
        ids: list[list[int]] = [encoding.ids]
        if len(encoding) > limit:
            parts, ids = _split(tokenizer, limit, _clean(text), lambda part: _clean(frame(part)))
        windows.texts.extend(parts)
        windows.ids.extend(ids)
    return windows


def count_tokens(tokenizer: Tokenizer, texts: Sequence[str]) -> int:
    """Tokens of the texts, with their special tokens."""
    return sum(len(encoding) for encoding in tokenizer.encode_batch_fast([_clean(text) for text in texts]))


def _clean(text: str) -> str:
    """Replace lone surrogates, which the tokenizer refuses, by "?"."""
    return text.encode("utf-8", "replace").decode()


def _split(tokenizer: Tokenizer, limit: int, text: str, frame: Frame) -> tuple[list[str], list[list[int]]]:
    """The windows of a text with prompts, and their tokens."""
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
        room -= over  # a piece has more tokens alone than in the text, or grew by a word


def _cut(text: str, encoding: Encoding, room: int) -> list[str]:
    """Split `text` (with its `encoding`) before words into even pieces of at most about `room` tokens."""
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
    """The first token of the word of `token`; `token` itself if that is more than `most` back."""
    word = encoding.token_to_word(token)
    for start in range(token, max(token - most, 1) - 1, -1):
        if encoding.token_to_word(start - 1) != word:
            return start
    return token


def read_bytes(limit: int, texts: Sequence[str], frame: Frame = str) -> Windows:
    """As `read`, in bytes: texts of more than `limit` bytes, minus some for special tokens, become
    windows."""
    most = max(limit - SPECIAL_TOKENS, 1)
    windows = Windows([], [], [])
    for text in texts:
        windows.starts.append(len(windows.ids))
        whole = _clean(frame(text))
        parts = [whole] if len(whole.encode()) <= most else _split_bytes(most, _clean(text), frame)
        windows.texts.extend(parts)
        windows.ids.extend(part.encode() for part in parts)
    return windows


def _split_bytes(limit: int, text: str, frame: Frame) -> list[str]:
    room = limit - len(_clean(frame("")).encode())
    if frame("") and room < limit // 2:  # a prompt that would be most of each window is read once
        return _split_bytes(limit, _clean(frame(text)), str)
    while True:
        parts = [_clean(frame(part)) for part in _cut_bytes(text.encode(), max(room, 4))]
        over = max(len(part.encode()) for part in parts) - limit
        if over <= 0 or room <= 4:
            return parts
        room -= over  # a piece grew by a word


def _cut_bytes(text: bytes, room: int) -> list[str]:
    """Split before words into even pieces of at most about `room` bytes, never within a character."""
    count = -(-len(text) // room)
    at = [0]
    for number in range(1, count):
        first, last = len(text) * (number - 1) // count, len(text) * number // count
        while last > 0 and text[last] & 0xC0 == 0x80:
            last -= 1
        word = max(text.rfind(blank, last - (last - first) // LONGEST_STEP, last) for blank in b" \n\t")
        at.append(max(word + 1 if word >= 0 else last, at[-1]))
    parts = [text[start:end].decode() for start, end in zip(at, [*at[1:], len(text)], strict=True)]
    return [part for part in parts if part]
