"""Waits for a push that a server tells of before it shows it: its webhooks and its repositories are not one
system, and a reader may reach a replica."""

import asyncio
from collections.abc import Sequence

import structlog

from services.connectors.github.mirrors.mirror import Mirror
from services.connectors.github.server.refs import Refs
from services.connectors.github.server.remote import Remote

log = structlog.get_logger(__name__)


async def refs_with(remote: Remote, mirror: Mirror, ref: str, commit: str, pauses_s: Sequence[float]) -> Refs:
    """The refs that begin with `ref`, and HEAD, as soon as the server knows a commit that it was pushed to;
    after the last pause as they are.

    A commit that the server knows and `ref` is not at was followed by another push. Raises what `Remote.refs`
    and `Mirror.knows` raise.
    """
    for pause_s in pauses_s:
        refs = await remote.refs([ref])
        if refs.hashes.get(ref) == commit or await mirror.knows(remote, commit):
            return refs
        log.info("a push is not visible yet", repository=remote.shown, commit=commit, again_in_s=pause_s)
        await asyncio.sleep(pause_s)
    return await remote.refs([ref])
