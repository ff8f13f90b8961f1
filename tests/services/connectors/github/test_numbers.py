"""A repository that keeps its number under another name, and one that has another under the same name."""

import shutil

import pytest
from aiohttp import web

from schemas.errors import RequestError
from schemas.sources.github import GithubConfig
from tests.services.connectors.github.git_server import GitServer
from tests.services.connectors.github.reading import Reader, Saved
from tests.services.connectors.github.repositories import Repository


def numbers_asked(server: GitServer) -> int:
    return sum(one.path.startswith("/api/") for one in server.asked)


async def test_a_repository_made_anew_under_the_same_name_is_not_read(
    reader: Reader, server: GitServer, repository: Repository
) -> None:
    repository.commit({"a.md": "a"})
    server.numbers["owner/repo"] = 41
    reader.origin_id = await reader.origin.identify(reader.config, "t")
    await reader.read()
    shutil.rmtree(repository.path)
    server.repository("owner/repo").commit({"other.md": "of another repository"})
    server.numbers["owner/repo"] = 42

    with pytest.raises(RequestError, match=r"another repository now .* reads number 41"):
        await reader.read()

    reader.origin_id = await reader.origin.identify(reader.config, "t")  # it is saved again
    assert (await reader.read("other.md")).contents == {"other.md": b"of another repository"}


async def test_a_repository_under_another_name_is_read_on(
    reader: Reader, server: GitServer, repository: Repository
) -> None:
    repository.commit({"a.md": "a"})
    server.numbers["owner/repo"] = 41
    reader.origin_id = await reader.origin.identify(reader.config, "t")
    first = await reader.sync({})
    repository.path.rename(server.root / "owner" / "new-name.git")
    server.renamed["owner/repo"], server.numbers = "owner/new-name", {"owner/new-name": 41}
    repository.path = server.root / "owner" / "new-name.git"
    repository.commit({"b.md": "b"})

    found = await reader.sync(first.versions)

    assert found.contents == {"b.md": b"b"}
    assert found.versions.items() >= first.versions.items()
    assert found.facts["moved_to"] == f"{server.url}/owner/new-name"


async def test_the_number_is_asked_for_where_something_is_new_alone_and_an_api_that_fails_stops_nothing(
    reader: Reader, server: GitServer, repository: Repository
) -> None:
    repository.commit({"a.md": "a"})
    server.numbers["owner/repo"] = 41
    reader.origin_id = "41"
    await reader.read()
    await reader.read()
    assert numbers_asked(server) == 1

    async def limited(request: web.Request) -> web.Response | None:
        spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}
        return web.Response(status=403, headers=spent) if request.path.startswith("/api/") else None

    server.fault = limited
    repository.commit({"a.md": "changed"})
    assert (await reader.read("a.md")).contents == {"a.md": b"changed"}
    assert (await reader.read()).facts["blobs_fetched"] == 0, "the limits of the API are not those of git"


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("body", [b"", b"[]", b'{"id": "text"}', b"{", b'{"id": null}'])
async def test_an_api_that_says_nothing_of_use_is_no_api(
    reader: Reader, server: GitServer, body: bytes
) -> None:
    async def answers(request: web.Request) -> web.Response:
        return web.Response(body=body)

    server.fault = answers
    assert await reader.origin.identify(reader.config, "t") is None


@pytest.mark.usefixtures("repository")
async def test_a_private_repository_is_asked_about_with_its_token(reader: Reader, server: GitServer) -> None:
    server.tokens, server.numbers = {"secret"}, {"owner/repo": 41}
    reader.config = GithubConfig(repository="owner/repo", credential_id=1)
    reader.saved = Saved(github_token={"token": "secret"})
    reader.restart()

    assert await reader.origin.identify(reader.config, "t") == "41"
