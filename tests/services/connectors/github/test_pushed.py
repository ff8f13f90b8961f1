"""A push that a webhook tells of before the server shows it."""

from pathlib import Path

from aiohttp import web

from tests.services.connectors.github.git_server import GitServer
from tests.services.connectors.github.reading import Reader
from tests.services.connectors.github.repositories import Repository, git

_PUSHED = {"b.md": "pushed"}


def shows_late(server: GitServer, repository: Repository, after_tries: int, elsewhere: Path) -> str:
    """The commit that a push makes, which is there when the refs have been asked for so often."""
    twin = Repository(elsewhere, "owner/twin")
    before = twin.commit({"a.md": "before"})
    tries = 0

    async def seen(request: web.Request) -> None:
        nonlocal tries
        tries += request.path.endswith("/info/refs")
        if tries == after_tries and repository.sha() == before:
            repository.commit(_PUSHED)

    commit = twin.commit(_PUSHED)
    server.fault = seen
    return commit


async def test_a_run_reads_the_commit_that_it_was_told_of_once_the_server_shows_it(
    server: GitServer, repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"a.md": "before"})
    commit = shows_late(server, repository, 3, tmp_path / "elsewhere")
    reader = Reader(server, tmp_path / "mirrors", push_pauses_s=(0, 0, 0))

    found = await reader.read("b.md", branch="main", after=commit)

    assert found.contents == {"b.md": b"pushed"}
    assert found.facts["commit"] == commit


async def test_a_new_branch_is_waited_for(server: GitServer, repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit({"a.md": "a"})
    reader = Reader(server, tmp_path / "mirrors", push_pauses_s=(0, 0))

    async def made(request: web.Request) -> None:
        if len(server.asked) == 4:
            repository.commit({"n.md": "n"}, "new")

    server.fault = made
    found = await reader.read("n.md", branch="new", after="f" * 40)

    assert found.facts["commit"] != commit


async def test_a_push_that_another_one_followed_is_not_waited_for(
    server: GitServer, repository: Repository, tmp_path: Path
) -> None:
    before = repository.commit({"a.md": "before"})
    newest = repository.commit(_PUSHED)
    reader = Reader(server, tmp_path / "mirrors", push_pauses_s=(3600,))

    found = await reader.read(branch="main", after=before)

    assert found.facts["commit"] == newest


async def test_a_push_that_never_shows_ends_with_what_the_branch_has(
    server: GitServer, repository: Repository, tmp_path: Path
) -> None:
    """The branch was pushed over, and the server has cleared away what was there."""
    newest = repository.commit({"a.md": "a"})
    reader = Reader(server, tmp_path / "mirrors", push_pauses_s=(0, 0, 0, 0))

    found = await reader.read(branch="main", after="f" * 40)

    assert found.facts["commit"] == newest
    assert len([one for one in server.asked if one.wants == ["f" * 40]]) <= 4


async def test_of_a_burst_of_pushes_the_first_run_fetches_the_newest_and_the_others_next_to_nothing(
    server: GitServer, repository: Repository, tmp_path: Path
) -> None:
    repository.commit({f"{number}.md": "text" for number in range(30)})
    reader = Reader(server, tmp_path / "mirrors", push_pauses_s=(3600,))
    await reader.read()
    pushed = [repository.commit({f"{number}.md": f"changed {number}"}) for number in range(10)]
    server.asked.clear()

    runs = [await reader.read(branch="main", after=commit) for commit in pushed]

    assert {run.facts["commit"] for run in runs} == {pushed[-1]}
    assert [run.facts["blobs_fetched"] for run in runs] == [10, *[0] * 9]
    trees = [one.wants for one in server.fetches if len(one.wants) > 1 or one.wants == pushed[-1:]]
    assert [len(wants) for wants in trees] == [1, 10], "trees of the newest commit, and its blobs"
    alone = [one.wants for one in server.fetches if one.wants not in trees]
    assert alone == [[commit] for commit in pushed[:-1]]
    (beside,) = reader.folder.glob("*/pushed.git")
    kinds = git(beside, "cat-file", "--batch-all-objects", "--batch-check").decode().split()[1::3]
    assert kinds == ["commit"] * 9

    server.asked.clear()
    await reader.read(branch="main", after=pushed[3])  # another source of the repository
    assert not server.fetches
