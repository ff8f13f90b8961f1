"""One attempt of a delivery: signed anew, to a public address alone, with a deadline, without redirects."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import structlog
from standardwebhooks import Webhook

from schemas.errors import RequestError
from schemas.events import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from streams.http.addresses import ForbiddenAddress, connector
from streams.http.errors import reason_of, retry_after_seconds
from streams.secrets import Secrets
from streams.state.webhooks import context_of, is_allowed, signing_secrets, to_allow

log = structlog.get_logger(__name__)

#: A receiver has this long to answer; the specification proposes 15 to 30 s.
ANSWER_SECONDS = 15.0
_CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt. `retry_after`: seconds that the receiver asked for."""

    attempt: WebhookAttempt
    retry_after: float | None = None


class Sender:
    """Sends deliveries.

    Args:
        secrets: decrypts those of endpoints.
        allowed_hosts: hosts that may have a private address, lower-case.
        clock: now, in UTC.
    """

    def __init__(
        self,
        secrets: Secrets,
        allowed_hosts: frozenset[str] = frozenset(),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        answer_s: float = ANSWER_SECONDS,
    ) -> None:
        self._secrets, self._allowed, self._clock, self._answer_s = secrets, allowed_hosts, clock, answer_s
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            await session.close()

    async def send(self, endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> Answer:
        """Attempt a delivery. Never raises: a failure is the attempt's."""
        at, began = self._clock(), time.monotonic()
        status, error, retry_after = None, None, None
        try:
            headers = self._headers(endpoint, delivery, at)
            session = self._session(not is_allowed(endpoint.url, self._allowed))
            async with session.post(
                endpoint.url, data=delivery.body.encode(), headers=headers, allow_redirects=False
            ) as response:
                status = response.status
                if status in (429, 503) and (asked := response.headers.get("Retry-After")):
                    retry_after = retry_after_seconds(asked)
        except TimeoutError:
            error = f"no answer within {self._answer_s:g} s"
        except (aiohttp.ClientError, OSError, RequestError, ValueError) as failure:
            error = _reason(failure)[:500]
        except Exception as failure:  # a receiver may answer anything, and others wait for theirs
            log.exception("webhook attempt failed", endpoint=endpoint.id, delivery=delivery.id)
            error = f"unexpected error: {type(failure).__name__}"
        attempt = WebhookAttempt(
            at=at.replace(microsecond=at.microsecond // 1000 * 1000),
            status=status,
            error=error,
            milliseconds=round((time.monotonic() - began) * 1000),
        )
        return Answer(attempt, retry_after)

    def _headers(self, endpoint: WebhookEndpoint, delivery: WebhookDelivery, at: datetime) -> dict[str, str]:
        members = self._secrets.open(endpoint.secret, context_of(endpoint.id, endpoint.tenant))
        signatures = [
            Webhook(secret).sign(delivery.id, at, delivery.body) for secret in signing_secrets(members, at)
        ]
        return {
            "Content-Type": "application/json",
            "User-Agent": "Headrace-Webhooks",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def _session(self, guarded: bool) -> aiohttp.ClientSession:
        if guarded not in self._sessions:
            timeout = aiohttp.ClientTimeout(total=self._answer_s, connect=_CONNECT_SECONDS)
            self._sessions[guarded] = aiohttp.ClientSession(
                connector=connector(guarded, to_allow), timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._sessions[guarded]


def _reason(error: BaseException) -> str:
    """The guard's own word at the end of a chain, or the system's. The receiver's words are not shown."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, ForbiddenAddress):
            return str(at)
        at = at.__cause__ or at.__context__
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not valid"
    return reason_of(error) if isinstance(error, Exception) else type(error).__name__
