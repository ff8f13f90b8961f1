"""What becomes of due times: the clock is in the test's hand."""

from datetime import datetime, timedelta

import pytest

from schemas.errors import DocumentTooLarge
from schemas.events import Status
from schemas.schedules import MOST_COUNTED, MOST_PASSED_OVER
from schemas.sources.github import FollowedBranch, GithubConfig
from services.scheduling.decision import decide
from streams.engine.outputs import Send
from tests.services.scheduling.schedules import NOON, World, at, cron, every, source


def told(world: World, name: str = "one") -> list[tuple[str, datetime, datetime, int]]:
    return [(one.reason, one.first, one.last, one.count) for one in world.state(name).passed_over]


@pytest.fixture
def world() -> World:
    return World()


async def test_a_due_time_makes_one_run_and_the_state_says_which(world: World) -> None:
    world.put(source(cron("0 * * * *")))

    assert await world.look(at("07:59:59.999")) == []
    [run] = await world.look(at("08:00:00.120"))
    assert await world.look(at("08:00:01")) == []

    assert (run.trigger, run.collection, run.source.id) == ("schedule", "docs", "source-one")
    last = world.state().last
    assert last is not None
    assert (last.due, last.requested_at, last.invocation_ids) == (
        at("08:00"),
        at("08:00:00.120"),
        [run.invocation_id],
    )
    assert (world.state().runs, world.state().skips) == (1, 0)


async def test_the_runs_of_a_due_time_have_the_same_ids_whoever_decides_and_whenever(world: World) -> None:
    hourly = source(cron("0 * * * *"))
    early = decide(hourly, None, at("08:00:01"), lambda last: None)
    late = decide(hourly, None, at("08:59:59"), lambda last: None)

    assert early is not None
    assert late is not None
    assert [run.id for run in early.runs] == [run.id for run in late.runs]
    after = decide(hourly, None, at("09:00"), lambda last: None)
    assert after is not None
    assert after.runs[0].id != early.runs[0].id


async def test_times_that_nobody_was_there_for_are_one_run(world: World) -> None:
    world.put(source(cron("0 * * * *")))

    [run] = await world.look(NOON + timedelta(seconds=30))

    assert world.state().last.due == NOON  # type: ignore[union-attr]
    assert told(world) == [("missed", at("08:00"), at("11:00"), 4)]
    assert run.requested_at == NOON + timedelta(seconds=30)


async def test_no_two_runs_of_a_schedule_go_on_at_once_and_what_was_passed_over_says_why(
    world: World,
) -> None:
    world.becomes = Status.PROCESSING
    world.put(source(cron("*/15 * * * *")))
    [first] = await world.look(at("07:15"))
    for minutes in (30, 45):
        assert await world.look(at(f"07:{minutes}")) == []

    world.statuses[first.invocation_id] = Status.FAILED
    assert await world.look(at("07:59")) == []
    [second] = await world.look(at("08:00"))

    assert second.invocation_id != first.invocation_id
    assert told(world) == [("overlap", at("07:30"), at("07:45"), 2)]
    [skipped] = world.state().passed_over
    assert skipped.invocation_id == first.invocation_id
    assert first.invocation_id in skipped.message


async def test_a_run_that_tracking_has_not_shown_yet_has_not_ended_but_one_that_was_lost_has(
    world: World,
) -> None:
    world.becomes = None
    world.put(source(cron("0 8 * * *")))
    await world.look(at("08:00"))

    assert await world.look(at("08:00") + timedelta(days=1)) == []
    assert await world.look(at("08:00") + timedelta(days=9)) != []


async def test_a_paused_schedule_passes_over_and_counts_from_when_it_goes_on(world: World) -> None:
    world.put(source(cron("0 * * * *", paused=True)))
    assert await world.look(at("08:00")) == []
    assert await world.look(at("10:30")) == []

    world.put(source(cron("0 * * * *", since=at("10:45"))))
    assert await world.look(at("10:46")) == []
    assert len(await world.look(at("11:00"))) == 1

    assert told(world) == [("paused", at("08:00"), at("10:00"), 3)]


async def test_an_edited_schedule_is_not_due_for_times_before_it_was_edited(world: World) -> None:
    world.put(source(cron("15 7 * * *")))
    assert len(await world.look(at("07:15"))) == 1

    world.put(source(cron("15 8 * * *", since=at("10:00"))))

    assert await world.look(at("10:00:01")) == []
    assert await world.look(at("23:59")) == []
    assert len(await world.look(at("08:15") + timedelta(days=1))) == 1


async def test_a_schedule_that_is_removed_or_whose_source_is_deleted_makes_no_run(world: World) -> None:
    one, other = source(cron("0 * * * *")), source(cron("0 * * * *"), "other")
    world.put(one, other)
    assert len(await world.look(at("08:00"))) == 2

    world.put(source(None))
    world.delete(other)

    assert await world.look(at("09:00")) == []
    assert world.states["source-other"] is None  # its state is deleted, too
    assert world.state("one").runs == 1


