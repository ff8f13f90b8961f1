"""What a source would sync, by the origins of every type, within limits."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from schemas.errors import RequestError
from schemas.sources.folder import FolderConfig
from schemas.sources.github import GithubConfig
from schemas.sources.s3 import S3Config
from schemas.sources.web_scrape import WebScrapeConfig
from services.connectors import Access, GithubAccess, Preview, S3Access, WebAccess, origins
from services.connectors.preview import INLINE
from streams.places import Places
from tests.s3_server import BUCKET, MemoryS3
from tests.s3_server import serving as store_serving
from tests.services.connectors.github.git_server import serving as git_serving
from tests.services.connectors.web.site import page, served


def preview(folder: Path, **access: Any) -> Preview:
    return Preview(origins, Access(**access), folder / "mirrors")


async def test_a_repository_is_looked_at_without_a_trace_outside_its_mirror(tmp_path: Path) -> None:
    async with git_serving(tmp_path / "served") as server:
        files = {f"{number:02}.md": f"text {number}" for number in range(30)}
        server.repository("owner/repo").commit({**files, "logo.png": b"\x89PNG\r\n\x1a\n\0\0"})
        looks = preview(tmp_path, github=GithubAccess(url=server.url))
        config = GithubConfig(repository="owner/repo", include_globs=["*.md", "*.png"])

        checked, found = await looks.look("github", config, "t", None, 1000, 20)
        _, few = await looks.look("github", config, "t", None, 3, 20)
        with pytest.raises(RequestError, match="owner/nothing"):
            await looks.look("github", GithubConfig(repository="owner/nothing"), "t", None, 10, 20)

    assert checked == config
    assert (found.documents, found.complete) == (30, True)
    assert [one.document_key for one in found.first][:2] == ["00.md", "01.md"]
    assert [(one.count, one.examples) for one in found.skipped] == [(1, ["logo.png"])]
    assert (few.documents, few.complete) == (3, False)


async def test_a_bucket_is_looked_at_with_a_pair_that_is_not_saved_and_not_shown(tmp_path: Path) -> None:
    with store_serving(MemoryS3()) as store:
        for number in range(5):
            store.put(f"docs/{number}.md", b"12345")
        store.put("other.md")
        looks = preview(tmp_path, s3=S3Access([store.url]))
        config = S3Config(
            bucket_name=BUCKET,
            region="us-east-1",
            collection_name="docs",
            path_prefix="docs/",
            endpoint_url=store.url,
            credential_id=INLINE,
        )
        pair = {"access_key_id": "AKIAMARKED", "secret_access_key": "marked-secret"}

        _, found = await looks.look("s3", config, "t", pair, 1000, 20)
        with pytest.raises(RequestError, match="credential 7 does not exist"):
            await looks.look("s3", config.model_copy(update={"credential_id": 7}), "t", None, 10, 20)

    assert (found.documents, found.bytes, found.complete) == (5, 25, True)
    assert "marked" not in found.model_dump_json().lower()
    assert all(asked.method in ("GET", "HEAD") for asked in store.asked)


async def test_a_site_is_crawled_as_far_as_there_is_time_for(tmp_path: Path) -> None:
    async with served() as site:
        hanging = asyncio.Event()

        async def hangs(request: web.Request) -> web.Response:
            await hanging.wait()
            return web.Response()

        links = [f"/{number}" for number in range(6)]
        site.pages = {"/": page("start", *links), **{link: page(f"page {link}") for link in links}}
        access = WebAccess(allowed_hosts=frozenset({f"127.0.0.1:{site.port}"}), delay_s=0)
        looks = preview(tmp_path, web=access)
        config = WebScrapeConfig(starting_url=site.url)

        _, whole = await looks.look("web_scrape", config, "t", None, 1000, 60)
        asked = len(site.asked)
        _, few = await looks.look("web_scrape", config, "t", None, 2, 20)
        site.pages["/3"] = hangs
        _, late = await looks.look("web_scrape", config, "t", None, 1000, 4)
        hanging.set()

    assert (whole.documents, whole.complete) == (7, True)
    assert few.documents <= 2
    assert len(site.asked) - asked < 2 * asked
    assert not late.complete
    assert "4 s" in (late.stopped or "")
    assert 1 <= late.documents < 7
    assert whole.bytes == 0
    assert whole.sized == 0


async def test_what_an_origin_refuses_a_preview_refuses(tmp_path: Path) -> None:
    (tmp_path / "allowed").mkdir()
    looks = preview(tmp_path, places=Places([tmp_path / "allowed"]))
    refused = [
        ("folder", FolderConfig(path=str(tmp_path))),
        ("web_scrape", WebScrapeConfig(starting_url="http://169.254.169.254/")),
        ("web_scrape", WebScrapeConfig(starting_url="http://[::1]/")),
        ("github", GithubConfig(repository="https://elsewhere.example/o/r")),
    ]
    for kind, config in refused:
        with pytest.raises(RequestError):
            await looks.look(kind, config, "t", None, 10, 5)


async def test_a_folder_of_many_files_is_looked_at_as_far_as_the_limit(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number:02}.md").write_text("x")
    looks = preview(tmp_path / "other", places=Places([tmp_path]))

    _, found = await looks.look("folder", FolderConfig(path=str(tmp_path)), "t", None, 10, 5)

    assert (found.documents, found.complete, len(found.first)) == (10, False, 10)
