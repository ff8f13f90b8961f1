"""Attention over texts that follow each other without padding.

Every text attends to itself alone; `starts` says where each begins. On a GPU one kernel does all of them, on
a CPU, where the tests run, each text is computed by itself.
"""

import inspect
from collections.abc import Sequence
from importlib.util import find_spec

import torch
import torch.nn.functional as nnf
from torch import Tensor

from schemas.errors import RequestError

#: Ids, positions, starts, longest: see `packed`.
Pack = tuple[Tensor, Tensor, Tensor, Tensor]


def require_packed(name: str, device: torch.device) -> None:
    """Raise RequestError if this PyTorch has no kernel for packed texts on the device."""
    if device.type == "cuda" and find_spec("torch.nn.attention.varlen") is None:
        raise RequestError(
            f"{name!r} has packed = true, which needs PyTorch 2.11; this is {torch.__version__}"
        )


def packed(texts: Sequence[Sequence[int]]) -> Pack:
    """Tokens of texts one after the other.

    Returns the ids, the position of each token in its text (both int64), where each text starts and the last
    one ends (int32), and the length of the longest (no dimensions: it stays on the CPU).
    """
    lengths = torch.tensor([len(text) for text in texts])
    starts = nnf.pad(lengths.cumsum(0), (1, 0))
    ids = torch.tensor([token for text in texts for token in text])
    positions = torch.arange(len(ids)) - starts[:-1].repeat_interleave(lengths)
    return ids, positions, starts.int(), lengths.max()


def filled(texts: Sequence[Sequence[int]], tokens: int, count: int) -> Pack:
    """The same, with exactly `tokens` tokens in `count` texts, of which the given ones are the first.

    What is empty is filled with texts of zeros, no longer than the others if their number allows it, so that
    they cost little attention. The rest of the texts has no tokens. `count` exceeds the number of texts.
    """
    gap = tokens - sum(map(len, texts))
    piece = max(max(map(len, texts)), -(-gap // (count - len(texts))))
    fillers = [[0] * min(piece, gap - at) for at in range(0, gap, piece)]
    return packed([*texts, *fillers, *([[]] * (count - len(texts) - len(fillers)))])


def attend(
    q: Tensor, k: Tensor, v: Tensor, q_starts: Tensor, starts: Tensor, longest: Tensor, causal: bool
) -> Tensor:
    """Attention within each text: (tokens of q, heads, head). Zeros for a text without tokens.

    Args:
        q: (tokens, heads, head); its texts start at `q_starts`.
        k, v: (tokens, key-value heads, head); their texts start at `starts`.
        longest: the longest text of k, on the CPU.
        causal: each token attends to those up to itself. Otherwise q has one token per text, which attends
            to all of it.
    """
    mixed: Tensor = _attend(q, k, v, q_starts, starts, longest, causal)
    return mixed


def _within_texts(
    q: Tensor, k: Tensor, v: Tensor, q_starts: Tensor, starts: Tensor, longest: Tensor, causal: bool
) -> Tensor:
    if q.device.type == "cuda":
        return _on_gpu(q, k, v, q_starts, starts, int(longest), causal)
    mixed = torch.zeros_like(q)
    for number in range(len(starts) - 1):
        own = slice(int(q_starts[number]), int(q_starts[number + 1]))
        seen = slice(int(starts[number]), int(starts[number + 1]))
        if seen.start == seen.stop:
            continue
        heads = (each.transpose(0, 1)[None] for each in (q[own], k[seen], v[seen]))
        found = nnf.scaled_dot_product_attention(*heads, is_causal=causal, enable_gqa=True)
        mixed[own] = found[0].transpose(0, 1)
    return mixed


# An operator of its own, so that a compiled model holds it as one step: `longest` is read when it runs, and
# another value compiles nothing anew.
_attend = torch.library.custom_op("headrace::attend", _within_texts, mutates_args=())
_attend.register_fake(lambda q, *_: torch.empty_like(q))


def _on_gpu(
    q: Tensor, k: Tensor, v: Tensor, q_starts: Tensor, starts: Tensor, longest: int, causal: bool
) -> Tensor:
    from torch.nn.attention.varlen import varlen_attn

    most, window = (longest, longest) if causal else (1, longest), (-1, 0) if causal else (-1, -1)
    grouped: dict[str, bool] = {"enable_gqa": True}
    if "enable_gqa" not in inspect.signature(varlen_attn).parameters:  # as in PyTorch 2.11
        grouped, groups = {}, q.shape[1] // k.shape[1]
        k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
    mixed: Tensor = varlen_attn(q, k, v, q_starts, starts, *most, window_size=window, **grouped)
    return mixed
