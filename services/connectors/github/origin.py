"""The source type `github`."""

import asyncio
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit

import structlog

from schemas.errors import RequestError, TransientError
from schemas.events import RunRequested, Source
from schemas.sources.github import GITHUB, GithubConfig
from services.connectors.github.lister import GithubLister
from services.connectors.github.mirrors.cache import Mirrors
from services.connectors.github.server.app_tokens import AppTokens
from services.connectors.github.server.http import Http
from services.connectors.github.server.lfs import Lfs
from services.connectors.github.server.login import login_of
from services.connectors.github.server.numbers import repository_number
from services.connectors.github.server.refs import Refs
from services.connectors.github.server.remote import Remote
from services.connectors.github.server.together import Together
from services.connectors.lister import Access, Known, Lister

log = structlog.get_logger(__name__)

#: A user is waiting for the check.
_CHECK_SECONDS = 5.0


class GithubOrigin:
    """Repositories of one server."""

    def __init__(self, access: Access) -> None:
        self._access, self._credentials = access.github, access.credentials
        self._http = Http(self._access.stall_s)
        self._tokens = AppTokens(self._http, self._access.api)
        self._mirrors = Mirrors(self._access)
        self._refs: Together[Refs] = Together()

    async def check(self, config: GithubConfig, tenant: str) -> GithubConfig:
        """The configuration, with `owner/repo` in place of a URL. Asks the server once, and raises
        RequestError, as a run would, if it denies access or has no such repository; also for another server
        and for a missing credential. A server that is unavailable or limits requests is no error, because
        runs wait for it."""
        checked = await self.check_run(config, tenant)
        remote = self._remote(checked, tenant, Http(_CHECK_SECONDS, self._http.limits))
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                await remote.refs([])
        except (TransientError, TimeoutError) as error:
            log.info("repository not checked", repository=remote.shown, reason=str(error) or "no answer")
        return checked

    async def identify(self, config: GithubConfig, tenant: str) -> str | None:
        """The id of the repository, if the server's API returns it in time."""
        name = self._name(config.repository)
        login = login_of(config, tenant, name, self._credentials, self._tokens)
        with suppress(TimeoutError):
            async with asyncio.timeout(_CHECK_SECONDS):
                return await repository_number(self._http, self._access.api, name, login)
        return None

    async def check_run(self, config: GithubConfig, tenant: str) -> GithubConfig:
        """The same without asking the server, before a run, which waits for it."""
        if config.credential_id is not None:
            kind = "github_token" if config.app_id is None else "github_app"
            await self._credentials.secret(tenant, config.credential_id, kind)
        return config.model_copy(update={"repository": self._name(config.repository)})

    def open(self, run: RunRequested, known: Known) -> Lister:
        """A repository at the commit that the run asks for."""
        config, options = GITHUB.of(run.source), GITHUB.asked(run.options)
        remote = self._remote(config, run.source.tenant, self._http)
        purpose = f"{run.source.id} {run.collection}"
        lfs = Lfs(self._http, self._access.lfs_bytes)
        lister = GithubLister(
            config, options, remote, self._mirrors, known, purpose, lfs, self._access.push_pauses_s
        )
        if run.source.origin_id is not None:
            lister.before_a_fetch = partial(self._require_same, run.source, config)
        return lister

    async def _require_same(self, source: Source, config: GithubConfig) -> None:
        """Raise RequestError if another repository has taken the name."""
        number = await self.identify(config, source.tenant)
        if number not in (None, source.origin_id):
            raise RequestError(
                f"github:{self._name(config.repository)} is another repository now (number {number}; this "
                f"source reads number {source.origin_id}): it was made anew, or its name has passed on. "
                "Nothing was read or deleted. To read the other one instead, save the source again "
                f"(PUT /api/v1/sources/{source.id})"
            )

    def _remote(self, config: GithubConfig, tenant: str, http: Http) -> Remote:
        name = self._name(config.repository)
        login = login_of(config, tenant, name, self._credentials, self._tokens)
        together = self._refs if http is self._http else None
        return Remote(http, f"{self._access.base}/{name}.git", f"github:{name}", login, together)

    def _name(self, repository: str) -> str:
        """`owner/repo`. Raises RequestError for one on another server."""
        if "://" not in repository:
            return repository
        ours, theirs = urlsplit(self._access.base), urlsplit(repository)
        path = theirs.path.removeprefix(ours.path).strip("/")
        if theirs.hostname != ours.hostname or theirs.port not in (None, ours.port) or path.count("/") != 1:
            raise RequestError(
                f"github.repository: {repository} cannot be read here, repositories are read from "
                f"{self._access.base} (HEADRACE_GITHUB_URL)"
            )
        return path
