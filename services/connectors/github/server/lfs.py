"""Files in Git LFS: https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md"""

import json
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from schemas.errors import DocumentError, TransientError
from services.connectors.github.contents import Pointer
from services.connectors.github.server.http import Answer, Http
from services.connectors.github.server.remote import Remote

_TYPE = "application/vnd.git-lfs+json"


class Lfs:
    """Fetches files up to a size. The batch API's URLs may be on another host, which gets only the headers
    from that API, never our token."""

    def __init__(self, http: Http, most_bytes: int) -> None:
        self._http, self.most_bytes = http, most_bytes

    async def fetch(self, remote: Remote, key: str, wanted: Pointer) -> bytes:
        """The content. Raises DocumentError if the server does not have it or sends different content."""
        headers = {"Accept": _TYPE, "Content-Type": _TYPE, **await remote.authorization()}
        question = {
            "operation": "download",
            "transfers": ["basic"],
            "objects": [{"oid": wanted.oid, "size": wanted.size}],
        }
        url = f"{remote.url.removesuffix('.git')}.git/info/lfs/objects/batch"
        answer = await self._http.ask("POST", url, headers, json.dumps(question).encode(), remote.who())
        action = _action(key, answer)
        href = str(action["href"])
        if urlsplit(href).scheme not in ("http", "https"):
            raise DocumentError(f"{key}: Git LFS names no address of HTTP")
        given = {str(name): str(value) for name, value in (action.get("header") or {}).items()}
        found = await self._http.ask("GET", href, given, who="lfs", most_bytes=wanted.size)
        if found.status >= 500:
            raise TransientError(f"{key}: the LFS server answers {found.status}")
        if found.status != 200 or sha256(found.body).hexdigest() != wanted.oid:
            raise DocumentError(f"{key}: the LFS server answers {found.status}, and not this content")
        return found.body


def _action(key: str, answer: Answer) -> dict[str, Any]:
    if answer.status >= 500:
        raise TransientError(f"{key}: the LFS server answers {answer.status}")
    try:
        one = json.loads(answer.body)["objects"][0]
        action: dict[str, Any] = one["actions"]["download"]
        action["href"]
    except (ValueError, KeyError, IndexError, TypeError):
        raise DocumentError(f"{key}: in Git LFS, and its server does not have it ({answer.status})") from None
    return action
