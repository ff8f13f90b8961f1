"""Branches, commits and servers that are not as one would wish: each has one clear outcome."""

import asyncio
import os
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from schemas.errors import DocumentError, RateLimited, RequestError, TransientError
from services.connectors.github.server.http import Http
from tests.services.connectors.github.git_server import GitServer
from tests.services.connectors.github.reading import Read, Reader
from tests.services.connectors.github.repositories import Content, Repository, git
from tests.services.connectors.listing import Listing


async def test_a_branch_and_a_commit_are_read_as_they_are_asked_for(
    reader: Reader, repository: Repository
) -> None:
    old = repository.commit({"a.md": "old"})
    new = repository.commit({"a.md": "new"})
    other = repository.commit({"b.md": "b"}, branch="feat/x", afresh=True)

    assert (await reader.read(branch="feat/x")).facts["commit"] == other
    assert (await reader.read(branch="HEAD")).facts == {"commit": new, "branch": "main", "blobs_fetched": 1}
    by_hash = await reader.read("a.md", sha=old)
    assert (by_hash.facts["commit"], by_hash.contents) == (old, {"a.md": b"old"})
    assert "branch" not in by_hash.facts


async def test_short_hashes_are_completed_and_ambiguous_ones_refused(
    reader: Reader, repository: Repository
) -> None:
    commits = [repository.commit({"a.md": f"{n}"}) for n in range(40)]
    tip, inside = commits[-1], commits[3]

    assert (await reader.read(sha=tip[:7])).facts["commit"] == tip
    assert (await reader.read(sha=inside[:12])).facts["commit"] == inside
    with pytest.raises(RequestError, match="has no commit ffffffff on any branch"):
        await reader.read(sha="ffffffff")


async def test_an_ambiguous_hash_is_refused(reader: Reader, repository: Repository) -> None:
    stream = b"".join(
        b"commit refs/heads/main\ncommitter t <t@x> %d +0000\ndata 0\n" % (1700000000 + n)
        for n in range(1500)
    )
    git(repository.path, "fast-import", "--quiet", stdin=stream)
    beginnings = [sha[:4] for sha in git(repository.path, "rev-list", "main").decode().split()]
    twice = next(one for one in beginnings if beginnings.count(one) > 1)

    with pytest.raises(RequestError, match=f"commits of github:owner/repo begin with {twice}"):
        await reader.read(sha=twice)
    one = next(sha for sha in git(repository.path, "rev-list", "main").decode().split() if sha[:4] == twice)
    git(repository.path, "update-ref", "refs/heads/one", one)  # the newest of a branch is no more meant
    with pytest.raises(RequestError, match=f"commits of github:owner/repo begin with {twice}"):
        await reader.read(sha=twice)


@pytest.mark.parametrize("sha", ["f" * 40, "e" * 64])
async def test_a_commit_that_is_not_there_fails_the_run(
    reader: Reader, repository: Repository, sha: str
) -> None:
    repository.commit({"a.md": "a"})
    with pytest.raises(RequestError, match=r"github:owner/repo (does not have it|has no commit)"):
        await reader.read(sha=sha)


async def test_a_tag_object_is_what_it_is_on_and_a_tree_is_no_commit(
    reader: Reader, repository: Repository
) -> None:
    sha = repository.commit({"a.md": "a"})
    git(repository.path, "-c", "user.name=t", "-c", "user.email=t@x", "tag", "-a", "v1", "-m", "one", "main")

    assert (await reader.read(sha=repository.sha("v1^{tag}"))).facts["commit"] == sha
    with pytest.raises(RequestError, match="is no commit"):
        await reader.read(sha=repository.sha("main^{tree}"))


async def test_history_that_was_rewritten_is_compared_by_what_is_there(
    reader: Reader, repository: Repository
) -> None:
    repository.commit({"a.md": "a", "b.md": "b", "c.md": "c"})
    repository.commit({"b.md": "b2"})
    first = await reader.sync({})
    repository.commit({"a.md": "a", "b.md": "rewritten", "d.md": "d"}, afresh=True)
    git(repository.path, "gc", "--quiet", "--prune=now")

    found = await reader.sync(first.versions)

    assert found.versions == repository.tree()
    assert found.contents == {"b.md": b"rewritten", "d.md": b"d"}
    assert found.facts["blobs_fetched"] == 2


