"""What a worker's death leaves behind: suspects, and the record that is convicted."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.engine import journal as journal_module
from streams.engine.journal import Journal

A, B, C = ("documents", 0, 1), ("documents", 0, 2), ("documents", 3, 7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "parsing-0"


def crashed(journal: Journal) -> None:
    """The process is gone; the file stays as it is."""
    journal.close()


def test_a_record_under_way_at_a_crash_is_a_suspect_and_a_finished_one_is_not(path: Path) -> None:
    first = Journal(path)
    first.begin([A, B, C], alone=False)
    first.end([B])
    crashed(first)

    second = Journal(path)
    assert [second.deaths(position) for position in (A, B, C)] == [1, 0, 1]


def test_a_record_that_is_alone_when_the_worker_dies_again_is_convicted(path: Path) -> None:
    first = Journal(path)
    first.begin([A, B], alone=False)
    crashed(first)
    second = Journal(path)
    second.begin([A], alone=True)
    crashed(second)

    third = Journal(path)
    assert third.deaths(A) == 2
    assert third.deaths(B) == 1


def test_a_suspect_that_survives_is_cleared(path: Path) -> None:
    first = Journal(path)
    first.begin([A], alone=True)
    crashed(first)
    second = Journal(path)
    second.begin([A], alone=True)
    second.end([A])
    crashed(second)

    assert Journal(path).deaths(A) == 0


def test_a_crash_before_the_suspects_are_tried_forgets_none_and_convicts_none(path: Path) -> None:
    first = Journal(path)
    first.begin([A, B], alone=False)
    crashed(first)
    for _ in range(3):
        crashed(Journal(path))

    assert [Journal(path).deaths(position) for position in (A, B)] == [1, 1]


def test_records_beside_one_another_convict_nobody(path: Path) -> None:
    for _ in range(3):
        journal = Journal(path)
        journal.begin([A, B], alone=False)
        crashed(journal)

    assert Journal(path).deaths(A) == 1


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 60))
def test_a_file_cut_off_anywhere_counts_its_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "journal"
    text = "+documents 0 12 1\n+documents 0 1 1\n-documents 0 12\n"
    path.write_text(text[:cut])

    journal = Journal(path)

    whole = text[:cut].count("\n")
    assert journal.deaths(("documents", 0, 12)) == (1 if whole in (1, 2) else 0)
    assert journal.deaths(("documents", 0, 1)) == (1 if whole >= 2 else 0)


def test_a_foreign_file_suspects_nobody(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe something\n+documents zero one\n\n")

    assert Journal(path).deaths(A) == 0


def test_the_file_stays_small_though_something_is_always_under_way(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_ROLL_BYTES", 2_000)
    suspected = Journal(path)
    suspected.begin([C], alone=False)
    crashed(suspected)
    journal = Journal(path)
    journal.begin([A, ("documents", 1, 0)], alone=False)
    for offset in range(1, 500):
        journal.begin([("documents", 1, offset)], alone=False)
        journal.end([("documents", 1, offset - 1)])
        assert path.stat().st_size < 2_400
    crashed(journal)

    after = Journal(path)
    assert after.deaths(("documents", 1, 499)) == 1  # was under way
    assert after.deaths(A) == 1  # from the beginning
    assert after.deaths(("documents", 1, 498)) == 0
    assert after.deaths(C) == 1  # still to be tried
