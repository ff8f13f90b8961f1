"""Logs of all services, merged by time, of one run or document."""

import json
from pathlib import Path

import pytest

from headrace.cli.app import run
from headrace.local.log_files import Wanted, read_logs


def line(at: int, event: str, **fields: str) -> str:
    return (
        json.dumps({"timestamp": f"2026-01-31T10:00:{at:02}Z", "level": "info", "event": event} | fields)
        + "\n"
    )


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "parsing.log.1").write_text(line(1, "first", invocation="aa11"))
    (logs / "parsing.log").write_text(
        "Traceback (most recent call last):\n"
        + line(4, "fourth", invocation="aa11", document="a.md", level="warning")
        + '{"cut off'
    )
    (logs / "indexing.log").write_text(
        line(2, "second", invocation="bb22") + line(3, "third", invocation="aa11")
    )
    (logs / "broker.log").write_text("[2026-01-31 10:00:00,000] INFO started (kafka.server.KafkaServer)\n")
    return tmp_path


def events(data_dir: Path, wanted: Wanted) -> list[str]:
    return [found["event"] for found in read_logs(data_dir, wanted)]


def test_lines_of_all_services_come_by_time_rotated_ones_first(data_dir: Path) -> None:
    assert events(data_dir, Wanted()) == ["first", "second", "third", "fourth"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(invocation="aa"), ["first", "third", "fourth"]),
        (Wanted(document="a.md"), ["fourth"]),
        (Wanted(service="indexing"), ["second", "third"]),
        (Wanted(level="warning"), ["fourth"]),
    ],
)
def test_lines_are_chosen(data_dir: Path, wanted: Wanted, expected: list[str]) -> None:
    assert events(data_dir, wanted) == expected


def test_the_command_shows_the_newest_lines_of_a_run(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["logs", "-i", "aa11", "-n", "1", "--data-dir", str(data_dir)]) == 0

    out = capsys.readouterr().out
    assert "2026-01-31T10:00:04  warning parsing     fourth" in out
    assert "document=a.md" in out
    assert "third" not in out


def test_a_service_that_does_not_exist_is_a_mistake(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["logs", "-s", "parser", "--data-dir", str(data_dir)]) == 2
    assert "parsing" in capsys.readouterr().err
