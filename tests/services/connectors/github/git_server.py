"""A git server over HTTP: git's own `http-backend` behind a door that asks for a token, beside GitHub's API
as far as GitHub Apps need it. Counts what is asked, and can be made to fail."""

import asyncio
import gzip
import json
import os
import re
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.services.connectors.github.repositories import Repository

Fault = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
_WANT = re.compile(rb"want ([0-9a-f]{40,64})")


@dataclass
class Asked:
    """One request: `wants` are the objects that it asks for."""

    method: str
    path: str
    token: str | None
    wants: list[str]


@dataclass
class App:
    """A GitHub App, installed on some repositories."""

    app_id: str
    public_key: str
    installed: dict[str, int] = field(default_factory=dict)
    suspended: bool = False
    lifetime_s: float = 3600
    minted: list[dict[str, object]] = field(default_factory=list)
    #: of the server's clock
    ahead_s: float = 0


class GitServer:
    """Repositories below `root`, at `url/owner/name.git`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = ""
        self.asked: list[Asked] = []
        #: Tokens that may read; None is everybody.
        self.tokens: set[str] | None = None
        self.app: App | None = None
        self.fault: Fault | None = None
        self.renamed: dict[str, str] = {}
        #: The number of each repository, as the API says it.
        self.numbers: dict[str, int] = {}
        #: What is in Git LFS, by SHA-256.
        self.lfs: dict[str, bytes] = {}

    def repository(self, name: str, *init: str) -> Repository:
        """A new one, `owner/name`."""
        return Repository(self.root, name, *init)

    @property
    def fetches(self) -> list[Asked]:
        """Requests that ask for objects."""
        return [one for one in self.asked if one.wants]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        body = await request.read()
        plain = gzip.decompress(body) if request.headers.get("Content-Encoding") == "gzip" else body
        token = _token(request)
        wants = [want.decode() for want in _WANT.findall(plain)]
        self.asked.append(Asked(request.method, request.path, token, wants))
        if self.fault is not None and (failed := await self.fault(request)) is not None:
            return failed
        if "/info/lfs/" in request.path or request.path.startswith("/lfs-store/"):
            return self._lfs(request, token, plain)
        if request.path.startswith("/api/v3/"):
            path = request.path.removeprefix("/api/v3")
            if found := re.fullmatch(r"/repos/([^/]+/[^/]+)", path):
                return self._number(request, found[1])
            return self._api(request, path, plain)
        if self.tokens is not None and token not in self.tokens:
            return web.Response(status=404 if token else 401, text="Repository not found.")
        for old, new in self.renamed.items():
            if request.path.startswith(f"/{old}.git/"):
                return web.Response(status=301, headers={"Location": request.path_qs.replace(old, new, 1)})
        return await self._backend(request, plain)

    async def _backend(self, request: web.Request, body: bytes) -> web.StreamResponse:
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query_string,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        }
        process = await asyncio.create_subprocess_exec(
            "git", "http-backend", env=environment, stdin=-1, stdout=-1, stderr=-1
        )
        out, _ = await process.communicate(body)
        head, _, rest = out.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        return web.Response(status=status, body=rest, headers=headers)

    def _lfs(self, request: web.Request, token: str | None, body: bytes) -> web.Response:
        """The batch API, and the store that it names: that is elsewhere, and takes no token of ours."""
        if request.path.startswith("/lfs-store/"):
            assert "Authorization" not in request.headers
            assert request.headers["X-Signed"] == "yes"
            return web.Response(body=self.lfs[request.path.rpartition("/")[2]])
        if self.tokens is not None and token not in self.tokens:
            return web.json_response({"message": "Not found"}, status=404)
        one = json.loads(body)["objects"][0]
        if one["oid"] not in self.lfs:
            return web.json_response({"objects": [{**one, "error": {"code": 404, "message": "gone"}}]})
        href = {"href": f"{self.url}/lfs-store/{one['oid']}", "header": {"X-Signed": "yes"}}
        return web.json_response({"objects": [{**one, "actions": {"download": href}}]})

    def _number(self, request: web.Request, name: str) -> web.Response:
        """What the API says of a repository, also of one that had this name before."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        name = self.renamed.get(name, name)
        if name not in self.numbers or (self.tokens is not None and token not in self.tokens):
            return web.json_response({"message": "Not Found"}, status=404)
        return web.json_response({"id": self.numbers[name], "full_name": name})

    def _api(self, request: web.Request, path: str, body: bytes) -> web.Response:
        app = self.app
        assert app is not None
        now = time.time() + app.ahead_s
        dated = {"Date": formatdate(now, usegmt=True)}
        try:
            claims = jwt.decode(
                request.headers["Authorization"].removeprefix("Bearer "),
                app.public_key,
                ["RS256"],
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            return web.json_response({"message": str(error)}, status=401, headers=dated)
        if not (claims["iss"] == app.app_id and claims["iat"] <= now < claims["exp"] <= now + 600):
            message = "'Expiration time' claim ('exp') is too far in the future"
            return web.json_response({"message": message}, status=401, headers=dated)
        if found := re.fullmatch(r"/repos/([^/]+/[^/]+)/installation", path):
            if (number := app.installed.get(found[1])) is None:
                return web.json_response({"message": "Not Found"}, status=404, headers=dated)
            return web.json_response({"id": number}, headers=dated)
        if app.suspended:
            message = "This installation has been suspended"
            return web.json_response({"message": message}, status=403, headers=dated)
        token = f"ghs_token{len(app.minted)}"
        app.minted.append({"path": path, "token": token, **json.loads(body)})
        assert self.tokens is not None
        self.tokens.add(token)
        until = datetime.fromtimestamp(now + app.lifetime_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return web.json_response({"token": token, "expires_at": until}, status=201, headers=dated)


def key_pair() -> tuple[str, str]:
    """A private key of an App and its public one, in PEM."""
    private = rsa.generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return pem.decode(), public.decode()


def _token(request: web.Request) -> str | None:
    given = request.headers.get("Authorization", "")
    if not given.startswith("Basic "):
        return None
    return b64decode(given.removeprefix("Basic ")).decode().partition(":")[2]


@asynccontextmanager
async def serving(root: Path, port: int = 0) -> AsyncIterator[GitServer]:
    """A server until the end of the block, on a free port if none is given."""
    server = GitServer(root)
    application = web.Application(client_max_size=1024**3)
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, auto_decompress=False, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
