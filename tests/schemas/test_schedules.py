from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RequestError
from schemas.events import Schedule, ScheduleState
from schemas.schedules import (
    CLOCK_BACK,
    MOST_COUNTED,
    PassedTimes,
    cron_of,
    decided_until,
    due_times,
    every_of,
    every_text,
    next_due,
    passed_times,
    timezone_of,
)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def cron(fields: str, zone: str = "UTC", since: datetime = LONG_AGO) -> Schedule:
    return Schedule(cron=cron_of(fields), timezone=zone, since=since)


def every(text: str, since: datetime) -> Schedule:
    return Schedule(every_seconds=every_of(text), since=since)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def walls(schedule: Schedule, after: str, count: int) -> list[str]:
    """The next due times on the wall clock of the schedule's zone."""
    zone = ZoneInfo(schedule.timezone)
    found = islice(due_times(schedule, at(after)), count)
    return [due.astimezone(zone).strftime("%d %H:%M %z") for due in found]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("0 */6 * * *", "0 */6 * * *"),
        ("  0  7,9 * *  mon-fri ", "0 7,9 * * mon-fri"),
        ("@Daily", "0 0 * * *"),
    ],
)
def test_cron_expressions_that_are_taken(text: str, fields: str) -> None:
    assert cron_of(text) == fields


@pytest.mark.parametrize(
    "text",
    [
        "",
        "daily",
        "* * * *",
        "0 0 * * * *",
        "61 * * * *",
        "0 0 31 2 *",
        "0 0 30 2 *",
        "a b c d e",
        "@reboot",
        "*" * 300,
    ],
)
def test_what_is_no_cron_expression_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(RequestError, match=r"schedule\.cron"):
        cron_of(text)


def test_intervals_are_read_and_shown_alike() -> None:
    assert [every_of(text) for text in ("1m", "90s", "15 m", "6h", "1d", "2w")] == [
        60,
        90,
        900,
        21_600,
        86_400,
        1_209_600,
    ]
    assert [every_text(every_of(text)) for text in ("60m", "90s", "24h", "14d")] == ["1h", "90s", "1d", "2w"]
    for wrong in ("", "0m", "59s", "15", "m", "-5m", "1.5h", "367d", "1y", "999999999999m"):
        with pytest.raises(RequestError, match=r"schedule\.every"):
            every_of(wrong)


def test_time_zones_are_those_of_the_iana_database() -> None:
    assert timezone_of("Europe/Berlin") == "Europe/Berlin"
    for wrong in ("", "Europe", "../../etc/passwd", "localtime", "CEST", "Europe/berlin", "+02:00"):
        with pytest.raises(RequestError, match="no time zone"):
            timezone_of(wrong)


def test_a_daily_time_is_due_once_a_local_day_when_clocks_change() -> None:
    daily = cron("30 2 * * *", "Europe/Berlin")

    # In spring 02:30 does not exist: the first minute that does. In autumn it is there twice: the first.
    assert walls(daily, "2026-03-28T12:00", 2) == ["29 03:00 +0200", "30 02:30 +0200"]
    assert walls(daily, "2026-10-24T12:00", 2) == ["25 02:30 +0200", "26 02:30 +0100"]
    # Asked between the two, or just before the second, that is not due either.
    assert walls(daily, "2026-10-25T00:45", 1) == ["26 02:30 +0100"]
    assert walls(daily, "2026-10-25T01:15", 1) == ["26 02:30 +0100"]


def test_a_list_of_hours_stays_on_the_wall_clock() -> None:
    twice = cron("0 7,9 * * *", "Europe/Berlin")

    assert walls(twice, "2026-10-24T12:00", 3) == ["25 07:00 +0100", "25 09:00 +0100", "26 07:00 +0100"]
    assert walls(twice, "2026-03-28T12:00", 3) == ["29 07:00 +0200", "29 09:00 +0200", "30 07:00 +0200"]


def test_an_hourly_time_goes_on_by_elapsed_time_when_clocks_change() -> None:
    hourly = cron("30 * * * *", "Europe/Helsinki")

    assert walls(hourly, "2026-10-24T23:00", 4) == [
        "25 02:30 +0300",
        "25 03:30 +0300",
        "25 03:30 +0200",
        "25 04:30 +0200",
    ]
    assert walls(hourly, "2026-03-29T00:00", 2) == ["29 02:30 +0200", "29 04:30 +0300"]


