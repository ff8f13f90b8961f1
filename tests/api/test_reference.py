"""The reference of the API as a page."""

import html
import re
from html.parser import HTMLParser

from api.openapi import openapi
from api.reference.page import page
from tests.api.conftest import Server


class Collected(HTMLParser):
    """Elements, attributes and ids of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names += attrs


def collected() -> Collected:
    found = Collected()
    found.feed(page()[0])
    return found


def test_every_operation_and_every_member_of_its_bodies_is_there() -> None:
    text = html.unescape(page()[0])
    ids = {value for name, value in collected().names if name == "id"}
    for path, methods in openapi()["paths"].items():
        assert path in text
        assert {operation["operationId"] for operation in methods.values()} <= ids
    for member in ("target_collection_name", "next_cursor", "chunk_list", "documents_per_second"):
        assert f"<code>{member}</code>" in text


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    found = collected()
    assert not {"script", "link", "img", "iframe"} & found.tags
    links = {value or "" for name, value in found.names if name in ("href", "src")}
    assert all(link.startswith(("#", "/openapi.json")) for link in links)
    assert not [name for name, _ in found.names if name.startswith("on") or name == "style"]
    assert not re.search(r"url\(|@import", page()[0])


async def test_it_needs_no_key_and_has_a_policy(server: Server) -> None:
    async with server.client.get("/docs") as response:
        assert response.status == 200
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    await server.call("GET", "/openapi.json", status=200, key=None)
