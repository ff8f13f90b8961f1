"""The device: a lack of memory in all its forms, a compiler that fails, sizes that a compiled model knows."""

import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from services.embedding.catalogue import open_model
from tests.services.embedding.gpu.tiny import TEXTS, needs_torch, torch_config

pytestmark = needs_torch


def test_a_lack_of_memory_is_known_whoever_reports_it() -> None:
    import torch
    from torch._dynamo.exc import TorchDynamoException

    from services.embedding.gpu.device import is_out_of_memory

    own = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    wrapped = TorchDynamoException("the backend failed")
    wrapped.__cause__ = own
    for error in (
        own,
        wrapped,
        RuntimeError("Triton Error [CUDA]: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ):
        assert is_out_of_memory(error)
    for other in (RuntimeError("CUDA error: an illegal memory access"), ValueError("out of memory"), None):
        assert not is_out_of_memory(other)


def test_packed_attention_never_runs_on_cudnn_which_plans_for_every_shape() -> None:
    import torch

    from services.embedding.gpu.device import Device

    try:
        Device(torch.device("cuda:1"))  # which need not be there
        assert not torch.backends.cuda.cudnn_sdp_enabled()
        assert torch.backends.cuda.flash_sdp_enabled()
    finally:
        torch.backends.cuda.enable_cudnn_sdp(True)


async def test_a_model_that_has_no_memory_for_its_largest_pack_loads_with_smaller_ones(
    tiny: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.embedding.gpu.qwen3 import Qwen3

    whole, sizes = Qwen3.last_hidden_packed, list[int]()

    def scarce(self: Qwen3, ids: Any, *others: Any) -> Any:
        if ids.numel() > 1100:
            raise RuntimeError("Triton Error [CUDA]: out of memory")
        sizes.append(ids.numel())
        return whole(self, ids, *others)

    monkeypatch.setattr(Qwen3, "last_hidden_packed", scarce)
    config = torch_config(folder=folder, packed=True, static_shapes=True, max_tokens=500, batch_tokens=4096)
    embedder: Any = open_model("tiny", config)

    assert embedder._layout.budget == 1024  # noqa: SLF001
    assert set(embedder._layout.sizes) <= set(sizes)  # noqa: SLF001 – all of them were computed once
    expected = await tiny.embed_documents(TEXTS * 5)
    np.testing.assert_allclose(await embedder.embed_documents(TEXTS * 5), expected, atol=2e-6)
    await embedder.close()


async def test_what_a_failed_batch_has_computed_is_free_before_the_next_try(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from services.embedding.gpu.device import Device

    embedder: Any = open_model("tiny", torch_config(folder=folder, max_tokens=64, batch_tokens=400))
    forward, held = embedder.forward, list[Any]()
    freed: list[bool] = []

    def scarce(ids: Any, *others: Any) -> Any:
        if len(ids) > 1:
            activations = torch.ones(1000)
            held.append(weakref.ref(activations))
            raise torch.OutOfMemoryError("no memory")
        return forward(ids, *others)

    monkeypatch.setattr(embedder, "forward", scarce)
    monkeypatch.setattr(Device, "free", lambda self: freed.append(held[-1]() is None))
    await embedder.embed_documents(["one", "two", "three"])
    await embedder.close()

    assert freed
    assert all(freed)


async def test_a_model_that_does_not_compile_is_used_as_it_is(
    tiny: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def no_compiler(*_: Any) -> Any:
        raise RuntimeError("Failed to find C compiler. Please specify via CC environment variable.\nmore")

    config = torch_config(folder=folder)
    embedder: Any = open_model("tiny", config)
    monkeypatch.setattr(torch, "compile", lambda function, **options: no_compiler)
    with capture_logs() as logs:
        assert not embedder.compiled(config)  # as on a GPU

    assert [(one["log_level"], "C compiler" in one["error"]) for one in logs] == [("warning", True)]
    expected = await tiny.embed_documents(TEXTS)
    np.testing.assert_allclose(await embedder.embed_documents(TEXTS), expected, atol=2e-6)
    await embedder.close()


async def test_a_compiled_model_knows_the_sizes_of_its_weights_and_takes_any_batch(folder: Path) -> None:
    import torch
    from torch._dynamo.testing import CompileCounterWithBackend

    counter, real = CompileCounterWithBackend("eager"), torch.compile
    torch._dynamo.reset()  # noqa: SLF001
    config = torch_config(folder=folder, packed=True, max_tokens=64, batch_tokens=640)
    embedder: Any = open_model("tiny", config)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(torch, "compile", lambda one, **kw: real(one, backend=counter, fullgraph=True, **kw))
        assert embedder.compiled(config)  # as on a GPU
    compiled = counter.frame_count
    await embedder.embed_documents(TEXTS * 7)
    await embedder.embed_queries(["another", "two"])

    assert counter.frame_count == compiled
    shapes = [
        node.meta["example_value"].shape
        for node in counter.graphs[-1].graph.nodes
        if node.op == "placeholder" and isinstance(node.meta["example_value"], torch.Tensor)
    ]
    unknown = [shape for shape in shapes if any(isinstance(size, torch.SymInt) for size in shape)]
    assert [len(shape) for shape in unknown] == [1, 1, 1]  # ids, positions and starts; matrices have two
    await embedder.close()
