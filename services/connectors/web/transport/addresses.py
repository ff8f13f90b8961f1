"""No crawl reaches a private address, but for hosts that are allowed by name (`streams.http.addresses`)."""

from urllib.parse import urlsplit

import aiohttp

from services.connectors.web.access import WebAccess
from streams.http import addresses
from streams.http.addresses import ForbiddenAddress, host_fault, is_public

__all__ = ["ForbiddenAddress", "connector", "is_public", "refusal"]


def refusal(url: str, access: WebAccess) -> str | None:
    """Why a canonical URL may not be asked for, as far as it shows; None if it may."""
    return None if access.allows(urlsplit(url).netloc) else host_fault(url, _to_allow)


def connector(guarded: bool) -> aiohttp.TCPConnector:
    """Connections one at a time for each host; to public addresses alone if `guarded`."""
    return addresses.connector(guarded, _to_allow, limit_per_host=1)


def _to_allow(host: str) -> str:
    """What to do about it."""
    return (
        f"if it is meant, set HEADRACE_WEB_ALLOWED_HOSTS={host} for the gateway and the connectors (before "
        "`headrace up`) and restart them"
    )
