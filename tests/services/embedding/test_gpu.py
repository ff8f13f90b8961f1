"""The torch backend on the CPU, with a tiny model of random weights, beside transformers where installed."""

import importlib.util
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from benchmarks.random_qwen3 import TINY, write_model
from schemas.errors import RequestError, TransientError
from schemas.models_file import TorchConfig
from services.embedding.catalogue import check_config, open_model
from services.embedding.embedder import Vectors
from services.embedding.gpu.files import read_folder

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest_asyncio.fixture(scope="module")
async def tiny(folder: Path) -> AsyncIterator[Any]:
    embedder = open_model("tiny", torch_config(folder=folder))
    yield embedder
    await embedder.close()


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
async def test_packed_texts_have_the_vectors_of_padded_ones(tiny: Any, folder: Path) -> None:
    """Whatever their number in a batch; on a CPU, where each text is computed by itself."""
    many = TEXTS * 3
    expected = await tiny.embed_documents(many)
    for batch_tokens in (64, 100_000):
        config = torch_config(folder=folder, packed=True, batch_tokens=batch_tokens, max_tokens=32)
        embedder = open_model("tiny", config)
        padded = open_model("tiny", torch_config(folder=folder, max_tokens=32))
        np.testing.assert_allclose(
            await embedder.embed_documents(many), await padded.embed_documents(many), atol=2e-6
        )
        await embedder.close()
        await padded.close()
    whole = open_model("tiny", torch_config(folder=folder, packed=True))
    np.testing.assert_allclose(await whole.embed_documents(many), expected, atol=2e-6)
    await whole.close()


@needs_torch
async def test_out_of_memory_halves_batches_and_blames_no_text(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from services.embedding.gpu.qwen3 import Qwen3

    whole = Qwen3.last_hidden
    sizes: list[int] = []
    room = 150

    def scarce(self: Qwen3, ids: Any, last: Any) -> Any:
        sizes.append(ids.numel())
        if ids.numel() > room:
            raise torch.OutOfMemoryError("no memory")
        return whole(self, ids, last)

    embedder = open_model("tiny", torch_config(folder=folder, max_tokens=64, batch_tokens=400))
    expected = await embedder.embed_documents(TEXTS * 8)
    monkeypatch.setattr(Qwen3, "last_hidden", scarce)
    scarce_embedder = open_model("tiny", torch_config(folder=folder, max_tokens=64, batch_tokens=400))
    np.testing.assert_allclose(await scarce_embedder.embed_documents(TEXTS * 8), expected, atol=2e-6)
    sizes.clear()
    await scarce_embedder.embed_documents(TEXTS * 8)
    assert max(sizes) < 400  # it has learnt

    room = 10
    with pytest.raises(TransientError, match="no memory for a text of "):
        await scarce_embedder.embed_documents(["word " * 1000])
    await embedder.close()
    await scarce_embedder.close()


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

    with pytest.raises(RequestError, match=r"torch is not installed: pip install 'headrace\[gpu\]'"):
        check_config("tiny", torch_config())


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"lacks config\.json; it must hold"):
        read_folder("tiny", tmp_path / "nowhere")
