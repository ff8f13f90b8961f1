"""No request of ours reaches a private address, whatever it is called.

The address that a socket is about to connect to is checked, so nothing is resolved twice: a name whose
answer changes, an odd spelling (`2130706433`, `0177.0.0.1`) and a redirect come to the same place.
"""

import ipaddress
import socket
import ssl
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

#: Ports that a guarded request may go to.
PORTS = frozenset({80, 443})
#: What to do if an address is meant, by host.
Advice = Callable[[str], str]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_V4_COMPATIBLE = ipaddress.ip_network("::/96")
#: What `ipaddress` takes for the internet, in some versions of Python, and is none: assignments of the IETF
#: (Oracle's metadata are at 192.0.0.192), site-local addresses, and the host that every machine of Azure has
#: at a public address.
_NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "fec0::/10", "168.63.129.16/32")))


class ForbiddenAddress(OSError):
    """A host that may not be asked."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet; addresses within addresses are unwrapped."""
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
    if any(found in network for network in _NOT_PUBLIC):
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


def host_fault(url: str, advice: Advice) -> str | None:
    """Why a canonical URL may not be asked for, as far as it shows; None if it may."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    try:
        is_address = bool(ipaddress.ip_address(host))
    except ValueError:
        is_address = False
    if (is_address and not is_public(host)) or host == "localhost" or host.endswith(".localhost"):
        return f"{host} is no public address; {advice(parts.netloc)}"
    if port not in PORTS:
        return f"port {port} is not allowed; {advice(parts.netloc)}"
    return None


class GuardedResolver(AbstractResolver):
    """Names to addresses; a name with any private one is refused."""

    def __init__(self, advice: Advice) -> None:
        self._inner, self._advice = ThreadedResolver(), advice

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises ForbiddenAddress."""
        found = await self._inner.resolve(host, port, family)
        for one in found:
            _require_public(one["host"], f"{host} leads to no public address; {self._advice(host)}")
        return found

    async def close(self) -> None:
        """Nothing is open."""
        await self._inner.close()


@cache
def trusted() -> ssl.SSLContext:
    """Certificates are checked against those of the system, or of `SSL_CERT_FILE`."""
    return ssl.create_default_context()


def connector(guarded: bool, advice: Advice, limit_per_host: int = 0) -> aiohttp.TCPConnector:
    """Connections to public addresses alone if `guarded`; at most `limit_per_host` at once, 0 for any."""
    if not guarded:
        return aiohttp.TCPConnector(limit_per_host=limit_per_host, resolver=ThreadedResolver(), ssl=trusted())

    def guarded_socket(address_info: Any) -> socket.socket:
        """A socket for an address that is about to be connected to. Raises ForbiddenAddress."""
        family, kind, protocol, _, address = address_info
        _require_public(address[0], "the host leads to no public address")
        return socket.socket(family=family, type=kind, proto=protocol)

    return aiohttp.TCPConnector(
        limit_per_host=limit_per_host,
        resolver=GuardedResolver(advice),
        socket_factory=guarded_socket,
        use_dns_cache=False,
        ssl=trusted(),
    )


def _require_public(address: str, refusal: str) -> None:
    """Raises ForbiddenAddress with a refusal that does not name the address: who may name hosts would learn
    those of the inside."""
    if not is_public(address):
        raise ForbiddenAddress(refusal)
