"""The gateway, built from the settings. It imports `api` when it starts, as the services do theirs."""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from headrace.admin_key import admin_key
from headrace.embedding_models import models_of
from headrace.wiring.access import origins_of, preview_of, saved_credentials
from headrace.wiring.embed_endpoint import embedding_access
from headrace.wiring.shared import Wiring

if TYPE_CHECKING:
    from api import Gateway
    from streams.growth import GrowthKeeper

log = structlog.get_logger(__name__)


async def gateway(wiring: Wiring, stop: asyncio.Event) -> None:
    """Serve until `stop` is set."""
    from api import serve
    from streams.growth import GrowthKeeper

    growth = GrowthKeeper(wiring.cluster, wiring.codec)
    growth.follow()  # before the wait for the end of a growth, which may have nobody who goes on with it
    try:
        await wiring.partitions()
        made = _gateway(wiring, growth)
        async with serve(made, wiring.settings.host, wiring.settings.port) as port:
            log.info("listening", url=f"http://{wiring.settings.host}:{port}")
            await stop.wait()
    finally:
        await growth.close()


def _gateway(wiring: Wiring, growth: "GrowthKeeper") -> "Gateway":
    from api import Gateway, Models
    from headrace.wiring.search import chroma_of, rerank_of, sparse_default_of, sparse_of
    from headrace.wiring.verifying import CollectionVerifier

    settings = wiring.settings
    secret = settings.github_webhook_secret
    served = models_of(settings)
    credentials = saved_credentials(wiring, "api")
    return Gateway(
        cluster=wiring.cluster,
        codec=wiring.codec,
        blobs=wiring.blobs,
        state_folder=wiring.state("api"),
        chroma=chroma_of(wiring),
        models=Models(
            served.default, served.names, settings.embedding_substitute, sparse_default_of(settings)
        ),
        admin_key=admin_key(settings),
        origins=origins_of(wiring, credentials),
        preview=preview_of(wiring, credentials),
        embedding=embedding_access(settings),
        credentials=credentials,
        uploads_per_tenant=settings.uploads_per_tenant,
        webhook_allowed_hosts=frozenset(host.lower() for host in settings.webhook_allowed_hosts),
        github_webhook_secret=secret.get_secret_value() if secret else None,
        github_host=urlsplit(settings.github_url).hostname or "",
        rerank=rerank_of(settings),
        sparse=sparse_of(settings),
        verifier=CollectionVerifier(wiring),
        growth=growth,
    )