async def test_a_branch_that_became_a_folder_of_branches(reader: Reader, repository: Repository) -> None:
    repository.commit({"a.md": "a"}, branch="foo")
    await reader.read(branch="foo")
    git(repository.path, "update-ref", "-d", "refs/heads/foo")
    repository.commit({"b.md": "b"}, branch="foo/bar")

    assert list((await reader.read(branch="foo/bar")).versions) == ["b.md"]


async def test_a_branch_that_is_gone_fails_the_run_and_names_the_default_branch(
    reader: Reader, repository: Repository
) -> None:
    repository.commit({"a.md": "a"})
    repository.commit({"a.md": "b"}, branch="next")
    await reader.read(branch="next")
    git(repository.path, "update-ref", "-d", "refs/heads/next")

    with pytest.raises(RequestError, match=r"no branch 'next' .*default branch is 'main'.*Nothing was del"):
        await reader.read(branch="next")


async def test_the_default_branch_is_looked_up_in_each_run(reader: Reader, repository: Repository) -> None:
    repository.commit({"a.md": "a"})
    assert (await reader.read()).facts["branch"] == "main"
    repository.commit({"a.md": "b"}, branch="trunk")
    git(repository.path, "symbolic-ref", "HEAD", "refs/heads/trunk")
    git(repository.path, "update-ref", "-d", "refs/heads/main")

    assert (await reader.read()).facts["branch"] == "trunk"

    git(repository.path, "symbolic-ref", "HEAD", "refs/heads/lost")
    with pytest.raises(RequestError, match="has no default branch"):
        await reader.read()


async def test_a_renamed_repository_is_followed_on_its_host(
    reader: Reader, server: GitServer, repository: Repository
) -> None:
    repository.commit({"a.md": "a"})
    first = await reader.sync({})
    repository.path.rename(server.root / "owner" / "new-name.git")
    server.renamed["owner/repo"] = "owner/new-name"

    found = await reader.sync(first.versions)

    assert (found.versions, found.contents) == (first.versions, {})
    assert found.facts["moved_to"] == f"{server.url}/owner/new-name"


