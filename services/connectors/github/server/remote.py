"""A repository on its server: its refs, and how git may fetch from it."""

import asyncio
import re
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

import structlog

from schemas.errors import IngestError, RateLimited, RequestError, TransientError
from services.connectors.github.server.http import Http, identity
from services.connectors.github.server.login import Login
from services.connectors.github.server.refs import NoAccess, Refs, list_refs
from services.connectors.github.server.scrubbing import basic, scrubbed
from services.connectors.github.server.together import Together

log = structlog.get_logger(__name__)

#: Attempts with a refused token that may be too new, and the pause between them: ten seconds in total.
_TRIES, PAUSE_S = 5, 2.5
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?:[0-9a-f]{24})?(?![0-9a-f])")
_NOT_THERE = ("not our ref", "unadvertised object", "couldn't find remote ref")


class NotThere(RequestError):
    """The server does not have an object; `oid`, if it says which."""

    def __init__(self, message: str, oid: str | None) -> None:
        super().__init__(message)
        self.oid = oid


class Remote:
    """One repository, for one run.

    Attributes:
        shown: its name for users, `github:owner/repo`.
        url: its URL; changes if the server says that it has moved.
    """

    def __init__(
        self, http: Http, url: str, shown: str, login: Login, together: Together[Refs] | None = None
    ) -> None:
        """`together` is shared by remotes with the same `http`."""
        self.shown, self.url, self._first_url = shown, url, url
        self._http, self._login, self._together = http, login, together or Together()
        self._secrets: tuple[str, ...] = ()

    async def refs(self, prefixes: Sequence[str]) -> Refs:
        """Refs that begin with these prefixes, and HEAD.

        Raises RequestError without access (which says that nothing is deleted), RateLimited, TransientError.
        """
        for tries_left in range(_TRIES - 1, -1, -1):
            token = await self._token()
            authorization = basic(token) if token else None
            try:
                found = await self._together.ask(
                    (self.url, token, *prefixes),
                    partial(list_refs, self._http, self.url, prefixes, authorization, identity(token)),
                )
            except NoAccess as error:
                if token is None or not tries_left or not self._login.refused(token):
                    raise RequestError(self._no_access(error.status, token)) from None
                await asyncio.sleep(PAUSE_S)
                continue
            except RateLimited:
                raise
            except (RequestError, TransientError) as error:  # it may quote the server's response
                raise type(error)(scrubbed(str(error), self._secrets)) from None
            if found.url != self.url:
                log.warning("repository has moved", repository=self.shown, to=found.url)
                self.url = found.url
            return found
        raise AssertionError

    @property
    def moved_to(self) -> str | None:
        """The repository's new location, if it has moved."""
        return None if self.url == self._first_url else self.url.removesuffix(".git")

    async def configuration(self) -> dict[str, str]:
        """Git's configuration for fetching from here. It is passed in the environment, because every user of
        the machine can read a command line, and a file persists."""
        token = await self._token()
        parts = urlsplit(self.url)
        found = {
            "remote.origin.url": self.url,
            "remote.origin.promisor": "true",
            "remote.origin.partialclonefilter": "blob:none",
            "protocol.version": "2",
            "http.followRedirects": "false",
            "http.emptyAuth": "false",
        }
        if token is not None:
            header = f"Authorization: {basic(token)}"
            found[f"http.{parts.scheme}://{parts.netloc}/.extraHeader"] = header
        return found

    async def explained(self, said: str) -> IngestError:
        """The error for a failed fetch with git's message. Asks the server again, because only HTTP is
        conclusive."""
        said = scrubbed(said, self._secrets)
        if any(sign in said for sign in _NOT_THERE):
            named = _HASH.search(said)
            return NotThere(f"{self.shown} does not have it: {said[-300:]}", named[0] if named else None)
        try:
            await self.refs([])
        except IngestError as found:
            return found
        return TransientError(f"{self.shown} cannot be fetched: {said[-500:]}")

    async def authorization(self) -> dict[str, str]:
        """The header for requests to this host."""
        token = await self._token()
        return {"Authorization": basic(token)} if token else {}

    def who(self) -> str:
        """Identifies the last used token, for rate limits."""
        return identity(self._secrets[-1] if self._secrets else None)

    async def _token(self) -> str | None:
        token = await self._login.token()
        if token is not None and token not in self._secrets:
            self._secrets = (*self._secrets, token)
        return token

    def _no_access(self, status: int, token: str | None) -> str:
        host = urlsplit(self.url).hostname
        who = "without a credential" if token is None else "with the saved credential"
        advice = (
            "a private repository needs a credential (github.credential_id, --github-credential)"
            if token is None
            else "check that the token or app may read its contents, and has not expired"
        )
        return (
            f"no access to {self.shown}: {host} answers {status} {who}, so it does not exist (any more) or "
            f"may not be read; {advice}. Nothing was deleted"
        )
