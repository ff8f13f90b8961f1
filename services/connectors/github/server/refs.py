"""The refs of a server: branches and their newest commits, by git's protocol over HTTP.

We do not use `git ls-remote`, because status and headers of the response tell whether access is lost, a limit
is reached or the repository has moved. See gitprotocol-v2, `ls-refs`; older servers list all refs at once.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas.errors import RequestError, TransientError
from services.connectors.github.server.http import Answer, Http

_AGENT = "git/2.39 (headrace)"
_ADVERTISEMENT = "application/x-git-upload-pack-advertisement"
_RESULT = "application/x-git-upload-pack-result"
_HASH = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FLUSH, _DELIMITER = b"0000", b"0001"
HEADS = "refs/heads/"


class NoAccess(RequestError):
    """The server returns 401, 403 or 404: the repository does not exist, or this token has no access."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Refs:
    """The requested refs.

    Attributes:
        hashes: name → hash, as text.
        head: the name of the default branch, in full; also of one without commits, if the server tells it.
        url: of the repository, after redirects.
    """

    hashes: dict[str, str]
    head: str | None
    url: str


async def list_refs(
    http: Http, url: str, prefixes: Sequence[str], authorization: str | None, who: str
) -> Refs:
    """Refs that begin with these prefixes, and HEAD.

    Raises NoAccess; RequestError if the server is not a git server; RateLimited; TransientError for a missing
    or broken response.
    """
    headers = {"User-Agent": _AGENT, "Git-Protocol": "version=2"}
    if authorization is not None:
        headers["Authorization"] = authorization
    answer = await http.ask("GET", f"{url}/info/refs?service=git-upload-pack", headers, who=who)
    _require(answer, _ADVERTISEMENT, url)
    moved = answer.url.partition("/info/refs")[0]
    lines = list(_lines(answer.body))
    if b"version 2" not in lines:
        return _refs(_advertised(lines), moved, prefixes)
    body = _question(lines, prefixes)
    headers |= {"Content-Type": "application/x-git-upload-pack-request", "Accept": _RESULT}
    answer = await http.ask("POST", f"{moved}/git-upload-pack", headers, body, who)
    _require(answer, _RESULT, moved)
    return _refs(list(_lines(answer.body)), moved, prefixes)


def _require(answer: Answer, content_type: str, url: str) -> None:
    """Raise the error for an unsuccessful response."""
    status = answer.status
    if status in (401, 403, 404, 410):
        raise NoAccess(f"the server answers {status}", status)
    if status >= 500 or status in (408, 425):
        raise TransientError(f"{url} answers {status}")
    found = answer.headers.get("content-type", "").partition(";")[0].strip()
    if status != 200 or found != content_type:
        raise RequestError(f"{url} is no git repository: it answers {status} and {found or 'no type'}")


def _lines(body: bytes) -> Iterator[bytes]:
    """The pkt-lines of a body, without line ends and flush packets. Raises TransientError if the body is
    malformed or truncated."""
    at = 0
    ended = False
    while at < len(body):
        length = _length(body[at : at + 4])
        ended = length == 0
        if length > 4:
            if at + length > len(body):
                break
            line = body[at + 4 : at + length]
            if line.startswith(b"ERR "):
                raise RequestError(
                    f"the git server refuses: {line[4:].decode(errors='replace').strip()[:500]}"
                )
            yield line.rstrip(b"\n")
        at += max(length, 4)
    if not ended or at != len(body):
        raise TransientError("the git server's answer breaks off")


def _length(field: bytes) -> int:
    try:
        if len(field) != 4:
            raise ValueError
        return int(field, 16)
    except ValueError:
        raise TransientError("the git server's answer is not git's protocol") from None


def _packet(text: str) -> bytes:
    line = text.encode() + b"\n"
    return b"%04x" % (len(line) + 4) + line


def _question(capabilities: Sequence[bytes], prefixes: Sequence[str]) -> bytes:
    """The body of an `ls-refs` command."""
    head = [_packet("command=ls-refs"), _packet(f"agent={_AGENT.replace(' ', '-')}")]
    head += [_packet(line.decode()) for line in capabilities if line.startswith(b"object-format=")]
    asked = ["peel", "symrefs", "ref-prefix HEAD", *(f"ref-prefix {prefix}" for prefix in prefixes)]
    if any(line.startswith(b"ls-refs=") and b"unborn" in line for line in capabilities):
        asked.append("unborn")
    return b"".join([*head, _DELIMITER, *map(_packet, asked), _FLUSH])


def _advertised(lines: Sequence[bytes]) -> list[bytes]:
    """Convert the response of a server before protocol version 2 to the newer form."""
    found: list[bytes] = []
    target = b""
    for line in lines:
        text, _, capabilities = line.partition(b"\0")
        for one in capabilities.split():
            if one.startswith(b"symref=HEAD:"):
                target = one.removeprefix(b"symref=HEAD:")
        if text.startswith((b"#", b"version ")) or text.endswith((b"^{}",)):
            continue
        head = b" symref-target:" + target if text.endswith(b" HEAD") and target else b""
        found.append(text + head)
    return found


def _refs(lines: Sequence[bytes], url: str, prefixes: Sequence[str]) -> Refs:
    hashes: dict[str, str] = {}
    head: str | None = None
    for line in lines:
        oid, _, rest = line.partition(b" ")
        name_, *attributes = rest.decode(errors="replace").split(" ")
        if not name_ or not (oid == b"unborn" or _HASH.fullmatch(oid)):
            raise TransientError("the git server's answer is not a list of refs")
        peeled = ""
        for attribute in attributes:
            if name_ == "HEAD" and attribute.startswith("symref-target:"):
                head = attribute.removeprefix("symref-target:")
            if attribute.startswith("peeled:"):
                peeled = attribute.removeprefix("peeled:")
        if oid != b"unborn" and (name_ == "HEAD" or any(map(name_.startswith, prefixes))):
            hashes[name_] = peeled or oid.decode()
    return Refs(hashes, head, url)
