"""What the benchmarks count with: new texts, the hops of an upload, processor time by service."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.hops import Upload, hops
from benchmarks.processor import seconds_by_name
from benchmarks.texts import write_documents
from services.chunking import chunk


def test_every_benchmark_has_a_module_of_its_name() -> None:
    assert all(importlib.util.find_spec(f"benchmarks.{name}") for name in BENCHMARKS)


def test_an_unknown_name_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed"]) == 2
    printed = capsys.readouterr().out
    assert all(name in printed for name in BENCHMARKS)


def test_a_seed_makes_the_same_documents_and_another_seed_makes_no_chunk_of_them(tmp_path: Path) -> None:
    def chunks(name: str, seed: int) -> set[str]:
        write_documents(tmp_path / name, 8, seed)
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        return {piece.text for path in files for piece in chunk(path.read_text(), path.name)}

    first = chunks("first", 1)
    assert len(first) > 8
    assert chunks("again", 1) == first
    assert not chunks("other", 2) & first


def test_the_hops_of_an_upload_add_up_to_the_time_from_asked_to_found() -> None:
    before, after = ["created", "requested", "started", "shown"], ["documents", "parsed", "chunks"]
    names = [*before, *after, "embeddings", "recorded", "complete"]
    seen = {name: 100.0 + 7 * n for n, name in enumerate(names)} | {"taken up": 118.0}
    spans = hops(Upload("id", asked=95, answered=130, found=160), seen)

    way = [span for what, span in spans.items() if not what.startswith("aside: ")]
    assert sum(way) == 160 - 95
    assert spans["aside: request to 201"] == 35


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="NOT TESTED: no /proc on this machine")
def test_the_time_of_a_child_counts_for_the_process_that_was_named() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); print(); input()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-uc", parent], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()  # the child has ended
        # The kernel counts in ticks of 10 ms, user and system apart, and cuts off what is less.
        assert 0.25 <= seconds_by_name({"burner": process.pid})["burner"] < 5
        process.communicate(b"\n")
