"""Whether all is well, in one look; and no page waits for what does not answer."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from api.dashboard.pages.topics import polyline
from api.dashboard.shown.system import Part, SystemHealth, services_of
from api.views.kept import Kept
from schemas.events import RecordInHand, StageHealth

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def report(stage: str, seconds_ago: float = 5, slot: str = "0", **fields: Any) -> StageHealth:
    return StageHealth(stage=stage, slot=slot, reported_at=NOW - timedelta(seconds=seconds_ago), **fields)


def test_each_service_says_how_it_is_in_the_order_of_the_pipeline() -> None:
    stuck = RecordInHand(
        topic="chunks", partition=0, offset=7, since=NOW - timedelta(minutes=3), attempt=4, error="busy"
    )
    reports = [
        report("tracking"),
        report("embedding", oldest=stuck),
        report("parsing", 600),
        report("chunking"),
        report("chunking", 90, slot="1"),
        report("connectors.folder"),
    ]
    found = services_of(reports, {"chunking": 1_200, "indexing": 3, "tracking": 0}, NOW)
    assert [(part.name, part.tone, part.said) for part in found] == [
        ("connectors.folder", "good", "1 process, up to date"),
        ("parsing", "bad", "silent for 10 min; up to date"),
        ("chunking", "warn", "1 process, 1 silent; 1,200 records behind"),
        ("embedding", "warn", "one record for 3 min, attempt 4; up to date"),
        ("indexing", "warn", "no process reports; 3 records behind"),
        ("tracking", "good", "1 process, up to date"),
    ]


def test_one_sentence_says_whether_all_is_well() -> None:
    well = [Part("Broker", "good", ""), Part("Sparse index", "idle", "")]
    assert SystemHealth(well, ()).summary == "Everything runs"
    assert SystemHealth(well, ()).tone == "good"
    odd = SystemHealth([*well, Part("Chroma", "bad", "")], [Part("parsing", "warn", "")])
    assert (odd.tone, odd.summary) == ("bad", "Chroma, parsing need a look")


async def test_a_page_waits_a_moment_only_and_the_next_one_has_the_answer() -> None:
    answered, asked = asyncio.Event(), 0

    async def ask() -> str:
        nonlocal asked
        asked += 1
        await answered.wait()
        return "well"

    kept = Kept(ask, keep_s=60)
    assert await kept.newest() is None
    assert await kept.newest() is None  # the same question, still open
    answered.set()
    assert await kept.newest() == "well"
    assert await kept.newest() == "well"
    assert asked == 1
    await kept.close()


async def test_the_first_answer_is_waited_for_and_older_ones_are_given_while_it_is_asked_again() -> None:
    answers = iter((None, "first", "second"))

    async def ask() -> str | None:
        return next(answers)

    kept = Kept(ask, keep_s=0, stale_s=float("inf"))
    assert await kept.newest(5) is None  # the broker did not know
    assert await kept.newest(5) is None
    await asyncio.sleep(0)
    assert await kept.newest(5) == "first"
    await kept.close()


def test_a_line_reaches_from_left_to_right_and_from_none_to_the_most() -> None:
    assert polyline([0, 5, 10]) == "0.0,29.0 100.0,15.0 200.0,1.0"
    assert polyline([0]) == "0.0,29.0"
