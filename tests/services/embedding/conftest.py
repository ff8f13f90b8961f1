"""The trial model, loaded once, and a folder that holds it."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.embedding import TRIAL_MODEL, Embedder, load_embedder
from services.embedding.models import TRIAL_TOKENIZER, TRIAL_WEIGHTS, packaged_file


@pytest.fixture(scope="session", autouse=True)
def only_onnxruntime() -> Iterator[None]:
    """Vectors are compared with those of onnxruntime, more closely than two kernels agree."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("services.embedding.kernels.choice.find_spec", lambda name: None)
        yield


@pytest_asyncio.fixture(scope="session")
async def trial() -> AsyncIterator[Embedder]:
    embedder = load_embedder(TRIAL_MODEL, threads=2)
    yield embedder
    await embedder.close()


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    shutil.copy(packaged_file(*TRIAL_WEIGHTS), folder / "model.onnx")
    shutil.copy(packaged_file(*TRIAL_TOKENIZER), folder / "tokenizer.json")
    return folder
