"""Wait until an announced push is visible: a webhook may arrive before the repository, or a replica of it,
shows the commit."""

import asyncio
from collections.abc import Sequence

import structlog

from services.connectors.github.mirrors.mirror import Mirror
from services.connectors.github.server.refs import Refs
from services.connectors.github.server.remote import Remote

log = structlog.get_logger(__name__)


async def refs_with(remote: Remote, mirror: Mirror, ref: str, commit: str, pauses_s: Sequence[float]) -> Refs:
    """The refs that begin with `ref`, and HEAD, as soon as the server knows the pushed commit; after the last
    pause, the current refs.

    If the server knows the commit but `ref` points elsewhere, another push has followed. Raises the errors of
    `Remote.refs` and `Mirror.knows`.
    """
    for pause_s in pauses_s:
        refs = await remote.refs([ref])
        if refs.hashes.get(ref) == commit or await mirror.knows(remote, commit):
            return refs
        log.info("a push is not visible yet", repository=remote.shown, commit=commit, again_in_s=pause_s)
        await asyncio.sleep(pause_s)
    return await remote.refs([ref])
