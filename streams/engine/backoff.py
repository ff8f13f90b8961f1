"""The delay before a retry."""

from collections.abc import Callable

from tenacity import wait_random_exponential
from tenacity.wait import wait_base

from schemas.errors import RateLimited

#: First waits are short, because most faults are a restart of a neighbour (1–4 s); then up to half a minute,
#: full jitter, so that a thousand workers do not come back at once.
_BACKOFF: wait_base = wait_random_exponential(multiplier=0.2, max=30)

#: The longest wait that another side may ask for: one that says a day, or for ever, is asked sooner.
_LONGEST_ASKED_SECONDS = 300.0

Backoff = Callable[[int, Exception], float]


class _Attempt:
    """The attributes that tenacity's wait strategies read."""

    def __init__(self, attempt_number: int) -> None:
        self.attempt_number = attempt_number


def backoff(attempt: int, error: Exception) -> float:
    """Seconds before try `attempt` + 1: the requested delay, else exponential with jitter."""
    if isinstance(error, RateLimited):
        return min(error.retry_after, _LONGEST_ASKED_SECONDS)
    return float(_BACKOFF(_Attempt(attempt)))  # type: ignore[arg-type]