async def test_an_interval_goes_on_from_when_it_was_set_after_an_outage(world: World) -> None:
    world.put(source(every("20m", since=at("07:07"))))
    await world.look(at("07:30"))

    [run] = await world.look(at("08:50"))

    assert world.state().last.due == at("08:47")  # type: ignore[union-attr]
    assert run.requested_at == at("08:50")
    assert told(world) == [("missed", at("07:47"), at("08:27"), 3)]


async def test_a_clock_that_jumps_forward_makes_one_run_and_back_a_little_none_again(world: World) -> None:
    world.put(source(cron("*/5 * * * *")))
    assert len(await world.look(at("07:05"))) == 1
    assert len(await world.look(at("11:32"))) == 1  # forward
    assert told(world)[-1] == ("missed", at("07:10"), at("11:25"), 52)

    for second in range(11 * 60):  # back by a quarter of an hour at most: nothing is due again
        assert await world.look(at("11:20") + timedelta(seconds=second)) == []
    assert len(await world.look(at("11:35"))) == 1


async def test_a_clock_that_was_a_year_ahead_does_not_silence_a_schedule_for_a_year(world: World) -> None:
    world.put(source(cron("0 * * * *")))
    wrong = at("08:00") + timedelta(days=365)
    [ahead] = await world.look(wrong)

    assert await world.look(at("08:20")) == []
    assert told(world)[-1][0] == "clock"
    [run] = await world.look(at("09:00"))
    assert run.invocation_id != ahead.invocation_id
    assert world.state().era == 1
    # And when that time really comes, it makes a run of its own, though one of its name has ended.
    world.states.clear()
    [again] = await world.look(wrong)
    assert again.invocation_id != ahead.invocation_id


async def test_a_schedule_that_was_set_by_a_clock_a_year_ahead_begins_now(world: World) -> None:
    world.put(source(cron("0 * * * *", since=NOON + timedelta(days=365))))

    assert await world.look(at("08:20")) == []
    assert len(await world.look(at("09:00"))) == 1
    assert await world.look(at("09:01")) == []
    assert len(await world.look(at("10:00"))) == 1
    assert [reason for reason, *_ in told(world)] == ["clock"]


async def test_a_repository_that_follows_branches_runs_each_into_its_collection(world: World) -> None:
    follow = [
        FollowedBranch(branch=branch, target_collection_name=name)
        for branch, name in (("main", "docs"), ("next", "drafts"))
    ]
    config = GithubConfig(repository="o/r", follow=follow)
    schedule = cron("0 * * * *").model_copy(update={"collection": None})
    world.put(source(schedule, config=config, type="github"))

    runs = await world.look(at("08:00"))

    asked = [(run.collection, run.options.github.branch) for run in runs]  # type: ignore[union-attr]
    assert asked == [("docs", "main"), ("drafts", "next")]
    last = world.state().last
    assert last is not None
    assert last.invocation_ids == [run.invocation_id for run in runs]
    # One of them goes on: the schedule does.
    world.statuses[runs[1].invocation_id] = Status.PROCESSING
    assert await world.look(at("09:00")) == []


async def test_a_schedule_without_a_collection_is_refused_with_the_reason_and_stops_nobody(
    world: World,
) -> None:
    nowhere = cron("0 * * * *").model_copy(update={"collection": None})
    world.put(source(nowhere, "bad"), source(cron("0 * * * *"), "good"))

    assert [run.source.id for run in await world.look(at("08:00"))] == ["source-good"]

    [refused] = world.state("bad").passed_over
    assert refused.reason == "refused"
    assert "target_collection_name" in refused.message


async def test_a_run_that_fits_no_message_is_refused_and_stops_nobody(world: World) -> None:
    def check(send: Send) -> None:
        if send.key == "source-big" and send.topic.name.startswith("runs."):
            raise DocumentTooLarge("1,200,000 bytes")

    world.stage = world.owner(check=check)
    world.put(source(cron("0 * * * *"), "big"), source(cron("0 * * * *"), "good"))

    assert [run.source.id for run in await world.look(at("08:00"))] == ["source-good"]
    assert world.state("big").passed_over[0].message == "1,200,000 bytes"
    assert await world.look(at("08:01")) == []


async def test_what_was_passed_over_stays_bounded(world: World) -> None:
    world.put(source(cron("* * * * *")))
    for day in range(1, 30):
        await world.look(at("08:00") + timedelta(days=day))

    assert len(world.state().passed_over) == MOST_PASSED_OVER
    assert world.state().passed_over[0].count == MOST_COUNTED - 1


async def test_a_failed_look_is_repeated_soon(world: World) -> None:
    world.put(source(cron("0 * * * *")))
    world.view.table.failure = TimeoutError("the broker is away")
    with pytest.raises(TimeoutError):
        await world.look(at("08:00"))

    world.view.table.failure = None
    assert len(await world.look(at("08:00:02"))) == 1
