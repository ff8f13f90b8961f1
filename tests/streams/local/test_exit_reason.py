"""Why a process ended, by logs as they are left behind."""

from pathlib import Path

import pytest

from streams.local.exit_reason import exit_reason

CHROMA = """thread '<unnamed>' (1) panicked at frontend/src/lib.rs:89:10:
stack backtrace:
note: Some details are omitted
Traceback (most recent call last):
  File "/bin/chroma", line 10, in <module>
    sys.exit(app())
             ^^^^^
pyo3_runtime.PanicException: database or disk is full
"""
BROKER = """[2026-01-01 00:00:00,000] ERROR Exiting Kafka due to fatal exception (kafka.Kafka$)
java.io.IOException: No space left on device
\tat java.base/sun.nio.ch.FileDispatcherImpl.write0(Native Method)
"""


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (CHROMA, "pyo3_runtime.PanicException: database or disk is full"),
        (BROKER, "java.io.IOException: No space left on device"),
        ("headrace: no broker\n\n", "no broker"),
        ('{"error": "the hub is away", "event": "service ends"}\n', "the hub is away"),
        ('{"event": "x", "exception": [{"exc_type": "OSError", "exc_value": "full"}]}\n', "OSError: full"),
        ('{"event": "drained"}\n', "drained"),
        ("[1, 2]\n", "[1, 2]"),
        ("", "its log is empty"),
        ("x" * 100_000 + "\nthe end", "the end"),
    ],
)
def test_the_last_line_that_is_not_the_way_there_is_the_reason(tmp_path: Path, log: str, said: str) -> None:
    (tmp_path / "log").write_text(log)

    assert exit_reason(tmp_path / "log") == said


def test_who_left_no_log_said_nothing(tmp_path: Path) -> None:
    assert exit_reason(tmp_path / "none") == "it left no log"
