"""Refuse private addresses.

The check is on the address that a socket is about to connect to, without a second resolution. So it covers
DNS answers that change, odd notations (`2130706433`, `0177.0.0.1`) and redirects.
"""

import ipaddress
import socket
import ssl
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from services.connectors.web.access import PORTS, WebAccess

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_V4_COMPATIBLE = ipaddress.ip_network("::/96")


class ForbiddenAddress(OSError):
    """The address is not one that a source may read."""


def is_public(address: str) -> bool:
    """Whether an IP address is global unicast. Embedded IPv4 addresses are unwrapped."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if "%" in address:  # a zone is of a link
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if (inner := _within(found)) is not None:
            return is_public(str(inner))
        if found in _V4_COMPATIBLE:
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def _within(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def refusal(url: str, access: WebAccess) -> str | None:
    """Why a canonical URL must not be requested, as far as the URL tells; None if it may be."""
    parts = urlsplit(url)
    if access.allows(parts.netloc):
        return None
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    try:
        is_address = bool(ipaddress.ip_address(host))
    except ValueError:
        is_address = False
    if (is_address and not is_public(host)) or host == "localhost" or host.endswith(".localhost"):
        return f"{host} is no public address; {_to_allow(parts.netloc)}"
    if port not in PORTS:
        return f"port {port} is not allowed; {_to_allow(parts.netloc)}"
    return None


def _to_allow(host: str) -> str:
    """How to allow a host."""
    return (
        f"if it is meant, set HEADRACE_WEB_ALLOWED_HOSTS={host} for the gateway and the connectors (before "
        "`headrace up`) and restart them"
    )


class GuardedResolver(AbstractResolver):
    """Resolves names. A name with any private address is refused."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises ForbiddenAddress."""
        found = await self._inner.resolve(host, port, family)
        for one in found:
            _require_public(host, one["host"])
        return found

    async def close(self) -> None:
        """Nothing to close."""
        await self._inner.close()


def guarded_socket(address_info: Any) -> socket.socket:
    """A socket for the address to connect to. Raises ForbiddenAddress."""
    family, kind, protocol, _, address = address_info
    _require_public(address[0], address[0])
    return socket.socket(family=family, type=kind, proto=protocol)


@cache
def trusted() -> ssl.SSLContext:
    """Verify certificates against the system's authorities, or those in `SSL_CERT_FILE`."""
    return ssl.create_default_context()


def connector(guarded: bool) -> aiohttp.TCPConnector:
    """One connection per host at a time; only to public addresses if `guarded`."""
    if not guarded:
        return aiohttp.TCPConnector(limit_per_host=1, resolver=ThreadedResolver(), ssl=trusted())
    return aiohttp.TCPConnector(
        limit_per_host=1,
        resolver=GuardedResolver(),
        socket_factory=guarded_socket,
        use_dns_cache=False,
        ssl=trusted(),
    )


def _require_public(host: str, address: str) -> None:
    if not is_public(address):
        leads = "" if host == address else f" leads to {address}, which"
        raise ForbiddenAddress(f"{host}{leads} is no public address; {_to_allow(host)}")