async def test_a_redirect_to_another_host_is_not_followed(
    reader: Reader, server: GitServer, repository: Repository
) -> None:
    repository.commit({"a.md": "a"})

    async def elsewhere(request: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": f"http://localhost:1{request.path_qs}"})

    server.fault = elsewhere
    with pytest.raises(RequestError, match="redirects to another host, http://localhost"):
        await reader.read()


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_lost_access_fails_the_run_though_nothing_has_changed(
    reader: Reader, server: GitServer, repository: Repository, status: int
) -> None:
    repository.commit({"a.md": "a"})
    await reader.read()

    async def refused(request: web.Request) -> web.Response:
        return web.Response(status=status, text="Not Found")

    server.fault = refused
    with pytest.raises(
        RequestError, match=f"no access to github:owner/repo: .*{status}.*Nothing was deleted"
    ):
        await reader.read()


async def test_access_that_is_lost_in_the_middle_fails_the_run(
    reader: Reader, server: GitServer, repository: Repository
) -> None:
    """After the commit was found, before its trees and blobs are fetched."""
    repository.commit({"a.md": "a"})
    for passed in (2, 4):

        async def refused(request: web.Request, first: int = passed) -> web.Response | None:
            return web.Response(status=401) if len(server.asked) > first else None

        server.asked.clear()
        server.fault = refused
        with pytest.raises(RequestError, match="no access to github:owner/repo"):
            await reader.read("a.md")
        assert len(server.asked) > passed


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_server_that_fails_is_asked_again_later(
    reader: Reader, server: GitServer, repository: Repository, status: int
) -> None:
    repository.commit({"a.md": "a"})

    async def fails(request: web.Request) -> web.Response:
        return web.Response(status=status)

    server.fault = fails
    with pytest.raises(TransientError, match=str(status)):
        await reader.read()
    server.fault = None
    assert list((await reader.read()).versions) == ["a.md"]


@pytest.mark.parametrize(
    "sent", [b"\x00\xff garbage", b"", b"0032", None], ids=["noise", "empty", "cut", "gone"]
)
@pytest.mark.parametrize("passed", range(6))
async def test_garbage_and_a_broken_connection_anywhere_cost_another_try_and_nothing_else(
    reader: Reader, server: GitServer, repository: Repository, passed: int, sent: bytes | None
) -> None:
    repository.commit({"a.md": "a" * 5000, "b.md": "b"})

    async def fails(request: web.Request) -> web.Response | None:
        if len(server.asked) <= passed:
            return None
        if sent is None:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        kind = "advertisement" if request.method == "GET" else "result"
        return web.Response(body=sent, content_type=f"application/x-git-upload-pack-{kind}")

    server.fault = fails
    with pytest.raises(TransientError):
        await reader.read("a.md", "b.md")
    assert len(server.asked) > passed
    assert not list(reader.folder.rglob("tmp_*"))

    server.fault = None
    assert (await reader.read("b.md")).contents == {"b.md": b"b"}


@pytest.mark.parametrize("passed", [0, 3])
async def test_a_server_that_says_nothing_is_given_up(
    server: GitServer, repository: Repository, tmp_path: Path, passed: int
) -> None:
    repository.commit({"a.md": "a"})
    reader = Reader(server, tmp_path / "mirrors", stall_s=1.0)
    asked = asyncio.Event()

    async def hangs(request: web.Request) -> web.Response | None:
        if len(server.asked) > passed:
            asked.set()
            await asyncio.sleep(3600)
        return None

    server.fault = hangs
    with pytest.raises(TransientError, match=r"does not answer for|nothing has arrived|cannot be fetched"):
        await reader.read()
    assert asked.is_set()


async def test_a_page_that_is_no_git_is_not_an_empty_repository(
    reader: Reader, server: GitServer, repository: Repository
) -> None:
    async def login_page(request: web.Request) -> web.Response:
        return web.Response(text="<html>please sign in</html>", content_type="text/html")

    server.fault = login_page
    with pytest.raises(RequestError, match="is no git repository: it answers 200 and text/html"):
        await reader.read()


@pytest.mark.parametrize(
    ("headers", "status", "seconds"),
    [
        ({"Retry-After": "7"}, 429, (6, 7)),
        ({"Retry-After": "7"}, 403, (6, 7)),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "{now+90}"}, 403, (80, 92)),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "{now+90}"}, 429, (80, 92)),
        ({"Retry-After": "9" * 400}, 429, (59, 60)),
        ({"Retry-After": "999999999"}, 429, (3599, 3600)),
        ({}, 429, (59, 60)),
        ({}, 403, (59, 60)),
    ],
)
async def test_who_is_told_to_wait_asks_nobody_before_that(
    reader: Reader,
    server: GitServer,
    repository: Repository,
    headers: dict[str, str],
    status: int,
    seconds: tuple[int, int],
) -> None:
    import time

    repository.commit({"a.md": "a"})

    async def limited(request: web.Request) -> web.Response:
        sent = {
            name: value.replace("{now+90}", str(int(time.time()) + 90)) for name, value in headers.items()
        }
        return web.Response(status=status, headers=sent, text="You have exceeded a secondary rate limit")

    server.fault = limited
    with pytest.raises(RateLimited) as first:
        await reader.read()
    server.fault = None
    with pytest.raises(RateLimited) as second:
        await reader.read()

    assert len(server.asked) == 1
    assert seconds[0] <= second.value.retry_after <= first.value.retry_after <= seconds[1]


async def test_what_a_killed_fetch_has_left_is_removed(reader: Reader, repository: Repository) -> None:
    repository.commit({"a.md": "a"})
    await reader.read()
    (mirror,) = reader.folder.glob("*/repository.git")
    left = ["shallow.lock", "HEAD.lock", "objects/pack/tmp_pack_x", "objects/pack/tmp_idx_x"]
    for name in left:
        (mirror / name).write_bytes(b"")
    ref = mirror / "refs" / "headrace" / "x.lock"
    ref.write_bytes(b"")
    repository.commit({"b.md": "b"})
    reader.restart()

    assert sorted((await reader.read()).versions) == ["a.md", "b.md"]
    assert not any((mirror / name).exists() for name in left)
    assert not ref.exists()


