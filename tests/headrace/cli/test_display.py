"""What a pipe gets to see of a run."""

import os
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from headrace.cli.display import RunDisplay, Startup, print_result
from headrace.cli.resources import print_progress
from headrace.client.progress import PENDING
from headrace.client.sync import SyncResult
from headrace.local.supervisor import ProcessState, StateChange
from schemas.api import DocumentOutcome, InHand
from tests.headrace.client.test_progress import COMPLETE, progress
from tests.waiting import eventually


def test_a_start_says_at_once_that_it_begins_what_runs_and_that_it_stops(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Startup() as startup:
        startup.changed(StateChange("broker", ProcessState.STARTING))
        assert capsys.readouterr().err == "starting the services of this machine\n"
        startup.changed(StateChange("chroma", ProcessState.STARTING))
        startup.changed(StateChange("broker", ProcessState.RUNNING))
        for name in ("chroma", "broker"):
            startup.changed(StateChange(name, ProcessState.STOPPED))
        startup.stopped()

    shown = capsys.readouterr()
    assert shown.err.endswith(" s  broker runs\nstopping\nstopped\n")
    assert shown.err.count("\n") == 3
    assert shown.out == ""


def test_a_start_goes_on_when_nobody_reads_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `headrace up 2>&1 | grep -m1 ready`."""
    reads, writes = os.pipe()
    os.close(reads)
    ended = False
    with suppress(BrokenPipeError), os.fdopen(writes, "w", buffering=1) as gone:
        monkeypatch.setattr("sys.stderr", gone)
        with Startup() as startup:
            startup.changed(StateChange("broker", ProcessState.STARTING))
            startup.changed(StateChange("broker", ProcessState.STOPPED))
            startup.stopped()
        ended = True
    assert ended


async def test_a_run_that_begins_at_once_does_not_say_that_it_waits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with RunDisplay("notes") as display:
        display.show(progress("pending", total=None))
        display.show(progress(parsed=1, chunks=1))

    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    assert "0 of 10 done  parsed 1" in shown
    assert "  1 chunk  " in shown


async def test_a_run_that_does_not_begin_says_what_it_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    shown = ""

    def said() -> bool:
        nonlocal shown
        shown += capsys.readouterr().out
        return PENDING in shown

    with RunDisplay("notes", waiting_s=0.01) as display:
        display.show(progress("pending", total=None))
        await eventually(said)


async def test_a_line_is_not_repeated_while_nothing_changes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("headrace.cli.display.LINE_EVERY_S", 0.0)
    first = progress(parsed=1)
    with RunDisplay("notes") as display:
        display.show(first)
        display.show(first.model_copy(update={"elapsed_ms": 5_000, "attempts": 3}))
        assert capsys.readouterr().out.count("\n") == 1
        display.show(progress(parsed=2))
        assert "parsed 2" in capsys.readouterr().out
        monkeypatch.setattr("headrace.cli.display.SAME_LINE_EVERY_S", 0.0)
        display.show(progress(parsed=2))
        assert "parsed 2" in capsys.readouterr().out


def test_an_invocation_shows_what_its_run_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = InHand(
        stage="connectors.github",
        document_key=None,
        collection_name=None,
        of_this_invocation=True,
        since=datetime(2026, 1, 1, tzinfo=UTC),
        seconds=67,
        attempts=13,
        last_error="http://git.test/info/refs does not answer",
    )
    other = waiting.model_copy(update={"of_this_invocation": False, "last_error": "not ours"})

    print_progress(progress(total=None).model_copy(update={"waits_for": [waiting, other]}))

    shown = capsys.readouterr().out
    assert "waits for" in shown
    assert "for 67 s; last error, in attempt 12: http://git.test/info/refs does not answer" in shown
    assert "not ours" not in shown


def test_many_failed_documents_are_told_by_the_first_and_by_how_all_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failures = [
        DocumentOutcome(document_key=f"{number}.docx", status="failed", chunks=0, error="no zip")
        for number in range(1000)
    ]

    print_result(SyncResult("s", progress(COMPLETE, failed=1000), failures, 1), False, "files")

    shown = capsys.readouterr().out.splitlines()
    assert shown[19:21] == [
        "failed  19.docx  no zip",
        "and 980 more failed: headrace invocations failures i",
    ]
    assert len(shown) == 22
