"""Notes become events: together, in order, and never larger than a message."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import SingleObjectCodec
from schemas.events import Progress, RunPosition, Step
from streams.engine.outputs import ProgressReport, Send
from streams.engine.publishing.progress import coalesce
from streams.topics import MAX_VALUE_BYTES, PROGRESS
from tests.streams.engine.simulation import OUTPUT, event


def note(
    ordinal: int, stage: Step = Step.PARSED, invocation: str = "i", attempt: int = 1, **more: object
) -> ProgressReport:
    position = RunPosition(invocation_id=invocation, attempt=attempt, ordinal=ordinal)
    return ProgressReport(position, stage, **more)  # type: ignore[arg-type]


def progress(sends: list[Send]) -> list[Progress]:
    return [send.event for send in sends if isinstance(send.event, Progress)]


def test_events_keep_their_order_and_progress_comes_behind_them_keyed_by_invocation() -> None:
    first, second = Send(OUTPUT, "a", event(1)), Send(OUTPUT, "b", event(2))

    sends = coalesce([note(0), first, note(1), second])

    assert sends[:2] == [first, second]
    [last] = sends[2:]
    assert (last.topic, last.key) == (PROGRESS, "i")
    assert isinstance(last.event, Progress)
    assert [passed.ordinal for passed in last.event.passed] == [0, 1]


@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from(Step), st.sampled_from("ij"), st.integers(1, 2)))
)
def test_there_is_one_event_per_run_attempt_and_stage_and_no_note_is_lost(
    made: list[tuple[int, Step, str, int]],
) -> None:
    events = progress(coalesce(note(o, s, i, a) for o, s, i, a in made))

    kinds = [(e.invocation_id, e.attempt, e.stage) for e in events]
    assert len(kinds) == len(set(kinds))
    found = [(p.ordinal, e.stage, e.invocation_id, e.attempt) for e in events for p in e.passed]
    assert sorted(found) == sorted(made)


def test_a_thousand_failures_with_long_reasons_fit_their_messages() -> None:
    reasons = [note(n, Step.FAILED, document_key="ключ" * 60, error="причина " * 1_000) for n in range(1_000)]

    sends = coalesce(reasons)

    codec = SingleObjectCodec()
    assert all(len(codec.encode(s.event, s.topic.name)) < MAX_VALUE_BYTES for s in sends if s.event)
    assert [p.ordinal for e in progress(sends) for p in e.passed] == list(range(1_000))
    assert {p.error for e in progress(sends) for p in e.passed} == {("причина " * 1_000)[:2_000]}


def test_a_thousand_documents_with_warnings_fit_their_messages() -> None:
    warnings = ("кодировка " * 30,) * 5

    sends = coalesce(note(n, warnings=warnings) for n in range(1_000))

    codec = SingleObjectCodec()
    assert all(len(codec.encode(s.event, s.topic.name)) < MAX_VALUE_BYTES for s in sends if s.event)
    assert [p.ordinal for e in progress(sends) for p in e.passed] == list(range(1_000))
    assert {tuple(p.warnings) for e in progress(sends) for p in e.passed} == {warnings}


def test_a_reason_that_is_no_unicode_is_spelled_out() -> None:
    [send] = coalesce([note(0, Step.FAILED, error="name \udcff")])

    assert isinstance(send.event, Progress)
    assert send.event.passed[0].error == "name \\udcff"
