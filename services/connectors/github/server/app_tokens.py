"""Tokens of a GitHub App: requested with its private key, valid for one repository, renewed before they
expire.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

from schemas.errors import RequestError, TransientError
from services.connectors.github.server.http import Answer, Http

#: Renew tokens that expire sooner, because a git command may take minutes.
RENEW_S = 300.0
#: A new token may be refused until all servers know it.
YOUNG_S = 10.0
#: GitHub refuses an `iat` that is ahead of its clock and an `exp` that is more than ten minutes ahead.
_BACK_S, _AHEAD_S = 60, 480
#: A clock that is off by more is mentioned when authentication fails.
_CLOCK_S = 30.0
_ACCEPT = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "headrace",
}


@dataclass(slots=True)
class _Token:
    text: str
    since: float
    until: float


class AppTokens:
    """The tokens of all apps in this process.

    Args:
        api: URL of the REST API.
        clock: seconds since 1970, of this machine.
    """

    def __init__(self, http: Http, api: str, clock: Callable[[], float] = time.time) -> None:
        self._http, self._api, self._clock = http, api, clock
        self._ahead = 0.0  # of the server's clock, if known
        self._tokens: dict[tuple[str, str], _Token] = {}
        self._locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def token(self, app_id: str, private_key: str, repository: str) -> str:
        """A token that can read one repository, `owner/repo`, valid for at least five minutes."""
        key = (app_id, repository.lower())
        async with self._locks[key]:
            found = self._tokens.get(key)
            if found is None or found.until - self._now() < RENEW_S:
                found = self._tokens[key] = await self._new(app_id, private_key, repository)
            return found.text

    def refused(self, token: str) -> bool:
        """Whether a retry may succeed: later with this token if it is new, else with another one."""
        for key, found in list(self._tokens.items()):
            if found.text == token:
                if self._now() - found.since >= YOUNG_S:
                    del self._tokens[key]
                return True
        return True

    async def _new(self, app_id: str, private_key: str, repository: str) -> _Token:
        owner_and_name = repository.split("/")
        installation = await self._ask(
            "GET", f"/repos/{repository}/installation", app_id, private_key, repository
        )
        body = {"repositories": [owner_and_name[-1]], "permissions": {"contents": "read", "metadata": "read"}}
        path = f"/app/installations/{int(installation['id'])}/access_tokens"
        made = await self._ask("POST", path, app_id, private_key, repository, body)
        until = datetime.fromisoformat(str(made["expires_at"]).replace("Z", "+00:00")).timestamp()
        return _Token(str(made["token"]), self._now(), until)

    async def _ask(
        self, method: str, path: str, app_id: str, private_key: str, repository: str, body: Any = None
    ) -> dict[str, Any]:
        """A response of the API to the app itself; retried once with a corrected clock."""
        for last in (False, True):
            headers = {**_ACCEPT, "Authorization": f"Bearer {self._signed(app_id, private_key)}"}
            sent = None if body is None else json.dumps(body).encode()
            answer = await self._http.ask(method, self._api + path, headers, sent, f"app {app_id}", 1_000_000)
            if answer.status != 401 or last or not self._corrects_clock(answer):
                break
        if answer.status >= 500:
            raise TransientError(f"{self._api} answers {answer.status}")
        if answer.status not in (200, 201):
            raise RequestError(self._refusal(answer, app_id, repository))
        try:
            found = json.loads(answer.body)
            if not isinstance(found, dict) or not {"id", "token"} & found.keys():
                raise ValueError("no object")
        except ValueError:
            raise TransientError(f"{self._api} answers something else than GitHub's API") from None
        return found

    def _signed(self, app_id: str, private_key: str) -> str:
        now = int(self._now())
        claims = {"iat": now - _BACK_S, "exp": now + _AHEAD_S, "iss": app_id}
        try:
            return jwt.encode(claims, private_key, "RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise RequestError(
                f"the saved private key of GitHub App {app_id} is no RSA key in PEM, as GitHub gives them"
            ) from None

    def _corrects_clock(self, answer: Answer) -> bool:
        """Whether the server's clock differs from what we assumed. Later requests use the correction."""
        theirs = answer.date()
        if theirs is None or abs(theirs - self._now()) < 2:
            return False
        self._ahead = theirs - self._clock()
        return True

    def _now(self) -> float:
        return self._clock() + self._ahead

    def _refusal(self, answer: Answer, app_id: str, repository: str) -> str:
        said = _message(answer)
        clock = ""
        if abs(self._ahead) > _CLOCK_S:
            off = "behind" if self._ahead > 0 else "ahead"
            clock = f"; this machine's clock is {abs(self._ahead):.0f} s {off}"
        if answer.status == 401:
            return f"GitHub App {app_id} cannot sign in ({said}): check its id and its private key{clock}"
        if answer.status == 404:
            return (
                f"GitHub App {app_id} is not installed on {repository}: install it there, or give it access"
            )
        if "suspended" in said.lower():
            return f"the installation of GitHub App {app_id} on {repository} is suspended: {said}"
        return f"GitHub App {app_id} gets no token for {repository} ({answer.status}: {said}){clock}"


def _message(answer: Answer) -> str:
    try:
        found = json.loads(answer.body)
        return str(found["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status}"
