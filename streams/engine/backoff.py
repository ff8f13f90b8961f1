"""The delay before a retry."""

from collections.abc import Callable

from tenacity import wait_random_exponential
from tenacity.wait import wait_base

from schemas.errors import RateLimited

#: The first waits are short, because most faults are restarts of other services (1–4 s); later ones grow to
#: half a minute. Full jitter keeps a thousand workers from retrying at once.
_BACKOFF: wait_base = wait_random_exponential(multiplier=0.2, max=30)

#: Maximum wait that a server may request; one that says a day is asked again sooner.
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
