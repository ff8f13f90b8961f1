"""The table of what is due."""

from datetime import timedelta

from schemas.events import ScheduleState
from services.scheduling.view import Waiting, milliseconds
from streams.topics import SCHEDULES, SOURCES
from tests.services.scheduling.schedules import NOON, MemoryView, at, cron, source

STATE = ScheduleState(source_id="source-one", decided=NOON)


def test_a_source_without_a_schedule_keeps_its_state_and_a_deleted_one_is_an_orphan() -> None:
    view, one = MemoryView(), source(None)
    view.put(SOURCES, one.id, one)
    view.put(SCHEDULES, one.id, STATE)
    assert view.orphans([0], 10) == []

    view.put(SOURCES, one.id, None)
    assert view.orphans([0], 10) == [one.id]
    view.put(SCHEDULES, one.id, None)
    assert view.orphans([0], 10) == []


def test_the_order_of_the_topics_does_not_matter() -> None:
    one = source(cron("0 * * * *"))
    for first, second in (((SOURCES, one), (SCHEDULES, STATE)), ((SCHEDULES, STATE), (SOURCES, one))):
        view = MemoryView()
        view.put(first[0], one.id, first[1])
        view.put(second[0], one.id, second[1])
        assert view.orphans([0], 10) == []
        assert view.lanes([0], NOON + timedelta(minutes=59)) == {}
        assert view.next_ms([0], NOON) == milliseconds(at("13:00"))


def test_what_is_due_is_counted_by_partition_and_type_the_earliest_first() -> None:
    view = MemoryView()
    for number, fields in enumerate(("30 8 * * *", "0 8 * * *", "0 9 * * *")):
        one = source(cron(fields), str(number))
        view.put(SOURCES, one.id, one, partition=number % 2)

    assert view.lanes([0, 1], at("08:45")) == {
        (0, "folder"): Waiting(1, milliseconds(at("08:30"))),
        (1, "folder"): Waiting(1, milliseconds(at("08:00"))),
    }
    assert [found.source.id for found in view.due((0, "folder"), at("09:00"), 10)] == ["source-0", "source-2"]
    assert view.lanes([1], at("07:59")) == {}
    assert view.next_ms([0], at("08:45")) == milliseconds(at("09:00"))


def test_a_schedule_that_was_edited_is_due_after_that_at_the_earliest() -> None:
    view, edited = MemoryView(), source(cron("0 * * * *", since=at("15:30")))
    view.put(SCHEDULES, edited.id, STATE)
    view.put(SOURCES, edited.id, edited)

    assert view.lanes([0], at("15:59")) == {}
    assert view.next_ms([0], NOON) == milliseconds(at("16:00"))
