"""Complete an abbreviated hash, because servers only accept full ones."""

from schemas.errors import RequestError
from services.connectors.github.mirrors.mirror import Mirror
from services.connectors.github.server.refs import Refs
from services.connectors.github.server.remote import Remote

#: With at least this many digits, a matching newest commit of a branch or tag is accepted without further
#: search.
_SURE = 7


async def full_hash(mirror: Mirror, remote: Remote, refs: Refs, short: str) -> str:
    """The commit whose hash has this prefix: the newest of a branch or tag, else any commit of a branch,
    which are fetched without their trees. Raises RequestError if none or more than one matches."""
    found = {oid for oid in refs.hashes.values() if oid.startswith(short)}
    if len(found) != 1 or len(short) < _SURE:
        found |= set(await mirror.commits(remote, short))
    if not found:
        raise RequestError(f"{remote.shown} has no commit {short} on any branch. Nothing was deleted")
    if len(found) > 1:
        raise RequestError(f"{len(found)} commits of {remote.shown} begin with {short}; give more digits")
    return found.pop()
