"""Sessions: a signed cookie that stands for a key, and dies with it.

    payload . MAC      payload = key id, session id, began, until;  MAC over payload and the key's hash

The key of the MAC derives from the admin key, which all gateways share, so every gateway knows a session and
none keeps it. A revoked key has no hash to check against. Sessions that end before their time are recorded on
the topic `api-keys` (`SessionsEnded`).
"""

import base64
import hmac
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256

from aiohttp import web

from api.access import Authenticator, Caller
from api.clock import now
from api.dependencies import Dependencies
from schemas.events import SessionsEnded
from streams.engine.outputs import Send
from streams.topics import API_KEYS

COOKIE = "headrace_session"
#: A session without a request for this long has ended.
IDLE_MS = 60 * 60 * 1000
#: Renewed when so much of it is over: not with every request.
_RENEW_MS = 10 * 60 * 1000
#: After this long one signs in again, whatever happened.
MOST_MS = 12 * 60 * 60 * 1000


@dataclass(frozen=True)
class Session:
    """A browser that has signed in, and the key that it did so with. Times in milliseconds."""

    id: str
    caller: Caller
    began_ms: int
    until_ms: int


class Sessions:
    """Opens, reads and ends sessions.

    Args:
        secret: shared by all gateways, and by nobody else.
        clock: milliseconds since 1970.
    """

    def __init__(
        self,
        secret: str,
        parts: Dependencies,
        clock: Callable[[], int] = lambda: int(time.time() * 1000),
    ) -> None:
        self._secret = _mac(secret.encode("utf-8", "surrogateescape"), b"headrace dashboard")
        self._parts, self._clock = parts, clock

    @property
    def _doorkeeper(self) -> Authenticator:
        return self._parts.doorkeeper

    def open(self, caller: Caller) -> Session:
        """A new session of a caller whose key was checked."""
        began = self._clock()
        return Session(secrets.token_urlsafe(16), caller, began, began + IDLE_MS)

    def seal(self, session: Session) -> str | None:
        """The value of its cookie; None if its key is revoked."""
        if (known := self._doorkeeper.known(session.caller.key_id)) is None:
            return None
        fields = [session.caller.key_id, session.id, session.began_ms, session.until_ms]
        payload = _text(json.dumps(fields, separators=(",", ":")).encode())
        return f"{payload}.{self._sign(payload, known[1])}"

    def read(self, cookie: str | None) -> Session | None:
        """The session of a cookie; None if it is none of ours, has ended, or its key is revoked."""
        payload, _, mac = (cookie or "").partition(".")
        try:
            key_id, id_, began, until = json.loads(base64.urlsafe_b64decode(payload.encode() + b"=="))
            known = self._doorkeeper.known(str(key_id))
            given = mac.encode()
        except (ValueError, TypeError, RecursionError):
            return None
        if known is None or not hmac.compare_digest(self._sign(payload, known[1]).encode(), given):
            return None
        session = Session(str(id_), known[0], int(began), int(until))
        return session if self.goes_on(session) else None

    def goes_on(self, session: Session) -> bool:
        """Whether a session has not ended, and its key is not revoked."""
        if self._clock() >= min(session.until_ms, session.began_ms + MOST_MS):
            return False
        if self._doorkeeper.known(session.caller.key_id) is None:
            return False
        ended = self._parts.catalogue.browse.ended_sessions(session.caller.key_id)
        return not any(
            id_ == session.id or (id_ is None and session.began_ms <= ended_ms) for id_, ended_ms in ended
        )

    def renewed(self, session: Session) -> Session | None:
        """The session with more time, if enough of it is over; else None."""
        until = min(self._clock() + IDLE_MS, session.began_ms + MOST_MS)
        return replace(session, until_ms=until) if until - session.until_ms >= _RENEW_MS else None

    async def end(self, session: Session, everywhere: bool = False) -> None:
        """End a session, or all of its key, on all gateways. Returns when this one knows it."""
        key_id, moment = session.caller.key_id, now()
        ended = SessionsEnded(key_id=key_id, session_id=None if everywhere else session.id, ended_at=moment)
        catalogue = self._parts.catalogue
        for id_, ended_ms in catalogue.browse.ended_sessions(key_id):  # those have run out meanwhile
            if id_ is not None and ended_ms < self._clock() - MOST_MS:
                await self._parts.write(Send(API_KEYS, f"{key_id}/{id_}", None))
        name = f"{key_id}/{'all' if everywhere else session.id}"
        await catalogue.passed(await self._parts.write(Send(API_KEYS, name, ended)))

    def token(self, purpose: str, id_: str) -> str:
        """A token of forms, for a session or a visit."""
        return _text(_mac(self._secret, f"{purpose} {id_}".encode()))

    def _sign(self, payload: str, key_sha256: str) -> str:
        return _text(_mac(self._secret, f"session {payload} {key_sha256}".encode()))


def set_cookie(request: web.Request, response: web.StreamResponse, name: str, value: str) -> None:
    """A cookie that scripts cannot read and no other site can send; over TLS alone where there is some."""
    response.set_cookie(
        name,
        value,
        max_age=IDLE_MS // 1000,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=is_secure(request),
    )


def is_secure(request: web.Request) -> bool:
    """Whether the browser speaks TLS, to a proxy in front of the gateway."""
    return request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, sha256).digest()


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


SESSION = web.RequestKey("session", Session)
SESSIONS = web.AppKey("sessions", Sessions)
