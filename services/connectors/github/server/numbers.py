"""The id of a repository, from the server's API. A renamed repository keeps its id; one recreated under the
same name gets another."""

import json

import structlog

from schemas.errors import IngestError
from services.connectors.github.server.http import Http, identity
from services.connectors.github.server.login import Login

log = structlog.get_logger(__name__)

_MOST_BYTES = 1_000_000


async def repository_number(http: Http, api: str, name: str, login: Login) -> str | None:
    """The id of `owner/repo`; None if the API does not return it: it may not exist, be unavailable or limit
    requests. That is no error, because the id can be found out later."""
    try:
        token = await login.token()
        headers = {"Accept": "application/json", "User-Agent": "headrace"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        who = f"api {identity(token)}"  # its limits are not those of the git server
        answer = await http.ask("GET", f"{api}/repos/{name}", headers, who=who, most_bytes=_MOST_BYTES)
    except IngestError as error:
        log.info("number of a repository is not known", repository=name, reason=str(error))
        return None
    return _number(answer.body) if answer.status == 200 else None


def _number(body: bytes) -> str | None:
    try:
        found = json.loads(body)["id"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(found) if isinstance(found, int) else None
