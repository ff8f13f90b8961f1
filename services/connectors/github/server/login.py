"""Authentication at the git server: anonymous, a saved token, or a GitHub App.

A source that names a credential is only read with it, never anonymously.
"""

from typing import Protocol

from schemas.errors import RequestError
from schemas.sources.github import GithubConfig
from services.connectors.github.server.app_tokens import AppTokens
from services.connectors.lister import Credentials


class Login(Protocol):
    """Provides a token for each request and git command, because a token may expire within a long run."""

    async def token(self) -> str | None:
        """The current token; None if anonymous. Raises RequestError, RateLimited, TransientError."""
        ...

    def refused(self, token: str) -> bool:
        """Note that the server refused this token. Returns whether to retry, with a new one or later."""
        ...


class Nobody:
    """Public repositories."""

    async def token(self) -> str | None:
        """None."""
        return None

    def refused(self, token: str) -> bool:
        """Nothing would change."""
        return False


class SavedToken:
    """A token that a user has saved."""

    def __init__(self, credentials: Credentials, tenant: str, credential_id: int) -> None:
        self._credentials, self._tenant, self._id = credentials, tenant, credential_id

    async def token(self) -> str | None:
        """The token. Raises RequestError if it does not exist."""
        found = await self._credentials.secret(self._tenant, self._id, "github_token")
        if not found.get("token"):
            raise RequestError(f"credential {self._id} has no token")
        return found["token"]

    def refused(self, token: str) -> bool:
        """Nothing would change."""
        return False


class AppInstallation:
    """A GitHub App that is installed on the repository; its tokens are for this repository alone."""

    def __init__(
        self,
        tokens: AppTokens,
        credentials: Credentials,
        tenant: str,
        credential_id: int,
        app_id: str,
        name: str,
    ) -> None:
        self._tokens, self._credentials = tokens, credentials
        self._tenant, self._id, self._app_id, self._name = tenant, credential_id, app_id, name

    async def token(self) -> str | None:
        """The token. Raises RequestError if the app is not installed, is suspended, or its key is wrong."""
        found = await self._credentials.secret(self._tenant, self._id, "github_app")
        if found.get("app_id", self._app_id) != self._app_id:
            raise RequestError(
                f"credential {self._id} is the key of GitHub App {found['app_id']}, the source names app "
                f"{self._app_id}"
            )
        return await self._tokens.token(self._app_id, found.get("private_key", ""), self._name)

    def refused(self, token: str) -> bool:
        """A new token may not be known everywhere yet; an older one was revoked and is forgotten."""
        return self._tokens.refused(token)


def login_of(
    config: GithubConfig, tenant: str, name: str, credentials: Credentials, tokens: AppTokens
) -> Login:
    """The login for a source; `name` is owner/repo."""
    if config.credential_id is None:
        return Nobody()
    if config.app_id is None:
        return SavedToken(credentials, tenant, config.credential_id)
    return AppInstallation(tokens, credentials, tenant, config.credential_id, config.app_id, name)