def test_an_interval_counts_elapsed_time_from_when_it_was_set() -> None:
    quarter = every("15m", since=at("2026-10-25T00:07:31"))

    due = list(islice(due_times(quarter, quarter.since), 2))

    assert due == [at("2026-10-25T00:22:31"), at("2026-10-25T00:37:31")]
    assert next_due(quarter, due[0]) == next_due(quarter, due[0] + timedelta(minutes=7)) == due[1]


#: Every zone whose clock changes in some way of its own, at least: half an hour, two hours, at midnight.
ZONES = st.sampled_from(
    [
        "Europe/Berlin", "Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "America/Havana",
        "Africa/Cairo", "Asia/Beirut", "America/Santiago", "Antarctica/Troll", "Pacific/Chatham",
        "America/Sao_Paulo", "Africa/Casablanca", "UTC", "Asia/Kathmandu",
    ]
)  # fmt: skip
FIELDS = st.tuples(
    st.sampled_from(["0", "30", "*/7", "*", "5,35", "59", "10-20"]),
    st.sampled_from(["*", "*/6", "2", "0", "1-3", "7,9", "23"]),
    st.sampled_from(["*", "*", "*", "1", "29", "L"]),
    st.sampled_from(["*", "*", "3,10", "2"]),
    st.sampled_from(["*", "*", "0", "1-5", "6#2"]),
).map(" ".join)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda m: m.replace(tzinfo=UTC))


@settings(max_examples=150, deadline=None)
@given(fields=FIELDS, zone=ZONES, after=MOMENTS)
def test_due_times_grow_strictly_whatever_the_clock_does(fields: str, zone: str, after: datetime) -> None:
    schedule = cron(fields, zone)

    found = [after, *islice(due_times(schedule, after), 8)]

    assert len(found) == 9
    assert all(one < other for one, other in pairwise(found))
    # Whoever asks again from a due time, or from between two, gets the next one.
    for one, other in pairwise(found[1:]):
        assert next_due(schedule, one) == other
        assert next_due(schedule, one + (other - one) / 2) == other


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Africa/Cairo"])
def test_a_daily_time_is_due_on_each_day_of_years(zone: str) -> None:
    for fields in ("30 2 * * *", "0 0 * * *", "45 1 * * *"):
        days = [
            due.astimezone(ZoneInfo(zone)).date()
            for due in islice(due_times(cron(fields, zone), LONG_AGO), 800)
        ]
        assert all(other - one == timedelta(days=1) for one, other in pairwise(days)), fields


def test_times_that_have_passed_are_first_previous_last_and_their_number() -> None:
    hourly, ten = cron("0 * * * *"), at("2026-05-01T10:00")

    assert passed_times(hourly, ten, at("2026-05-01T10:59")) is None
    eleven, noon = at("2026-05-01T11:00"), at("2026-05-01T12:00")
    assert passed_times(hourly, ten, at("2026-05-01T11:00")) == PassedTimes(eleven, None, eleven, 1)
    one = at("2026-05-01T13:00")
    assert passed_times(hourly, ten, one) == PassedTimes(eleven, noon, one, 3)


def test_years_of_minutes_are_passed_quickly_with_the_right_last_ones() -> None:
    found = passed_times(cron("* * * * *"), LONG_AGO, at("2026-05-01T13:00:59"))

    last = at("2026-05-01T13:00")
    assert found == PassedTimes(at("2020-01-01T00:01"), last - timedelta(minutes=1), last, MOST_COUNTED)
    yearly = passed_times(cron("*/2 * 1 1 *"), at("2020-12-31T00:00"), at("2026-05-01T13:00"))
    last = at("2026-01-01T23:58")
    assert yearly == PassedTimes(at("2021-01-01T00:00"), last - timedelta(minutes=2), last, MOST_COUNTED)


def test_a_schedule_counts_from_when_it_was_set_and_not_from_before() -> None:
    edited = cron("15 2 * * *", since=at("2026-05-01T04:00"))
    before = ScheduleState(source_id="s", decided=at("2026-05-01T01:15"))

    assert next_due(edited, decided_until(edited, before, edited.since)) == at("2026-05-02T02:15")


def test_a_clock_that_goes_back_a_little_repeats_nothing_and_far_starts_anew() -> None:
    hourly, noon = cron("0 * * * *"), at("2026-05-01T12:00")
    state = ScheduleState(source_id="s", decided=noon)

    assert decided_until(hourly, state, noon - CLOCK_BACK) == noon
    long_before = noon - timedelta(days=300)
    assert decided_until(hourly, state, long_before) == long_before
    ahead = cron("0 * * * *", since=noon + timedelta(days=300))
    assert decided_until(ahead, None, noon) == noon
    assert decided_until(ahead, state, noon) == noon
