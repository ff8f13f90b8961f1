"""What a pipe gets to see of a run."""

import pytest

from headrace.cli.display import RunDisplay
from headrace.client.progress import PENDING
from tests.headrace.client.test_progress import progress
from tests.waiting import eventually


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