async def test_a_mirror_that_is_damaged_or_gone_is_made_anew(reader: Reader, repository: Repository) -> None:
    repository.commit({"a.md": "a"})
    await reader.read()
    (mirror,) = reader.folder.glob("*/repository.git")
    for pack in (mirror / "objects" / "pack").glob("*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:40])
    with pytest.raises(TransientError, match="damaged"):
        await reader.read()
    assert (await reader.read("a.md")).contents == {"a.md": b"a"}


async def test_runs_of_one_repository_fetch_it_once(
    reader: Reader, server: GitServer, repository: Repository
) -> None:
    repository.commit({f"{n}.md": f"{n}" for n in range(20)})

    async def read(number: int) -> Read:
        async with reader.opened(source=f"source-{number}") as lister:
            return Read(await Listing.of(lister), {}, {})

    found = await asyncio.gather(*map(read, range(20)))

    assert all(one.versions == repository.tree() for one in found)
    assert [len(one.wants) for one in server.fetches] == [1, 20]
    assert len(server.asked) == 2 + 2 * 2, "one question for what it has, and two fetches with two requests"

    server.asked.clear()
    await asyncio.gather(*map(read, range(20)))
    assert len(server.asked) == 2


async def test_the_least_recently_used_mirror_makes_room(server: GitServer, tmp_path: Path) -> None:
    one, other = server.repository("owner/one"), server.repository("owner/other")
    for repository in (one, other):
        repository.commit({"big.txt": os.urandom(200_000).hex()})
    reader = Reader(server, tmp_path / "mirrors", cache_bytes=400_000)
    for name in ("owner/one", "owner/other", "owner/one", "owner/one"):
        reader.config = reader.config.model_copy(update={"repository": name})
        assert list((await reader.read("big.txt")).contents) == ["big.txt"]
        assert len(list(reader.folder.iterdir())) == 1


async def test_a_repository_that_does_not_fit_the_cache_fails_with_the_setting(
    server: GitServer, repository: Repository, tmp_path: Path
) -> None:
    git(repository.path, "config", "uploadpack.allowFilter", "false")
    repository.commit({"big.txt": os.urandom(3_000_000).hex()})
    reader = Reader(server, tmp_path / "mirrors", cache_bytes=100_000)
    with pytest.raises(RequestError, match="HEADRACE_GIT_CACHE_BYTES"):
        await reader.read()


async def test_a_file_over_the_limit_is_skipped_and_its_neighbours_are_read(
    reader: Reader, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.connectors.github import contents
    from services.connectors.github.mirrors import mirror

    monkeypatch.setattr(contents, "MAX_FILE_BYTES", 100_000)
    monkeypatch.setattr(mirror, "MAX_FILE_BYTES", 100_000)
    monkeypatch.setattr(mirror, "BATCH_BYTES", 150_000)
    files: dict[str | bytes, Content] = {f"{n}.md": os.urandom(30_000).hex() for n in range(6)}
    repository.commit({**files, "big.md": os.urandom(60_000).hex()})

    found = await reader.read("0.md", "5.md")

    assert found.listing.skipped == {"big.md": "120,000 bytes, the limit is 100,000"}
    assert found.contents == {key: str(files[key]).encode() for key in ("0.md", "5.md")}


async def test_a_blob_that_vanishes_between_listing_and_reading_fails_alone(
    reader: Reader, repository: Repository
) -> None:
    repository.commit({"a.md": "a", "b.md": "b"})
    async with reader.opened() as lister:
        listing = await Listing.of(lister)
        gone = listing.items["a.md"]
        with pytest.raises(DocumentError, match=r"a\.md: the server does not have this version"):
            await lister.read(type(gone)("a.md", "f" * 40))
        assert (await lister.read(listing.items["b.md"])).body == b"b"


async def test_a_server_that_sends_a_byte_now_and_then_is_given_up() -> None:
    async def dripping(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b" ")
            await asyncio.sleep(0.02)

    app = web.Application()
    app.router.add_get("/", dripping)
    async with TestServer(app) as server:
        with pytest.raises(TransientError, match=r"/ sends too slowly: 1 s"):
            async with asyncio.timeout(20):
                await Http(seconds=0.1).ask("GET", str(server.make_url("/")), {})
