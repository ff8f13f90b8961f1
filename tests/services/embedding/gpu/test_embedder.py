"""The torch backend on the CPU, with a tiny model of random weights, beside transformers where installed."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.random_qwen3 import TINY
from schemas.errors import RequestError
from schemas.models_file import TorchConfig
from services.embedding.catalogue import check_config, open_model
from services.embedding.embedder import Vectors
from services.embedding.gpu.files import read_folder
from tests.services.embedding.gpu.tiny import TEXTS, needs_torch, torch_config, write_tiny


def reference(folder: Path, texts: list[str]) -> Vectors:
    """The same by transformers, each text alone."""
    import torch
    from tokenizers import Tokenizer
    from transformers import Qwen3Config, Qwen3Model

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    model = Qwen3Model.from_pretrained(
        folder, config=Qwen3Config(**TINY), dtype=torch.float32, attn_implementation="eager"
    ).eval()
    with torch.inference_mode():
        rows = [model(torch.tensor([tokenizer.encode(text).ids])).last_hidden_state[0, -1] for text in texts]
    vectors = torch.stack(rows).numpy()
    found: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found


@needs_torch
@pytest.mark.skipif(importlib.util.find_spec("transformers") is None, reason="transformers is not installed")
async def test_vectors_are_those_of_transformers(tiny: Any, folder: Path) -> None:
    np.testing.assert_allclose(await tiny.embed_documents(TEXTS), reference(folder, TEXTS), atol=2e-5)


@needs_torch
async def test_a_vector_depends_neither_on_its_batch_nor_on_the_order(tiny: Any) -> None:
    together = await tiny.embed_documents(TEXTS)
    alone = np.concatenate([await tiny.embed_documents([text]) for text in TEXTS])
    backwards = await tiny.embed_documents(TEXTS[::-1])

    np.testing.assert_allclose(alone, together, atol=2e-6)
    np.testing.assert_allclose(backwards[::-1], together, atol=2e-6)
    assert len({vector.tobytes() for vector in together}) == len(TEXTS)


@needs_torch
async def test_weights_in_one_file_or_several_with_or_without_a_prefix(tiny: Any, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    split = write_tiny(tmp_path / "split", prefix="model.")
    weights = load_file(str(split / "model.safetensors"))
    (split / "model.safetensors").unlink()
    names = sorted(weights)
    parts = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for file, some in parts.items():
        save_file({name: weights[name] for name in some}, str(split / file))
    index = {"weight_map": {name: file for file, some in parts.items() for name in some}}
    (split / "model.safetensors.index.json").write_text(json.dumps(index))

    other = open_model("tiny", torch_config(folder=split))
    np.testing.assert_allclose(
        await other.embed_documents(TEXTS), await tiny.embed_documents(TEXTS), atol=1e-6
    )
    assert other.fingerprint != tiny.fingerprint
    await other.close()


@needs_torch
async def test_another_number_format_is_another_fingerprint(tiny: Any, folder: Path) -> None:
    half = open_model("tiny", torch_config(folder=folder, dtype="bfloat16"))
    whole = open_model("tiny", torch_config(folder=folder, dtype="float32"))

    assert half.fingerprint != tiny.fingerprint == whole.fingerprint
    await half.close()
    await whole.close()


@needs_torch
@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.json", {**TINY, "model_type": "bert"}, "model_type 'bert'; the backend torch runs qwen3"),
        ("config.json", {**TINY, "rope_scaling": {"rope_type": "yarn"}}, "scales positions"),
        ("config.json", {"model_type": "qwen3", "rope_theta": 1}, "no usable 'num_hidden_layers'"),
        ("config.json", None, r"lacks config\.json"),
        ("1_Pooling/config.json", {"pooling_mode_mean_tokens": True}, "last token's vector"),
        ("1_Pooling/config.json", None, r"lacks 1_Pooling/config\.json"),
        ("tokenizer.json", None, r"lacks tokenizer\.json"),
        ("model.safetensors", None, r"lacks model\.safetensors"),
        ("model.safetensors", "damaged", "does not load from"),
        ("tokenizer.json", "damaged", "is not JSON"),
        ("tokenizer.json", "{}", "does not load from"),
    ],
)
def test_a_folder_that_is_damaged_is_refused(tmp_path: Path, file: str, content: Any, words: str) -> None:
    folder = write_tiny(tmp_path / "tiny")
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(content if isinstance(content, str) else json.dumps(content))

    with pytest.raises(RequestError, match=words):
        open_model("tiny", torch_config(folder=folder))


@needs_torch
def test_a_device_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(RequestError, match="'cuda:7', but PyTorch finds 0 GPUs"):
        open_model("tiny", TorchConfig(backend="torch", device="cuda:7", folder=folder))


def test_without_torch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.embedding.gpu.files.find_spec", lambda name: None)

    with pytest.raises(RequestError, match=r"torch is not installed: install headrace\[gpu\]"):
        check_config("tiny", torch_config())


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"lacks config\.json; it must hold"):
        read_folder("tiny", tmp_path / "nowhere")
