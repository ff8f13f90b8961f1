"""How long to wait before another try."""

import pytest

from schemas.errors import RateLimited, TransientError
from streams.engine.backoff import backoff


def test_what_the_other_side_asked_for_is_honoured() -> None:
    assert backoff(1, RateLimited("slow down", retry_after=17.5)) == 17.5
    assert backoff(50, RateLimited("slow down", retry_after=0.25)) == 0.25


@pytest.mark.parametrize("asked", [86_400.0, float("inf")])
def test_who_asks_for_a_day_is_asked_again_after_five_minutes(asked: float) -> None:
    assert backoff(1, RateLimited("slow down", retry_after=asked)) == 300


@pytest.mark.parametrize("attempt", [1, 2, 5, 9, 1_000, 900_000])
def test_waits_grow_to_half_a_minute_with_jitter_however_many_tries_there_were(attempt: int) -> None:
    waits = [backoff(attempt, TransientError("away")) for _ in range(30)]

    bound = min(30.0, 0.2 * 2 ** min(attempt - 1, 20))
    assert all(0 <= wait <= bound for wait in waits)
    assert max(waits) > bound / 3
    assert len(set(waits)) > 20
