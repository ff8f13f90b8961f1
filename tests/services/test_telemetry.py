"""No library that a service uses tells anybody what it is used for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("module", ["services.embedding.onnx", "services.parsing.images.ocr"])
def test_the_runtime_of_the_models_keeps_no_file_of_events(module: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ORT_")}

    subprocess.run(
        [sys.executable, "-c", f"import {module}, onnxruntime"],
        env=environment | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        check=True,
        timeout=60,
    )

    assert not list(tmp_path.rglob("*onnxruntime*"))
