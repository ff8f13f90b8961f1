"""Dead letters: the record as it came and why; a replay keeps its place among versions."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.codec import SingleObjectCodec
from schemas.errors import CorruptDocument
from schemas.events import ApiKey, DeadLetter, Document, DocumentDeleted, Embedding, RunPosition
from schemas.markers import INBOX_RUN
from streams.engine.publishing.dead_letters import SEQUENCE_HEADER, dead_letter, replay_headers
from streams.engine.stage import Record
from streams.engine.window import Entry, Raw
from streams.topics import DEAD_LETTERS, MAX_LETTER_BYTES
from tests.streams.engine.simulation import event

CODEC = SingleObjectCodec()
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def failing(
    topic: str = "documents", headers: dict[str, bytes] | None = None, *, decoded: bool = True
) -> Entry:
    entry = Entry(topic, 3, 41, Raw(b"a-key", b"its bytes", headers or {}), attempt=2)
    if decoded:
        document = Document(
            tenant="t",
            database="d",
            collection="c",
            document_key="report.pdf",
            embedding=Embedding(model="m"),
            run=RunPosition(invocation_id="run-1", attempt=1, ordinal=0),
        )
        entry.record = Record(topic, 3, 41, "a-key", DocumentDeleted(document=document), 0)
    return entry


def letter_of(entry: Entry, error: Exception | None = None, stage: str = "parsing") -> DeadLetter:
    made = dead_letter(stage, entry, error or CorruptDocument("report.pdf: no pages"), NOON).event
    assert isinstance(made, DeadLetter)
    return made


def test_a_letter_says_what_came_from_where_and_why() -> None:
    letter = letter_of(failing(headers={"who": b"me"}))

    assert (letter.topic, letter.partition, letter.offset) == ("documents", 3, 41)
    assert (letter.key, letter.value, letter.headers) == (b"a-key", b"its bytes", {"who": b"me"})
    assert (letter.stage, letter.error_class, letter.error) == (
        "parsing",
        "CorruptDocument",
        "report.pdf: no pages",
    )
    assert (letter.attempt, letter.failed_at) == (2, NOON)
    assert (letter.document_key, letter.invocation_id) == ("report.pdf", "run-1")


def test_the_run_by_which_the_inbox_counts_is_no_invocation() -> None:
    entry = failing()
    assert entry.record is not None
    document = entry.record.event.document
    of_inbox = RunPosition(invocation_id=f"{INBOX_RUN}1", attempt=1, ordinal=0)
    event = DocumentDeleted(document=document.model_copy(update={"run": of_inbox}))
    entry.record = replace(entry.record, event=event)

    assert letter_of(entry).invocation_id is None


def test_a_record_that_does_not_decode_has_a_letter_without_a_document() -> None:
    letter = letter_of(failing(decoded=False))

    assert (letter.document_key, letter.invocation_id) == (None, None)
    assert letter.value == b"its bytes"


def test_the_same_failure_makes_the_same_letter_and_another_stage_another_one() -> None:
    assert letter_of(failing()).id == letter_of(failing()).id
    assert letter_of(failing()).id != letter_of(failing(), stage="chunking").id


@pytest.mark.parametrize("key", [b"a-key", b"\xff", b"k" * 800_000])
def test_letters_are_keyed_by_their_own_id(key: bytes) -> None:
    entry = failing()
    entry.raw = Raw(key, None, {})

    send = dead_letter("parsing", entry, ValueError("x"))

    assert isinstance(send.event, DeadLetter)
    assert (send.topic, send.key, send.event.key) == (DEAD_LETTERS, send.event.id, key)


LONG = 2_000_000


@pytest.mark.parametrize(
    "raw",
    [
        Raw(b"k" * LONG, b"v", {}),
        Raw(b"k", b"v" * LONG, {}),
        Raw(b"k", b"v", {"h": b"x" * LONG}),
        Raw(b"k", b"v", {"\uffff" * LONG: b"x"}),
        Raw(b"\xff" * 800_000, b"v" * 700_000, {}),
    ],
)
def test_a_letter_always_fits_and_says_when_it_does_not_hold_its_record(raw: Raw) -> None:
    entry = failing()
    entry.raw = raw
    named = failing().record
    assert named is not None
    document = named.event.document.model_copy(update={"document_key": "d" * LONG})
    entry.record = replace(named, event=DocumentDeleted(document=document))

    send = dead_letter("parsing", entry, ValueError("x" * LONG))

    letter = send.event
    assert isinstance(letter, DeadLetter)
    assert len(CODEC.encode(letter, DEAD_LETTERS.name)) + len(send.key) <= MAX_LETTER_BYTES
    assert (letter.whole, letter.key, letter.value, letter.headers) == (False, None, None, {})
    assert "does not hold the record" in letter.error


def test_the_largest_message_of_a_usual_broker_is_kept_whole() -> None:
    entry = failing()
    entry.raw = Raw(b"k" * 48_588, b"v" * 1_000_000, {"h": b"x" * 1_000})

    letter = letter_of(entry)

    assert (letter.whole, letter.value) == (True, entry.raw.value)


def test_a_reason_is_bounded_and_always_unicode() -> None:
    assert len(letter_of(failing(), ValueError("x" * 1_000_000)).error) == 2_000
    assert letter_of(failing(), ValueError("\udcff")).error == "\\udcff"


def test_a_replay_on_documents_keeps_the_offset_of_the_first_time_as_its_sequence() -> None:
    first = letter_of(failing(headers={"who": b"me"}))
    assert replay_headers(first) == {"who": b"me", SEQUENCE_HEADER: b"41"}

    again = first.model_copy(update={"offset": 99, "headers": replay_headers(first)})
    assert replay_headers(again)[SEQUENCE_HEADER] == b"41"


def test_a_replay_on_a_later_topic_needs_no_header_because_its_event_carries_the_sequence() -> None:
    assert replay_headers(letter_of(failing("parsed"))) == {}


def test_an_event_that_is_about_no_document_has_none() -> None:
    entry = failing()
    made: ApiKey = event(1)
    entry.record = Record("api-keys", 0, 0, "k", made, 0)

    assert letter_of(entry).document_key is None
