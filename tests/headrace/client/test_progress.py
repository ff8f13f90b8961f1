"""How a run is shown: bars, lines, the sentence at its end."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from headrace.cli.display import RunDisplay
from headrace.client.progress import STAGES, draw, line, skipped_files, stage_bars, summary
from schemas.api import InvocationProgress, Skipped

NONE = dict.fromkeys((*STAGES, "unchanged", "deleted", "failed", "chunks"), 0)


def progress(status: Any = "processing", total: int | None = 10, **counts: int) -> InvocationProgress:
    """A run with these counts."""
    done = sum(counts.get(name, 0) for name in ("indexed", "unchanged", "deleted", "failed"))
    return InvocationProgress.model_validate(
        {
            "invocation_id": "i",
            "source_id": "s",
            "database_name": "d",
            "collection_name": "c",
            "status": status,
            "attempts": 1,
            "total": total,
            "done": done,
            "counts": NONE | counts,
            "documents_per_second": 2.5,
            "elapsed_ms": 1000,
            "last_errors": [],
            "created_at": datetime.now(UTC),
            "started_at": None,
            "finished_at": None,
        }
    )


COMPLETE = {"complete": {"finished_at": datetime.now(UTC), "duration_ms": 1}}


def drawn(shown: InvocationProgress) -> str:
    """The display as text without colours."""
    console = Console(width=100, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(draw(shown, "notes", 1.0))
    return capture.get()


def test_what_is_unchanged_deleted_or_failed_is_not_waited_for_in_a_bar() -> None:
    bars = stage_bars(progress(parsed=3, unchanged=4, deleted=1, failed=1))

    assert [(bar.passed, bar.expected) for bar in bars] == [(3, 4), (0, 4), (0, 4), (0, 4)]


def test_while_documents_are_listed_nobody_knows_how_many_there_will_be() -> None:
    assert {bar.expected for bar in stage_bars(progress(total=None, parsed=3))} == {None}


@given(st.fixed_dictionaries(dict.fromkeys(NONE, st.integers(0, 50))), st.integers(0, 300))
def test_no_bar_is_ever_more_than_full(counts: dict[str, int], total: int) -> None:
    assert all(
        bar.expected is not None and bar.passed <= bar.expected
        for bar in stage_bars(progress(total=total, **counts))
    )


def test_the_display_shows_stages_chunks_and_rate() -> None:
    shown = drawn(progress(total=1200, parsed=1000, chunked=900, indexed=3, chunks=4567, failed=2))

    assert "notes   1,200 documents" in shown
    for text in (
        "parsed",
        "1,000 / 1,198",
        "chunked",
        "embedded",
        "4,567 chunks",
        "2.5 documents/s",
        "2 failed",
    ):
        assert text in shown


@pytest.mark.parametrize(
    ("status", "said"), [("pending", "waiting for a connector"), ("processing", "listing")]
)
def test_the_display_says_what_it_waits_for(status: str, said: str) -> None:
    assert said in drawn(progress(status, total=None))


def test_a_line_is_one_line() -> None:
    shown = line(progress(parsed=8, indexed=2, unchanged=1, chunks=14), 3.25)

    assert shown.startswith("   3.2 s  3 of 10 done  parsed 8")
    assert "\n" not in shown


def test_a_slow_pace_is_told_by_the_minute() -> None:
    slow = progress(parsed=1).model_copy(update={"documents_per_second": 0.04})

    assert "2.4 documents/min" in line(slow, 30)


def test_a_long_run_says_how_long_it_will_take() -> None:
    def told(elapsed_s: int, **counts: int) -> str:
        shown = progress(total=100_000, **counts).model_copy(update={"elapsed_ms": elapsed_s * 1000})
        assert line(shown, 1).endswith(" left") == (" left " in drawn(shown))
        return line(shown, 1)

    assert told(60, indexed=1_000).endswith("  about 99 min left")
    assert told(60, indexed=100).endswith("  about 16 h 39 min left")
    assert told(60, indexed=100, unchanged=99_400).endswith("  about 5 min left")  # unchanged are faster
    assert told(60, indexed=40_000).endswith("  about 90 s left")
    for elapsed, indexed in ((2, 1_000), (60, 99_999), (60, 0)):
        assert "left" not in told(elapsed, indexed=indexed)


def test_the_time_that_listing_took_is_none_of_the_time_that_is_left() -> None:
    """A crawl of ten minutes, then 30 documents in 20 seconds of which the display has seen the end."""
    display = RunDisplay("site", quiet=True)
    shown = progress(total=None).model_copy(update={"elapsed_ms": 600_000})
    display.show(shown)
    display.show(shown.model_copy(update={"total": 100}))
    display.show(progress(total=100, indexed=30).model_copy(update={"elapsed_ms": 620_000}))

    console = Console(width=120)
    with console.capture() as capture:
        console.print(display.draw())
    assert "about 47 s left" in capture.get()


def test_one_chunk_is_one_chunk() -> None:
    assert "  1 chunk  " in line(progress(chunks=1), 1)
    assert "1 chunk " in drawn(progress(chunks=1))
    assert "2 chunks" in drawn(progress(chunks=2))


def test_a_line_says_what_a_run_waits_for() -> None:
    assert line(progress("pending", total=None), 70) == (
        "  70.0 s  waiting for a connector, or for an earlier run of this source"
    )


def test_a_run_that_listed_nothing_says_what_it_looked_for() -> None:
    said = summary(progress(COMPLETE, total=0), 0.5, "files that match *.rst in /srv/notes")

    assert said == ("nothing found: no files that match *.rst in /srv/notes (0.5 s)")


def test_what_was_deleted_because_nothing_is_there_any_more_is_not_listed() -> None:
    said = summary(progress(COMPLETE, total=1, deleted=1), 0.5, "files in /srv/notes")

    assert said == ("nothing found: no files in /srv/notes; 1 document deleted (0.5 s)")
    some = summary(progress(COMPLETE, total=3, deleted=1, indexed=2, chunks=2), 0.5)
    assert some.startswith("2 documents listed: 2 written, 1 deleted")


def test_a_run_that_found_nothing_to_do_says_so() -> None:
    said = summary(progress(COMPLETE, unchanged=10), 0.5)

    assert said == "nothing changed: 0 written (10 documents listed, 0.5 s)"


def test_a_run_says_what_it_came_to() -> None:
    said = summary(progress(COMPLETE, indexed=6, deleted=1, unchanged=2, failed=1, chunks=1), 130)

    assert said == ("9 documents listed: 6 written, 1 deleted, 2 unchanged, 1 failed, 1 chunk, 2 min 10 s")


def test_a_failed_document_is_a_change() -> None:
    assert "nothing changed" not in summary(progress(COMPLETE, unchanged=9, failed=1), 1)


@pytest.mark.parametrize(
    ("skipped", "told"),
    [
        ({}, ""),
        ({"hidden": 1}, "skipped: 1 hidden file or folder; --hidden includes it"),
        (
            {"hidden": 3, "secret": 1},
            "skipped: 3 hidden files and folders, 1 that looks like a secret; --hidden includes them",
        ),
        ({"data_folder": 1}, "skipped: 1 data folder of Headrace, never a source"),
        (
            {"data_folder": 2, "secret": 2},
            "skipped: 2 that look like secrets; --hidden includes them; "
            "2 data folders of Headrace, never a source",
        ),
        ({"too new": 2}, "skipped: 2 too new"),
        (
            {"not found": 1, "hidden": 1},
            "skipped: 1 hidden file or folder; --hidden includes it; 1 not found",
        ),
    ],
)
def test_skipped_files_are_told_and_how_to_include_them(skipped: dict[str, int], told: str) -> None:
    shown = progress(COMPLETE).model_copy(
        update={"skipped": [Skipped(reason=reason, count=count) for reason, count in skipped.items()]}
    )
    assert skipped_files(shown) == told
