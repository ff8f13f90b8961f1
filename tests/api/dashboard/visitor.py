"""A browser without scripts: cookies, forms and their tokens, over plain HTTP."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape

import aiohttp
from multidict import CIMultiDictProxy

from tests.api.conftest import ADMIN_KEY, Server

_TOKEN = re.compile(r'name="csrf" value="([^"]*)"')


@dataclass
class Answered:
    """An answer: its status, headers and text."""

    status: int
    headers: "CIMultiDictProxy[str]"
    text: str

    @property
    def token(self) -> str:
        """The token of its forms."""
        found = _TOKEN.search(self.text)
        assert found is not None, self.text[:2000]
        return unescape(found[1])


class Visitor:
    """One browser."""

    def __init__(self, http: aiohttp.ClientSession, key: str) -> None:
        self.http, self.key = http, key

    async def get(self, path: str, **headers: str) -> Answered:
        """Ask for a page, as a browser does; redirects are not followed."""
        accept = {"Accept": "text/html", **headers}
        async with self.http.get(path, headers=accept, allow_redirects=False) as answer:
            return Answered(answer.status, answer.headers, await answer.text(errors="replace"))

    async def post(
        self, path: str, token: str | None = None, headers: dict[str, str] | None = None, **fields: str
    ) -> Answered:
        """Send a form; with the token of the overview unless another is given."""
        if token is None:
            token = (await self.get("/")).token
        body = {"csrf": token, **fields}
        async with self.http.post(path, data=body, allow_redirects=False, headers=headers) as answer:
            return Answered(answer.status, answer.headers, await answer.text(errors="replace"))

    async def sign_in(self) -> Answered:
        """Sign in with the key."""
        token = (await self.get("/sign-in")).token
        return await self.post("/sign-in", token, key=self.key)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that are kept."""
        return {cookie.key: cookie.value for cookie in self.http.cookie_jar}


@asynccontextmanager
async def visiting(server: Server, key: str = ADMIN_KEY, signed_in: bool = True) -> AsyncIterator[Visitor]:
    """A browser at a gateway."""
    jar = aiohttp.CookieJar(unsafe=True)  # of an address, not a name
    async with aiohttp.ClientSession(server.url, cookie_jar=jar) as http:
        visitor = Visitor(http, key)
        if signed_in:
            assert (await visitor.sign_in()).status == 303
        yield visitor
