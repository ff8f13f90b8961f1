"""A tiny model of random weights for the torch backend, on the CPU."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from benchmarks.random_qwen3 import TINY, write_model
from schemas.models_file import TorchConfig

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="NOT TESTED: the torch backend, because torch is not installed (pip install 'headrace[gpu]')",
)

TEXTS = [
    "one",
    "a text of several words  with blanks ",
    "",
    "日本語の文章",
    "def add(a, b):\n    return a + b\n" * 12,
    "word",
]


def write_tiny(folder: Path, prefix: str = "") -> Path:
    return write_model(folder, TINY, TEXTS * 10, prefix)


def torch_config(**options: Any) -> TorchConfig:
    return TorchConfig(backend="torch", device="cpu", **options)
