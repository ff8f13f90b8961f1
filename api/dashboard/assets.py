"""Stylesheet, scripts and icons: served under the hash of all of them, so browsers may keep them for ever.

One hash for the whole set lets modules import each other by relative paths.
"""

import mimetypes
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files

from aiohttp import web

_FOLDER = "static"
_KINDS = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
PATH = "/static/{hash}/{name}"


@cache
def _assets() -> tuple[str, Mapping[str, bytes]]:
    folder = files("api.dashboard") / _FOLDER
    found = {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}
    digest = sha256(b"\0".join(name.encode() + b"\0" + found[name] for name in sorted(found)))
    return digest.hexdigest()[:16], found


def asset(name: str) -> str:
    """The path of a file."""
    digest, found = _assets()
    assert name in found, f"{name} is none of {', '.join(found)}"
    return f"/static/{digest}/{name}"


async def serve_asset(request: web.Request) -> web.Response:
    """A file. One of another release is not there."""
    digest, found = _assets()
    name = request.match_info["name"]
    if request.match_info["hash"] != digest or name not in found:
        raise web.HTTPNotFound
    kind = _KINDS.get(name.rpartition(".")[2]) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return web.Response(
        body=found[name],
        content_type=kind,
        charset="utf-8" if kind.startswith("text/") else None,
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        },
    )
