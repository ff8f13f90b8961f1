"""The `Content-Disposition` header of a part of a form (RFC 7578, 4.2), read exactly as sent.

Names are neither cleaned nor guessed at: two different names are two different documents. A value is a token
or stands in double quotes, where `\\"` is a quote and `\\\\` a backslash (RFC 9110, 5.6.4); `filename*` is
percent-encoded text (RFC 8187) and goes before `filename`.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from api.errors import BadRequest

_PARAMETER = re.compile(
    r""";[ \t]*(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*
        (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<token>[!#$%&'*+.^_`|~0-9A-Za-z-]+))[ \t]*""",
    re.VERBOSE,
)
_KIND = re.compile(r"form-data[ \t]*", re.IGNORECASE)
_TRAILING = re.compile(r"(?:;[ \t]*)*")
_EXTENDED = re.compile(
    r"(?P<charset>[A-Za-z0-9-]+)'[A-Za-z0-9-]*'(?P<text>(?:[!#$&+.^_`|~0-9A-Za-z-]|%[0-9A-Fa-f]{2})*)"
)
_PAIR = re.compile(r"\\(.)")
_CHARSETS = frozenset({"utf-8", "iso-8859-1"})


@dataclass(frozen=True)
class Disposition:
    """The names of a part. `filename` is None if the header has none."""

    name: str
    filename: str | None = None


def read_disposition(header: str | None) -> Disposition:
    """The names in the header. Raises BadRequest for a malformed header or a duplicate parameter."""
    if header is None or not (kind := _KIND.match(header)):
        raise BadRequest("each part needs a header Content-Disposition: form-data; name=…")
    found: dict[str, str] = {}
    place = kind.end()
    while parameter := _PARAMETER.match(header, place):
        name = parameter["name"].lower()
        if name in found:
            raise BadRequest(f"Content-Disposition of a part has {name[:40]!r} twice")
        found[name] = parameter["token"] if parameter["quoted"] is None else _unquote(parameter["quoted"])
        place = parameter.end()
    if not _TRAILING.fullmatch(header, place):
        raise BadRequest(
            f"Content-Disposition of a part cannot be read from {header[place : place + 80]!r} on; a value "
            'with blanks or other signs than letters and digits stands in double quotes: filename="a b.txt"'
        )
    if "name" not in found:
        raise BadRequest("Content-Disposition of a part has no name")
    extended = found.get("filename*")
    return Disposition(found["name"], found.get("filename") if extended is None else _extended(extended))


def _unquote(text: str) -> str:
    """The text of a quoted string. A backslash before anything else is refused: it could mean either."""
    for pair in _PAIR.finditer(text):
        if pair[1] not in '"\\':
            raise BadRequest(
                f"Content-Disposition of a part has a single backslash in {text[:80]!r}; "
                "write a backslash as two"
            )
    return _PAIR.sub(r"\1", text)


def _extended(text: str) -> str:
    form = _EXTENDED.fullmatch(text)
    if form is None or form["charset"].lower() not in _CHARSETS:
        raise BadRequest(f"filename* is {text[:80]!r}, expected UTF-8'' and percent-encoded text (RFC 8187)")
    try:
        return unquote_to_bytes(form["text"]).decode(form["charset"])
    except UnicodeDecodeError as error:
        raise BadRequest(f"filename* {text[:80]!r} is not {form['charset']}") from error
