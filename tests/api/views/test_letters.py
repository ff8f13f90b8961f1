"""Dead letters folded into SQLite, and their reasons."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from api.views.letters import TABLES, fold_letters
from api.views.reasons import reason_of
from schemas.codec import SingleObjectCodec
from schemas.events import DeadLetter, Document, DocumentDeleted, Embedding, Event, LetterSettled
from streams.state.reader import ChangelogRecord
from streams.topics import DEAD_LETTERS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CODEC = SingleObjectCodec()


def letter(**fields: object) -> DeadLetter:
    document = Document(
        tenant="t", database="d", collection="c", document_key="a.pdf", embedding=Embedding(model="m")
    )
    made: dict[str, object] = {
        "id": "1",
        "topic": "documents",
        "partition": 0,
        "offset": 7,
        "key": b"k",
        "value": CODEC.encode(DocumentDeleted(document=document), "documents"),
        "stage": "parsing",
        "error_class": "CorruptDocument",
        "error": "a.pdf: broken",
        "attempt": 1,
        "failed_at": NOW,
    }
    return DeadLetter.model_validate({**made, **fields})


def folded(*events: Event) -> list[sqlite3.Row]:
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.executescript(TABLES)
    for offset, event in enumerate(events):
        at_ms = round(NOW.timestamp() * 1000)
        fold_letters(database, ChangelogRecord(DEAD_LETTERS.name, 0, offset, "1", event, at_ms), CODEC)
    return database.execute("SELECT * FROM letters").fetchall()


def settled(action: str) -> LetterSettled:
    return LetterSettled(id="1", action=action, settled_at=NOW)


def test_a_letter_is_open_until_it_is_replayed_or_dropped_and_open_again_when_it_returns() -> None:
    states = [
        folded(letter())[0]["state"],
        folded(letter(), settled("replayed"))[0]["state"],
        folded(letter(), settled("dropped"), letter())[0]["state"],
        folded(letter(), settled("done away with by a later release"))[0]["state"],
    ]
    assert states == ["open", "replayed", "open", "dropped"]


@pytest.mark.parametrize("days", [-400, -15, 0, 5 * 365])
def test_a_letter_of_a_stage_whose_clock_is_wrong_is_kept_as_long_as_others(days: int) -> None:
    (row,) = folded(letter(failed_at=NOW + timedelta(days=days)))
    assert row["failed_ms"] == round(NOW.timestamp() * 1000)
    (earlier,) = folded(letter(failed_at=NOW - timedelta(days=2)))
    assert earlier["failed_ms"] == round((NOW - timedelta(days=2)).timestamp() * 1000)


def test_where_a_letter_belongs_is_read_from_its_record_if_it_does_not_say_so() -> None:
    """A letter of an earlier release."""
    (row,) = folded(letter())
    assert (row["tenant"], row["database"], row["collection"], row["document_key"]) == (
        "t",
        "d",
        "c",
        "a.pdf",
    )
    (unknown,) = folded(letter(value=b"\xff not avro"))
    assert unknown["tenant"] is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("a.pdf: page 7 of 12 is damaged", "…: page … of … is damaged"),
        ("'x y.md' of collection \"notes\" cannot be read", "… of collection … cannot be read"),
        ("/srv/files/a b.txt: permission denied", "… b.txt: permission denied"),
        ("1,048,588 bytes, at most 1,000,000", "… bytes, at most …"),
        (None, "no reason was given"),
        ("", "no reason was given"),
    ],
)
def test_alike_errors_have_one_reason(error: str | None, reason: str) -> None:
    assert reason_of(error, "a.pdf") == reason


def test_a_reason_is_bounded() -> None:
    assert len(reason_of("word " * 100_000)) <= 300
