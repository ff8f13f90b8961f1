"""Batches padded, packed and filled: the same vectors, and the shapes that a compiled model expects."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.errors import TransientError
from services.embedding.catalogue import open_model
from tests.services.embedding.gpu.tiny import TEXTS, needs_torch, torch_config
from tests.services.embedding.test_metrics import Counted


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
async def test_packs_of_fixed_sizes_have_the_vectors_of_unpacked_texts_whatever_fills_them(
    tiny: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.embedding.gpu import packed
    from services.embedding.gpu.qwen3 import Qwen3

    shapes: list[tuple[int, int]] = []
    whole = Qwen3.last_hidden_packed

    def watched(self: Qwen3, ids: Any, positions: Any, starts: Any, longest: Any) -> Any:
        shapes.append((len(ids), len(starts)))
        return whole(self, ids, positions, starts, longest)

    monkeypatch.setattr(Qwen3, "last_hidden_packed", watched)
    config = torch_config(folder=folder, packed=True, static_shapes=True, max_tokens=1024, batch_tokens=2048)
    filled = open_model("tiny", config)
    compiled = set(shapes)
    many = [f"{TEXTS[number % len(TEXTS)]} {'word ' * (number * 37 % 90)}" for number in range(80)]
    expected = await tiny.embed_documents(many)
    shapes.clear()
    text, padding = Counted("tokens_total", kind="text"), Counted("tokens_total", kind="padding")
    np.testing.assert_allclose(await filled.embed_documents(many), expected, atol=2e-6)
    assert float(text) == await filled.count_tokens(many)
    assert float(text) + float(padding) == sum(tokens for tokens, _ in shapes)
    assert compiled == {(2048, 33), (256, 5), (32, 3)}
    assert set(shapes) <= compiled
    assert shapes.count((2048, 33)) > 2
    # A query takes a small pack.
    shapes.clear()
    await filled.embed_queries(["one"])
    assert shapes == [(32, 3)]
    # Other tokens in the filler change nothing.
    real = packed.packed
    monkeypatch.setattr(
        packed,
        "packed",
        lambda texts: real([[7] * len(text) if set(text) == {0} else text for text in texts]),
    )
    np.testing.assert_allclose(await filled.embed_documents(many), expected, atol=2e-6)
    await filled.close()


@needs_torch
async def test_a_compiled_model_compiles_its_sizes_at_the_start_and_nothing_later(folder: Path) -> None:
    import torch
    from torch._dynamo.testing import CompileCounterWithBackend

    counter = CompileCounterWithBackend("eager")
    torch._dynamo.reset()  # noqa: SLF001
    config = torch_config(folder=folder, packed=True, static_shapes=True, max_tokens=64, batch_tokens=640)
    embedder: Any = open_model("tiny", config)
    forward = embedder.forward
    embedder.forward = torch.compile(  # as on a GPU
        forward, dynamic=False, backend=counter, fullgraph=True
    )
    for lengths in embedder._layout.warm_up:  # noqa: SLF001
        embedder._compute([[0] * tokens for tokens in lengths])  # noqa: SLF001
    assert counter.frame_count == 3

    vectors = await embedder.embed_documents(TEXTS * 9)
    await embedder.embed_queries(["another", "two"])
    assert counter.frame_count == 3
    assert np.isfinite(vectors).all()
    await embedder.close()


@needs_torch
async def test_out_of_memory_makes_packs_smaller_for_good(
    tiny: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from services.embedding.gpu.qwen3 import Qwen3

    whole = Qwen3.last_hidden_packed
    sizes: list[int] = []
    room = 10_000

    def scarce(self: Qwen3, ids: Any, *others: Any) -> Any:
        sizes.append(ids.numel())
        if ids.numel() > room:
            raise torch.OutOfMemoryError("no memory")
        return whole(self, ids, *others)

    monkeypatch.setattr(Qwen3, "last_hidden_packed", scarce)
    config = torch_config(folder=folder, packed=True, static_shapes=True, max_tokens=500, batch_tokens=4096)
    embedder = open_model("tiny", config)
    many, room = TEXTS * 25, 1100
    expected = await tiny.embed_documents(many)
    np.testing.assert_allclose(await embedder.embed_documents(many), expected, atol=2e-6)
    sizes.clear()
    np.testing.assert_allclose(await embedder.embed_documents(many), expected, atol=2e-6)
    assert max(sizes) == 1024  # it has learnt

    room = 10
    with pytest.raises(TransientError, match="no memory for a text of "):
        await embedder.embed_documents(many)
    await embedder.close()
