"""Qwen3 for the vector of the last token: the decoder without head, key-value cache or mask.

Texts of a batch are padded on the right. Attention is causal, so no token sees the padding after it and no
mask is needed, which allows the fast kernels. The last layer computes keys and values for all tokens, but
everything else only for the last token of each text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as nnf
from safetensors import safe_open
from torch import Tensor

from services.embedding.gpu.files import Qwen3Config
from services.embedding.gpu.fp8 import Float8, Matrix, project, quantise
from services.embedding.gpu.packed import attend


@dataclass(frozen=True)
class _Layer:
    """Weights. Queries, keys and values share one matrix, gate and up another, for fewer and larger
    products."""

    input_norm: Tensor
    qkv: Matrix
    q_norm: Tensor
    k_norm: Tensor
    out: Matrix
    mlp_norm: Tensor
    gate_up: Matrix
    down: Matrix


class Qwen3:
    """The model on a device. It only offers the hidden states of last tokens."""

    def __init__(
        self, config: Qwen3Config, files: Sequence[Path], device: torch.device, dtype: torch.dtype
    ) -> None:
        self._config, self._device = config, device
        weights = _Weights(files, device, dtype)
        self._embeddings = weights["embed_tokens.weight"]
        self._layers = [_layer(weights, f"layers.{number}.") for number in range(config.layers)]
        self._norm = weights["norm.weight"]
        self.dimension = config.hidden
        self.vocabulary = int(self._embeddings.shape[0])
        half = torch.arange(0, config.head_dim, 2, dtype=torch.float32, device=device) / config.head_dim
        self._frequencies = config.rope_theta**-half

    def quantise(self, kernel: bool) -> None:
        """Put the matrices of all layers into fp8. Embeddings and norms keep their format."""
        self._layers = [
            replace(
                layer,
                **{
                    name: quantise(getattr(layer, name), kernel) for name in ("qkv", "out", "gate_up", "down")
                },
            )
            for layer in self._layers
        ]

    def fix_sizes(self) -> None:
        """Have a compiled model know the sizes of all weights. If only batches should vary, PyTorch would let
        the weights vary, too, and make slower kernels for any size of them."""
        for tensor in self._tensors():
            torch._dynamo.mark_static(tensor)  # noqa: SLF001 – documented, under this name

    def _tensors(self) -> Iterator[Tensor]:
        yield from (self._embeddings, self._norm, self._frequencies)
        for layer in self._layers:
            for field in fields(layer):
                matrix = getattr(layer, field.name)
                yield from (matrix.values, matrix.scales) if isinstance(matrix, Float8) else (matrix,)

    def last_hidden(self, ids: Tensor, last: Tensor) -> Tensor:
        """The hidden states of the last tokens, float32: (texts, dimension).

        Args:
            ids: tokens, padded on the right: (texts, longest), int64, on the device.
            last: index of the last token of each text: (texts,), int64, on the device.
        """
        hidden = nnf.embedding(ids, self._embeddings)
        cos, sin = self._rotation(ids.shape[1], hidden.dtype)
        for layer in self._layers[:-1]:
            hidden = self._pass(layer, hidden, cos, sin)
        hidden = self._pass_last(self._layers[-1], hidden, cos, sin, last)
        return _rms(hidden, self._norm, self._config.eps).float()

    def last_hidden_packed(self, ids: Tensor, positions: Tensor, starts: Tensor, longest: Tensor) -> Tensor:
        """The same for texts that follow each other without padding; see `packed` for the arguments."""
        angles = torch.outer(positions.float(), self._frequencies)
        both = torch.cat((angles, angles), dim=-1)[:, None]
        hidden = nnf.embedding(ids, self._embeddings)
        cos, sin = both.cos().to(hidden.dtype), both.sin().to(hidden.dtype)
        for layer in self._layers[:-1]:
            q, k, v = self._split(layer, hidden)
            q, k = _rotate(q, cos, sin), _rotate(k, cos, sin)
            mixed = attend(q, k, v, starts, starts, longest, causal=True)
            hidden = hidden + project(mixed.flatten(1), layer.out)
            hidden = hidden + self._mlp(layer, hidden)
        layer, last = self._layers[-1], starts[1:].long() - 1
        q, k, v = self._split(layer, hidden)
        q, k = _rotate(q[last], cos[last], sin[last]), _rotate(k, cos, sin)
        alone = torch.arange(len(starts), dtype=torch.int32, device=self._device)
        mixed = attend(q, k, v, alone, starts, longest, causal=False)
        states = hidden[last] + project(mixed.flatten(1), layer.out)
        return _rms(states + self._mlp(layer, states), self._norm, self._config.eps).float()

    def _rotation(self, length: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        positions = torch.arange(length, dtype=torch.float32, device=self._device)
        angles = torch.outer(positions, self._frequencies)
        both = torch.cat((angles, angles), dim=-1)
        return both.cos().to(dtype), both.sin().to(dtype)

    def _pass(self, layer: _Layer, hidden: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        q, k, v = self._heads(layer, hidden)
        mixed = nnf.scaled_dot_product_attention(
            _rotate(q, cos, sin), _rotate(k, cos, sin), v, is_causal=True, enable_gqa=True
        )
        hidden = hidden + project(mixed.transpose(1, 2).flatten(2), layer.out)
        return hidden + self._mlp(layer, hidden)

    def _pass_last(self, layer: _Layer, hidden: Tensor, cos: Tensor, sin: Tensor, last: Tensor) -> Tensor:
        """The same for the last tokens only: (texts, dimension)."""
        rows = torch.arange(len(last), device=self._device)
        q, k, v = self._heads(layer, hidden)
        query = q[rows, :, last].unsqueeze(2)
        seen = torch.arange(hidden.shape[1], device=self._device) <= last[:, None]
        mixed = nnf.scaled_dot_product_attention(
            _rotate(query, cos[last][:, None, None], sin[last][:, None, None]),
            _rotate(k, cos, sin),
            v,
            attn_mask=seen[:, None, None],
            enable_gqa=True,
        )
        states = hidden[rows, last] + project(mixed.squeeze(2).flatten(1), layer.out)
        return states + self._mlp(layer, states)

    def _heads(self, layer: _Layer, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, by head: (texts, heads, tokens, head)."""
        q, k, v = self._split(layer, hidden)
        return q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)

    def _split(self, layer: _Layer, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same by token: (…, tokens, heads, head)."""
        config = self._config
        sizes = [config.heads, config.kv_heads, config.kv_heads]
        mixed = project(_rms(hidden, layer.input_norm, config.eps), layer.qkv)
        q, k, v = mixed.unflatten(-1, (-1, config.head_dim)).split(sizes, dim=-2)
        return _rms(q, layer.q_norm, config.eps), _rms(k, layer.k_norm, config.eps), v

    def _mlp(self, layer: _Layer, hidden: Tensor) -> Tensor:
        gate, up = project(_rms(hidden, layer.mlp_norm, self._config.eps), layer.gate_up).chunk(2, dim=-1)
        return project(nnf.silu(gate) * up, layer.down)


class _Weights:
    """Tensors by name, from one or more files; the prefix `model.` of names is optional."""

    def __init__(self, files: Sequence[Path], device: torch.device, dtype: torch.dtype) -> None:
        self._device, self._dtype = device, dtype
        self._opened: dict[str, Any] = {}
        for path in files:
            file = safe_open(str(path), framework="pt", device="cpu")
            self._opened |= {name.removeprefix("model."): (file, name) for name in file.keys()}  # noqa: SIM118

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._opened:
            raise KeyError(f"the weights have no {name}")
        file, key = self._opened[name]
        found: Tensor = file.get_tensor(key).to(self._device, self._dtype)
        return found

    def joined(self, *names: str) -> Tensor:
        """Matrices, concatenated by rows."""
        return torch.cat([self[name] for name in names])


def _layer(weights: _Weights, prefix: str) -> _Layer:
    attention, mlp = f"{prefix}self_attn.", f"{prefix}mlp."
    return _Layer(
        input_norm=weights[f"{prefix}input_layernorm.weight"],
        qkv=weights.joined(*(f"{attention}{name}_proj.weight" for name in "qkv")),
        q_norm=weights[f"{attention}q_norm.weight"],
        k_norm=weights[f"{attention}k_norm.weight"],
        out=weights[f"{attention}o_proj.weight"],
        mlp_norm=weights[f"{prefix}post_attention_layernorm.weight"],
        gate_up=weights.joined(f"{mlp}gate_proj.weight", f"{mlp}up_proj.weight"),
        down=weights[f"{mlp}down_proj.weight"],
    )


def _rms(hidden: Tensor, weight: Tensor, eps: float) -> Tensor:
    """RMSNorm, in float32, as in training."""
    wide = hidden.float()
    scaled = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)
    return weight * scaled.to(hidden.dtype)


def _rotate(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding (RoPE), by halves."""
    first, second = heads.chunk(2, dim=-1)
    return heads * cos + torch.cat((-second, first), dim=-1) * sin
