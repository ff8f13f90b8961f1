"""Addresses of web pages: one spelling for each, and which of them are of one site.

A canonical URL is what is requested, not only what is compared: nothing that a server may tell apart is
changed. Only what cannot matter goes (fragment, default port, letter case of the host), and parameters that
are known to track visitors or to name their session.
"""

import ipaddress
import re
from functools import lru_cache
from urllib.parse import SplitResult, urljoin, urlsplit

#: Longer ones are traps, and more than servers take.
MAX_URL_LENGTH = 2048

_DEFAULT_PORTS = {"http": 80, "https": 443}
_EDGES = "".join(map(chr, range(0x21)))
_BREAKS = re.compile(r"[\t\r\n]")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_NUMBER = re.compile(r"0x[0-9a-f]{0,16}|[0-9]{1,16}")
_TRIPLET = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
#: What may stand in a path or query as it is, `%` included: valid triplets stay.
_LEGAL = frozenset(map(ord, _UNRESERVED)) | frozenset(b"!$&'()*+,;=:@/%?[]|^")
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?;]*", re.I)
_TRACKING = frozenset(
    (
        *(
            "gclid",
            "dclid",
            "gbraid",
            "wbraid",
            "fbclid",
            "msclkid",
            "yclid",
            "twclid",
            "ttclid",
            "li_fat_id",
        ),
        *("igshid", "mc_cid", "mc_eid", "_ga", "_gl", "_hsenc", "_hsmi", "__hstc", "__hssc", "__hsfp"),
        *("mkt_tok", "vero_id", "wickedid", "oly_anon_id", "oly_enc_id", "ref_src"),
    )
)
_SESSIONS = re.compile(
    r"phpsessid|jsessionid|aspsessionid\w*|oscsid|zenid|cfid|cftoken|sessionid|session_id|sessid", re.I
)
_SID = re.compile(r"(?:sid|s)=[0-9a-f]{26,64}", re.I)


def canonical(url: str, base: str | None = None) -> str:
    """The one spelling of an http or https URL, which may be relative to `base`.

    Canonical URLs stay as they are. Raises ValueError with the reason for what is no such URL.
    """
    before, mark, query = _BREAKS.sub("", url.strip(_EDGES)).partition("?")
    text = before.replace("\\", "/") + mark + query
    if base is not None:
        text = urljoin(base, text)
    parts = urlsplit(text)
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise ValueError("it should begin with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it should hold no user name or password")
    result = f"{scheme}://{_netloc(parts, scheme)}{_path(parts.path)}"
    query = _query(parts.query)
    result += f"?{query}" if query else ""
    if len(result) > MAX_URL_LENGTH:
        raise ValueError(f"it should have at most {MAX_URL_LENGTH:,} characters")
    return result


@lru_cache(32_768)  # pages of a site link to the same ones
def origin_of(url: str) -> str:
    """Scheme, host and port of a canonical URL: `https://example.org`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def host_of(url: str) -> str:
    """Host of a canonical URL, with the port unless it is the scheme's own."""
    return origin_of(url).partition("://")[2]


def site_of(url: str) -> str:
    """What `http://`, `https://` and `www.` make no difference to: `example.org`."""
    return host_of(url).removeprefix("www.")


def path_of(url: str) -> str:
    """Path and query of a canonical URL, as patterns see them."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _netloc(parts: SplitResult, scheme: str) -> str:
    host, port = parts.hostname or "", parts.port  # ValueError for a port that is none
    if ":" in host:
        if "%" in host:
            raise ValueError("its address should have no zone")
        host = f"[{_ipv6(host)}]"
    else:
        host = _ascii(host.rstrip("."))
        if not _HOST.fullmatch(host) or len(host) > 253:
            raise ValueError("it has no valid host")
        if _NUMBER.fullmatch(host.rpartition(".")[2]):
            host = _ipv4(host)
    return host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"


def _ipv4(host: str) -> str:
    """An address as browsers and the C library read it: `2130706433`, `0x7f.1` and `0177.0.0.1` are one."""
    numbers = []
    for part in host.split("."):
        if not _NUMBER.fullmatch(part):
            raise ValueError("it has no valid host")
        base = 16 if part.startswith("0x") else 8 if len(part) > 1 and part[0] == "0" else 10
        numbers.append(int(part.removeprefix("0x") or "0", base))  # ValueError for an 8 in an octal one
    *first, last = numbers
    if len(first) > 3 or any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        raise ValueError("it has no valid host")
    value = last + sum(number << (24 - 8 * place) for place, number in enumerate(first))
    return str(ipaddress.IPv4Address(value))


def _ipv6(host: str) -> str:
    """The same on every Python: from 3.13 on an address that holds an IPv4 address is spelled with dots."""
    address = ipaddress.IPv6Address(host)
    if (inner := address.ipv4_mapped) is None:
        return address.compressed
    high, low = divmod(int(inner), 1 << 16)
    return f"::ffff:{high:x}:{low:x}"


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    import idna

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError("it has no valid host") from error


def _path(path: str) -> str:
    encoded = _encoded(_SESSION_IN_PATH.sub("", path))
    kept: list[str] = []
    parts = encoded.split("/")[1:] or [""]
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "..":
            del kept[-1:]
        if part in (".", ".."):
            kept.extend([""] if last else [])
        else:
            kept.append(part)
    return "/" + "/".join(kept)


def _query(query: str) -> str:
    """Without what tracks, and each pair once; what is left stands as it was written."""
    pairs = [pair for pair in dict.fromkeys(query.split("&")) if pair and not _follows_visitors(pair)]
    return _encoded("&".join(pairs))


def _follows_visitors(pair: str) -> bool:
    name = pair.split("=", 1)[0].lower()
    return bool(
        name in _TRACKING or name.startswith("utm_") or _SESSIONS.fullmatch(name) or _SID.fullmatch(pair)
    )


def _encoded(text: str) -> str:
    """Only what is illegal is encoded, only what is unreserved decoded: neither changes what is meant."""
    legal = "".join(
        chr(byte) if byte in _LEGAL else f"%{byte:02X}" for byte in text.encode(errors="surrogatepass")
    )
    return _TRIPLET.sub(_plain, legal)


def _plain(triplet: re.Match[str]) -> str:
    letter = chr(int(triplet[1], 16))
    return letter if letter in _UNRESERVED else triplet[0].upper()
