"""Attention over texts that follow each other without padding.

Every text attends to itself alone; `starts` says where each begins. On a GPU one kernel does all of them, on
a CPU, where the tests run, each text is computed by itself.
"""

from collections.abc import Sequence
from importlib.util import find_spec

import torch
import torch.nn.functional as nnf
from torch import Tensor

from schemas.errors import RequestError


def require_packed(name: str, device: torch.device) -> None:
    """Raise RequestError if this PyTorch has no kernel for packed texts on the device."""
    if device.type == "cuda" and find_spec("torch.nn.attention.varlen") is None:
        raise RequestError(
            f"{name!r} has packed = true, which needs PyTorch 2.11; this is {torch.__version__}"
        )


def packed(texts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor, Tensor, int]:
    """Tokens of texts one after the other.

    Returns the ids, the position of each token in its text (both int64), where each text starts and the last
    one ends (int32), and the length of the longest.
    """
    lengths = torch.tensor([len(text) for text in texts])
    starts = nnf.pad(lengths.cumsum(0), (1, 0))
    ids = torch.tensor([token for text in texts for token in text])
    positions = torch.arange(len(ids)) - starts[:-1].repeat_interleave(lengths)
    return ids, positions, starts.int(), int(lengths.max())


def attend(
    q: Tensor, k: Tensor, v: Tensor, q_starts: Tensor, starts: Tensor, longest: tuple[int, int], causal: bool
) -> Tensor:
    """Attention within each text: (tokens of q, heads, head).

    Args:
        q: (tokens, heads, head); its texts start at `q_starts`.
        k, v: (tokens, key-value heads, head); their texts start at `starts`.
        longest: the longest text of q and of k.
    """
    if q.device.type == "cuda":
        from torch.nn.attention.varlen import varlen_attn

        window = (-1, 0) if causal else (-1, -1)
        mixed: Tensor = varlen_attn(q, k, v, q_starts, starts, *longest, window_size=window, enable_gqa=True)
        return mixed
    parts = []
    for number in range(len(starts) - 1):
        own = slice(int(q_starts[number]), int(q_starts[number + 1]))
        seen = slice(int(starts[number]), int(starts[number + 1]))
        heads = (each.transpose(0, 1)[None] for each in (q[own], k[seen], v[seen]))
        found = nnf.scaled_dot_product_attention(*heads, is_causal=causal, enable_gqa=True)
        parts.append(found[0].transpose(0, 1))
    return torch.cat(parts)
