"""The files of a Qwen3 model, as transformers and sentence-transformers write them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from schemas.errors import RequestError, TransientError

_INDEX = "model.safetensors.index.json"
_WEIGHTS = "model.safetensors"
#: The files to download from a hub.
_PATTERNS = ("*.json", "*.safetensors", "1_Pooling/*")


@dataclass(frozen=True)
class Qwen3Config:
    """The shape of a Qwen3 model (`config.json`)."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    eps: float
    rope_theta: float


@dataclass(frozen=True)
class TorchFiles:
    """A model on disk: its shape, its weights (in one file or several) and its tokenizer."""

    config: Qwen3Config
    weights: tuple[Path, ...]
    tokenizer: Path


def check_torch(name: str, folder: Path | None) -> None:
    """Check that PyTorch is installed and, if given, the content of the folder. Raises RequestError."""
    for package in ("torch", "safetensors"):
        if find_spec(package) is None:
            raise RequestError(
                f'{name!r} has backend = "torch", but the package {package} is not installed: '
                "install headrace[gpu]"
            )
    if folder is not None:
        read_folder(name, folder)


def read_folder(name: str, folder: Path) -> TorchFiles:
    """The files in a folder. Raises RequestError if one is missing or the model is not of this family."""
    config = _json(name, folder, "config.json")
    pooling = _json(name, folder, "1_Pooling/config.json")
    if config.get("model_type") != "qwen3" or config.get("attention_bias"):
        raise RequestError(
            f"{folder / 'config.json'} of {name!r} has model_type {config.get('model_type')!r}; the backend "
            'torch runs qwen3 without attention biases; others run with backend = "onnx" or "http"'
        )
    if pooling.get("pooling_mode_lasttoken") is not True:
        raise RequestError(f"{folder / '1_Pooling'} of {name!r} does not ask for the last token's vector")
    tokenizer = _file(name, folder, "tokenizer.json")
    return TorchFiles(_shape(name, folder, config), _weights(name, folder), tokenizer)


def downloaded(name: str, cache_dir: Path | None) -> Path:
    """The folder of a hub model, which is downloaded if it is missing. Blocks.

    Raises TransientError if the hub is unavailable, RequestError for an unknown name.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

    where = None if cache_dir is None else str(cache_dir / "hub")
    try:
        return Path(snapshot_download(name, cache_dir=where, allow_patterns=list(_PATTERNS)))
    except RepositoryNotFoundError as error:
        raise RequestError(f"the hub has no model {name!r}; name its folder") from error
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise TransientError(
            f"the embedding model {name!r} is not in {where or 'the cache of its hub'} and was not "
            f"downloaded ({type(error).__name__}); put its files in a folder and name it"
        ) from error


def _shape(name: str, folder: Path, config: Mapping[str, Any]) -> Qwen3Config:
    rope = config.get("rope_parameters") or config
    if (config.get("rope_scaling") or {}) or rope.get("rope_type", "default") != "default":
        raise RequestError(
            f"{folder / 'config.json'} of {name!r} scales positions (rope), which is not known"
        )
    try:
        return Qwen3Config(
            layers=int(config["num_hidden_layers"]),
            hidden=int(config["hidden_size"]),
            heads=int(config["num_attention_heads"]),
            kv_heads=int(config["num_key_value_heads"]),
            head_dim=int(config["head_dim"]),
            eps=float(config["rms_norm_eps"]),
            rope_theta=float(rope["rope_theta"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RequestError(f"{folder / 'config.json'} of {name!r} has no usable {error}") from error


def _weights(name: str, folder: Path) -> tuple[Path, ...]:
    if not (folder / _INDEX).is_file():
        return (_file(name, folder, _WEIGHTS),)
    names = sorted(set(_json(name, folder, _INDEX).get("weight_map", {}).values()))
    return tuple(_file(name, folder, file) for file in names)


def _file(name: str, folder: Path, path: str) -> Path:
    if not (folder / path).is_file():
        raise RequestError(
            f"the folder {folder} for the embedding model {name!r} lacks {path}; it must hold config.json, "
            f"tokenizer.json, 1_Pooling/config.json and {_WEIGHTS}, as its hub has them"
        )
    return folder / path


def _json(name: str, folder: Path, path: str) -> Mapping[str, Any]:
    file = _file(name, folder, path)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RequestError(f"{file} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise RequestError(f"{file} is no JSON object")
    return content
