"""Remove secrets from texts that users see."""

import re
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_HIDDEN = "…"
_IN_URL = re.compile(r"(?<=://)[^/@\s]*@")
_HEADER = re.compile(r"(?i)(authorization:\s*)(\S+\s+)?\S+")


def scrubbed(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The text without these secrets, whether plain, URL-encoded or in base64, nor passwords in URLs."""
    for secret in secrets:
        for form in _forms(secret):
            text = text.replace(form, _HIDDEN)
    return _HEADER.sub(rf"\1{_HIDDEN}", _IN_URL.sub(f"{_HIDDEN}@", text))


def basic(token: str) -> str:
    """The value of an `Authorization` header for git servers, which accept any user name."""
    return "Basic " + b64encode(f"x-access-token:{token}".encode()).decode()


def _forms(secret: str) -> Iterator[str]:
    if not secret:
        return
    for coded in (basic(secret).removeprefix("Basic "), b64encode(secret.encode()).decode()):
        yield from (coded, coded.rstrip("="))
    forms = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
    yield from sorted(forms, key=len, reverse=True)
