"""OpenVINO beside onnxruntime: one space of vectors, whoever computes, and never an obstacle."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from services.embedding import Embedder, load_embedder
from services.embedding.kernels import SAME_SPACE, Kernel, OrtKernel, choice, fastest
from services.embedding.models import trial_model
from services.embedding.proof import prove

needs_openvino = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None,
    reason="NOT TESTED: the kernel OpenVINO, because it is not installed (pip install 'headrace[fast]')",
)

TEXTS = [
    "one",
    "def add(a, b):\n    return a + b",
    "日本語の文章",
    "word " * 400,
    *(f"text {n} " * (1 + n % 40) for n in range(0, 60, 3)),
]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "find_spec", importlib.util.find_spec)
    monkeypatch.setattr(choice, "FASTER", 0.0)  # how fast it is, is not for a test


@needs_openvino
@pytest.mark.usefixtures("installed")
async def test_vectors_of_both_kernels_are_of_one_space_and_depend_on_no_batch(trial: Embedder) -> None:
    fast = load_embedder(trial.model, threads=2)
    vectors, expected = await fast.embed_documents(TEXTS), await trial.embed_documents(TEXTS)
    alone = np.concatenate([await fast.embed_documents([text]) for text in TEXTS[:8]])
    await prove(fast)
    await fast.close()

    assert np.abs(vectors - expected).max() > 1e-6  # another kernel has computed
    assert float(np.min(np.sum(vectors * expected, axis=1))) >= SAME_SPACE
    assert float(np.min(np.sum(alone * vectors[:8], axis=1))) >= 0.99999
    assert fast.fingerprint == trial.fingerprint


@needs_openvino
@pytest.mark.usefixtures("installed")
def test_a_kernel_with_other_vectors_or_one_that_fails_is_not_taken(tmp_path: Path) -> None:
    weights = trial_model().weights
    known = OrtKernel(weights)

    def probe(kernel: Kernel) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        right = np.eye(2, dtype=np.float32)
        return right if kernel is known else right[::-1]

    assert fastest(known, weights, 1, probe) is known
    broken = tmp_path / "model.onnx"
    broken.write_bytes(b"damaged")
    assert fastest(known, broken, 1, probe) is known


def test_without_openvino_onnxruntime_computes() -> None:
    known = OrtKernel(trial_model().weights)

    assert fastest(known, Path("/nowhere"), 1, lambda kernel: np.eye(2, dtype=np.float32)) is known
