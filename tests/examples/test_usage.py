"""Examples that are started without what they need say what that is."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS = {".py": sys.executable, ".mjs": "node", ".sh": "sh"}


@pytest.mark.parametrize(
    "name",
    ["plain_producer.py", "events/send_events.py", "events/send_events.sh", "events/send_events.mjs"],
)
def test_an_example_without_arguments_says_how_it_is_called(name: str) -> None:
    program = PROGRAMS[Path(name).suffix]
    if shutil.which(program) is None:
        pytest.skip(f"NOT TESTED: no {program} here")
    if name.endswith(".mjs") and not (EXAMPLES / "events" / "node_modules" / "kafkajs").is_dir():
        pytest.skip("NOT TESTED: kafkajs is not installed")
    done = subprocess.run([program, EXAMPLES / name], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert Path(name).name in done.stderr
    assert "client.properties" in done.stderr
    assert "Traceback" not in done.stderr
