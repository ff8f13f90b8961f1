"""What a worker's death leaves behind: suspects, and the record that is convicted."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from streams.engine import journal as journal_module
from streams.engine.journal import Journal, Position

A, B, C = ("documents", 0, 1), ("documents", 0, 2), ("documents", 3, 7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "parsing-0"


def crashed(journal: Journal) -> None:
    """The process is gone; the file stays as it is."""
    journal.close()


def killed_over(path: Path, *positions: Position, alone: bool = False) -> None:
    """A life that ends, nobody knows why, while these are under way."""
    journal = Journal(path)
    journal.begin(positions, alone)
    crashed(journal)


def failed_over(path: Path, *positions: Position, reason: str = "ValueError: bad") -> None:
    """A life that ends over these with an error that the worker announces."""
    journal = Journal(path)
    journal.begin(positions, alone=len(positions) == 1)
    journal.announce(reason)
    journal.end(positions)  # what is cancelled on the way out
    crashed(journal)


def suspects(path: Path, *positions: Position) -> list[bool]:
    journal = Journal(path)
    return [journal.suspicion(position) is not None for position in positions]


def convicted(path: Path, position: Position) -> bool:
    found = Journal(path).suspicion(position)
    return found is not None and found.convicted


def test_a_record_under_way_at_a_crash_is_a_suspect_and_a_finished_one_is_not(path: Path) -> None:
    first = Journal(path)
    first.begin([A, B, C], alone=False)
    first.end([B])
    crashed(first)

    assert suspects(path, A, B, C) == [True, False, True]


def test_two_kills_from_outside_convict_nobody_and_a_third_death_does(path: Path) -> None:
    killed_over(path, A, B)
    killed_over(path, A, alone=True)
    assert not convicted(path, A)
    killed_over(path, A, alone=True)

    assert convicted(path, A)
    assert suspects(path, B) == [True]
    assert not convicted(path, B)


def test_a_record_whose_error_ends_the_worker_twice_is_convicted_and_the_reason_is_kept(path: Path) -> None:
    failed_over(path, A, B)
    failed_over(path, A, reason="ValueError: a line\nand \x85 another")

    assert convicted(path, A)
    assert not convicted(path, B)
    said = str(Journal(path).suspicion(A))
    assert said == "has ended its worker 2 times: ValueError: a line\nand \x85 another"


def test_one_announced_death_and_one_that_is_not_convict_nobody(path: Path) -> None:
    failed_over(path, A)
    killed_over(path, A, alone=True)

    assert not convicted(path, A)


def test_an_error_of_one_record_does_not_speak_against_those_beside_it(path: Path) -> None:
    journal = Journal(path)
    journal.begin([A], alone=True)
    journal.begin([B], alone=False)
    journal.announce("ValueError: bad", [A])
    crashed(journal)

    assert suspects(path, A, B) == [True, False]


def test_a_suspect_that_survives_is_cleared(path: Path) -> None:
    killed_over(path, A, alone=True)
    second = Journal(path)
    second.begin([A], alone=True)
    second.end([A])
    crashed(second)
    assert suspects(path, A) == [True]  # its outputs may still be what kills the worker

    third = Journal(path)
    third.begin([A], alone=True)
    third.end([A])
    third.acquit([A])
    crashed(third)
    assert suspects(path, A) == [False]


def test_a_crash_before_the_suspects_are_tried_forgets_none_and_convicts_none(path: Path) -> None:
    killed_over(path, A, B)
    for _ in range(3):
        crashed(Journal(path))

    assert suspects(path, A, B) == [True, True]
    assert not convicted(path, A)


def test_records_beside_one_another_convict_nobody(path: Path) -> None:
    for _ in range(4):
        killed_over(path, A, B)
        failed_over(path, A, B)

    assert not convicted(path, A)


def test_a_journal_of_announced_deaths_alone_knows_of_no_others(path: Path) -> None:
    for _ in range(4):
        journal = Journal(path, announced_only=True)
        journal.begin([A], alone=True)
        crashed(journal)
    assert suspects(path, A) == [False]

    for _ in range(2):
        journal = Journal(path, announced_only=True)
        journal.begin([A], alone=True)
        journal.announce("ValueError: bad")
        crashed(journal)
    assert convicted(path, A)

    journal = Journal(path, announced_only=True)
    journal.begin([A], alone=True)
    journal.end([A])
    journal.acquit([A])
    assert suspects(path, A) == [False]


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 80))
def test_a_file_cut_off_anywhere_counts_its_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "journal"
    text = '+documents 0 12 2 1 ""\n+documents 0 1 2 1 "why"\n-documents 0 12\n'
    path.write_text(text[:cut])

    whole = text[:cut].count("\n")
    assert suspects(path, ("documents", 0, 12)) == [whole in (1, 2)]
    assert suspects(path, ("documents", 0, 1)) == [whole >= 2]


def test_a_foreign_file_suspects_nobody(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe something\n+documents zero one\n+documents 0 1 1\n\n")

    assert suspects(path, A) == [False]


def test_the_file_stays_small_though_something_is_always_under_way(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "ROLL_BYTES", 2_000)
    killed_over(path, C)
    journal = Journal(path)
    journal.begin([A, ("documents", 1, 0)], alone=False)
    for offset in range(1, 500):
        journal.begin([("documents", 1, offset)], alone=False)
        journal.end([("documents", 1, offset - 1)])
        assert path.stat().st_size < 2_400
    crashed(journal)

    under_way, finished = ("documents", 1, 499), ("documents", 1, 498)
    assert suspects(path, under_way, A, finished, C) == [True, True, False, True]


@pytest.mark.parametrize("room", [0, 7])  # nothing is written, or a part of a line
def test_a_full_disk_costs_the_protection_for_as_long_as_it_lasts_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    journal = Journal(path)
    journal.begin([A], alone=True)
    write, write_text = os.write, Path.write_text

    def full(file: int, data: bytes) -> int:
        if not room:
            raise OSError(28, "No space left on device")
        return write(file, data[:room])

    def nowhere(path: Path, text: str) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    monkeypatch.setattr(Path, "write_text", nowhere)
    journal.end([A])
    journal.begin([B], alone=True)
    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(Path, "write_text", write_text)
    journal.begin([C], alone=False)
    crashed(journal)

    assert suspects(path, A, B, C) == [False, True, True]


def test_a_disk_that_holds_an_empty_file_and_no_line_is_reported_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(path)
    write = os.write

    def full(file: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    def told_times() -> int:
        with capture_logs() as told:
            for offset in range(10):
                journal.begin([("documents", 1, offset)], alone=False)
                journal.end([("documents", 1, offset)])
        return len(told)

    monkeypatch.setattr(os, "write", full)
    assert (told_times(), told_times()) == (1, 0)
    monkeypatch.setattr(os, "write", write)
    assert told_times() == 0
    monkeypatch.setattr(os, "write", full)
    assert told_times() == 1


def test_a_death_that_another_thread_announces_waits_for_the_line_that_is_being_written(path: Path) -> None:
    """Both would write to the file, which one of them closes."""
    journal = Journal(path)
    entered, opened = threading.Event(), threading.Event()

    def beginning() -> Iterator[Position]:
        yield A
        entered.set()
        opened.wait()
        yield B

    writing = threading.Thread(target=journal.begin, args=(beginning(), False))
    announcing = threading.Thread(target=journal.announce, args=("ValueError: bad",))
    writing.start()
    entered.wait()
    announcing.start()
    announcing.join(0.5)
    waits = announcing.is_alive()
    opened.set()
    writing.join()
    announcing.join()
    crashed(journal)

    assert waits
    found = Journal(path)
    assert [str(found.suspicion(position)) for position in (A, B)] == [
        "has ended its worker 1 times: ValueError: bad"
    ] * 2
