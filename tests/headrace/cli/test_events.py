"""`headrace events send`: an answer for every line that is wrong, and all others on the topic."""

import io
import json
from pathlib import Path

import pytest

from headrace.admin.event_lines import Answer, Event, events_in
from headrace.cli.app import run
from schemas.ids import document_id
from schemas.inbox import Rules, read_event

RIGHT = b'{"document_key": "a", "content": "one"}\n'
LINES = RIGHT + b"\n" + b'{"document_key": "a", "contnt": "\x1b]0;x"}\n' + b"not json\n"


def test_a_line_is_an_event_or_an_answer_and_empty_ones_are_neither() -> None:
    event, unknown, broken = events_in(io.BytesIO(LINES), "docs")

    assert isinstance(event, Event)
    document = read_event(event.value, Rules()).document
    assert (event.line, event.key, document.collection) == (1, document_id(document), "docs")
    assert unknown == Answer(
        3, error="the value is not JSON: Invalid control character at at line 1 column 34"
    )
    assert isinstance(broken, Answer)
    assert (broken.line, broken.error) == (4, "the value is not JSON: Expecting value at line 1 column 1")


def test_a_collection_of_the_line_comes_first_and_none_is_said() -> None:
    [own] = events_in([b'{"collection": "own", "document_key": "a", "content": ""}'], "docs")
    [none] = events_in([RIGHT], None)

    assert isinstance(own, Event)
    assert read_event(own.value, Rules()).document.collection == "own"
    assert isinstance(none, Answer)
    assert none.error == "collection is missing; an event needs collection, document_key and content"


def test_an_event_that_fits_no_message_says_what_to_do() -> None:
    line = json.dumps({"collection": "docs", "document_key": "big", "content": "x" * 1_000_001}).encode()

    [answer] = events_in([line], None)

    assert isinstance(answer, Answer)
    assert "1,000,056 bytes, at most 1,000,000 are possible; upload larger files" in (answer.error or "")


def test_the_command_names_the_lines_that_are_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "e.jsonl").write_bytes(LINES)

    status = run(["events", "send", str(tmp_path / "e.jsonl"), "-c", "docs", "--check"])

    said = capsys.readouterr()
    assert (status, said.out) == (1, "1 event, 2 lines wrong\n")
    assert [line.partition(":")[2][:8] for line in said.err.splitlines()] == [" line 3:", " line 4:"]
    assert run(["events", "send", str(tmp_path / "none.jsonl")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_without_a_system_the_command_says_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "e.jsonl").write_bytes(RIGHT)

    status = run(["events", "send", str(tmp_path / "e.jsonl"), "--data-dir", str(tmp_path / "data")])

    assert status == 1
    assert "headrace up" in capsys.readouterr().err
