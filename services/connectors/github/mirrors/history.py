"""Completes a hash that was cut short. A server takes whole ones only."""

from schemas.errors import RequestError
from services.connectors.github.mirrors.mirror import Mirror
from services.connectors.github.server.refs import Refs
from services.connectors.github.server.remote import Remote

#: With so many digits, the newest commit of a branch or tag is taken for the one that is meant.
_SURE = 7


async def full_hash(mirror: Mirror, remote: Remote, refs: Refs, short: str) -> str:
    """The commit whose hash begins so: the newest of a branch or tag, else one of all commits of branches,
    which are fetched without their trees. Raises RequestError where none or more than one begins so."""
    found = {oid for oid in refs.hashes.values() if oid.startswith(short)}
    if len(found) != 1 or len(short) < _SURE:
        found |= set(await mirror.commits(remote, short))
    if not found:
        raise RequestError(f"{remote.shown} has no commit {short} on any branch. Nothing was deleted")
    if len(found) > 1:
        raise RequestError(f"{len(found)} commits of {remote.shown} begin with {short}; give more digits")
    return found.pop()
