"""A type of source is one module, one package and two lines in tables."""

import subprocess
import sys
from pathlib import Path


def test_a_type_that_is_added_in_two_lines_goes_all_the_way(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.toy_source.journey", str(tmp_path)]

    run = subprocess.run(command, capture_output=True, text=True, timeout=120)

    assert run.returncode == 0, run.stderr
    assert run.stdout == "a toy source went all the way\n"
