"""What `/health` makes of parts that do not answer; the parts are stand-ins that fail on command."""

from typing import Any, cast

import pytest

from api.dependencies import Dependencies
from api.health import KEEP_S, Health
from schemas.errors import TransientError


class StandIn:
    """A view, or Chroma."""

    def __init__(self) -> None:
        self.well, self.folded, self.asked = True, 0, 0

    async def refresh(self, timeout: float = 10) -> None:
        self.asked += 1
        if not self.well:
            raise TransientError("behind")

    async def answers(self) -> bool:
        return self.well


class StandInParts:
    def __init__(self) -> None:
        self.catalogue, self.outcomes, self.chroma = StandIn(), StandIn(), StandIn()


@pytest.fixture
def parts() -> StandInParts:
    return StandInParts()


def health_of(parts: StandInParts, keep_s: float = KEEP_S) -> Health:
    return Health(cast(Dependencies, cast(Any, parts)), keep_s)


async def test_all_well(parts: StandInParts) -> None:
    assert await health_of(parts).fault() is None


@pytest.mark.parametrize(
    ("part", "words"), [("catalogue", "sources"), ("outcomes", "progress"), ("chroma", "Chroma")]
)
async def test_a_part_that_does_not_answer_is_named(parts: StandInParts, part: str, words: str) -> None:
    getattr(parts, part).well = False
    assert words in (await health_of(parts).fault() or "")


async def test_a_flood_of_progress_is_no_fault_while_it_is_worked_off(
    parts: StandInParts,
) -> None:
    health = health_of(parts, keep_s=0)
    parts.outcomes.well = False
    parts.outcomes.folded = 1000
    assert await health.fault() is None
    assert "progress" in (await health.fault() or "")  # nothing was folded since
    parts.outcomes.folded = 1001
    assert await health.fault() is None


async def test_many_questions_are_one_to_the_broker(parts: StandInParts) -> None:
    health = health_of(parts)
    for _ in range(5):
        await health.fault()
    assert parts.catalogue.asked == 1
