"""Whether a server reads texts as long as `max_tokens` says, or silently cuts them off.

    3 1 4 1 5 … | cat kitten fur …   ─┐
                                      ├─► two vectors, or one: the server has not read the ends
    3 1 4 1 5 … | bank loan debt …   ─┘

If the vectors are one, shorter and shorter pairs show how much it reads.
"""

import random
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import structlog
from tokenizers import Tokenizer

from schemas.errors import DocumentError, RateLimited, RequestError, TransientError
from services.embedding.embedder import Vectors
from services.embedding.remote.endpoint import HARMLESS
from services.embedding.windows import SPECIAL_TOKENS

log = structlog.get_logger(__name__)

Embed = Callable[[Sequence[str]], Vectors]
#: The longest beginning of a text with at most this many tokens (bytes, if the tokenizer is unknown).
Cut = Callable[[str, int], str]

#: The part of a text that is its end: an eighth. With mean pooling its share of the vector is as small.
_END = 8
_ENDS = ("cat kitten fur paw whisker purr meow tail ", "bank loan interest debt credit money tax ")
#: Differences of cosines. Ends that were read differ by 0.002 or more (mean pooling, 8,000 tokens), half
#: precision by less than 0.001. What lies between is compared with how the same text differs from itself.
_CLEARLY, _ROUNDING = 0.005, 1e-5
#: Shorter budgets are not checked: the end would be a few tokens.
_SHORTEST = 64


class CutOff(DocumentError, RequestError):
    """The server reads less than `max_tokens`."""


def check_reading(name: str, url: str, max_tokens: int, embed: Embed, cut: Cut) -> None:
    """Raise CutOff if the server silently ignores the ends of texts of `max_tokens`.

    A server that refuses or does not answer such a text loses nothing silently: that is logged.
    Raises TransientError if the server is unavailable.
    """
    size = max_tokens - SPECIAL_TOKENS
    if size < _SHORTEST or (fault := _fault(embed, cut, size)) is None:
        return
    known = _longest_read(embed, cut, size)
    # The end of the longest pair may be read in part only.
    reads = (known - known // _END) // 16 * 16
    advice = f"set max_tokens = {reads}" if reads >= _SHORTEST else "set max_tokens to what it reads"
    if fault:
        log.warning(
            "the server does not embed a text of max_tokens; such texts will fail",
            model=name,
            max_tokens=max_tokens,
            answer=fault,
            advice=f"{advice}, if this is not for a moment only",
        )
        return
    raise CutOff(
        f"the embedding model {name!r} is refused: the server at {url} reads only about {reads:,} of "
        f"{max_tokens:,} tokens and ignores the rest of a text: {advice} in HEADRACE_MODELS, or start the "
        f"server with a context of {max_tokens:,} tokens"
    )


def cut_tokens(tokenizer: Tokenizer, text: str, count: int) -> str:
    """See `Cut`."""
    offsets = tokenizer.encode(text, add_special_tokens=False).offsets
    return text if len(offsets) <= count else text[: offsets[count][0]]


def cut_bytes(text: str, count: int) -> str:
    """See `Cut`, for ASCII."""
    return text[:count]


def _longest_read(embed: Embed, cut: Cut, size: int) -> int:
    """The length of the longest pair that the server reads, to a 16th; 0 if it is below `_SHORTEST`."""
    read, unread = 0, size
    while unread - read > max(unread // 16, _SHORTEST // 4) and unread > _SHORTEST:
        middle = (read + unread) // 2
        read, unread = (middle, unread) if _fault(embed, cut, middle) is None else (read, middle)
    return read


def _fault(embed: Embed, cut: Cut, size: int) -> str | None:
    """None if the ends of texts of this length are read; "" if they are not; or why there is no vector."""
    one, other = (_text(cut, size, end) for end in _ENDS)
    try:
        if _apart(embed([one])[0], embed([other])[0]) > _CLEARLY:
            return None
        first, second, again = embed([one, other, one])
    except RateLimited:
        raise
    except DocumentError as error:
        return str(error)
    except TransientError as error:
        embed([HARMLESS])  # raises if it is unavailable for every text
        return str(error)
    differs = _apart(first, second) > max(_ROUNDING, 4 * _apart(first, again))
    return None if differs else ""


def _text(cut: Cut, size: int, end: str) -> str:
    """A text with many tokens: no known tokenizer joins digits with blanks between them."""
    digits = random.Random(size)  # noqa: S311 – no secret
    beginning = " ".join(digits.choices("0123456789", k=size))
    return f"{cut(beginning, size - size // _END)} {cut(end * size, size // _END)}"


def _apart(one: Vectors, other: Vectors) -> float:
    """1 - cosine."""
    wide, others = one.astype(np.float64), other.astype(np.float64)
    return 1 - float(wide @ others / (np.linalg.norm(wide) * np.linalg.norm(others)))


def cutting(tokenizer: Tokenizer | None) -> Cut:
    """How to cut texts for a model with this tokenizer."""
    return cut_bytes if tokenizer is None else partial(cut_tokens, tokenizer)
