from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.embedding.catalogue import open_model
from tests.services.embedding.gpu.tiny import torch_config, write_tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest_asyncio.fixture(scope="module")
async def tiny(folder: Path) -> AsyncIterator[Any]:
    embedder = open_model("tiny", torch_config(folder=folder))
    yield embedder
    await embedder.close()
