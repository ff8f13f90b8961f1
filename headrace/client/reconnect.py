"""Retry while the gateway is unavailable: it restarts, or a proxy answers in its place."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from headrace.client.gateway import ApiError, GatewayClient
from schemas.errors import RequestError, TransientError

T = TypeVar("T")

#: A killed gateway is back after one second, a redeployed one after twenty.
_FIRST_S, _LONGEST_S = 0.25, 5.0
#: A proxy sends 502, 503 and 504 in place of the gateway.
PROXY_ERRORS = 502
#: Also the gateway's own errors: broker or Chroma did not answer in time.
ANY_ERRORS = 500


class Outage:
    """An outage of the gateway: how long it has lasted, and whether to keep waiting.

    Args:
        most_s: give up after this many seconds.
        say: called with a message for the user, once per outage.
        statuses_from: responses with this status and above count as no response.
    """

    def __init__(self, most_s: float, say: Callable[[str], None], statuses_from: int = ANY_ERRORS) -> None:
        self._most_s, self._say, self._statuses_from = most_s, say, statuses_from
        self._began: float | None = None
        self._tries = 0

    def over(self) -> None:
        """Note that the gateway has answered."""
        self._began, self._tries = None, 0

    async def wait(self, error: TransientError | RequestError) -> None:
        """Wait before the next attempt. Raises `error` if retrying is pointless, TransientError if the outage
        has lasted too long."""
        if isinstance(error, RequestError) and not (
            isinstance(error, ApiError) and error.status >= self._statuses_from
        ):
            raise error
        now = time.monotonic()
        first = self._began is None
        self._began = now if self._began is None else self._began
        if now - self._began >= self._most_s:
            raise TransientError(f"{error}, for {now - self._began:.0f} s now (HEADRACE_RECONNECT_SECONDS)")
        if first:
            self._say(f"{error}; trying again for {self._most_s:g} s")
        longest = min(_LONGEST_S, _FIRST_S * 2.0 ** min(self._tries, 16))
        self._tries += 1
        left_s = self._most_s - (now - self._began)
        await asyncio.sleep(min(longest * (1 + random.random()) / 2, left_s))  # noqa: S311


async def reconnecting(
    client: GatewayClient,
    call: Callable[[], Awaitable[T]],
    say: Callable[[str], None] = lambda message: None,
    statuses_from: int = ANY_ERRORS,
) -> T:
    """Return the result of `call`, retrying it while the gateway does not answer.

    Only for idempotent calls. Raises TransientError after `client.reconnect_s` seconds.
    """
    outage = Outage(client.reconnect_s, say, statuses_from)
    while True:
        try:
            return await call()
        except (TransientError, ApiError) as error:
            await outage.wait(error)
