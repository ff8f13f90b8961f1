"""The history of this repository, replayed: after each of its steps a run finds what a clean clone has."""

import subprocess
from pathlib import Path

import pytest

from tests.services.connectors.github.git_server import GitServer
from tests.services.connectors.github.reading import Reader
from tests.services.connectors.github.repositories import Repository, git

CHECKOUT = Path(__file__).resolve().parents[4]
LEAST = 100
#: Most runs; the history grows with every commit.
MOST_RUNS = 20


def history() -> list[str]:
    """The commits of this checkout, oldest first."""
    command = ["git", "-C", str(CHECKOUT), "rev-list", "--first-parent", "--reverse", "HEAD"]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    if len(found) < LEAST:
        pytest.skip(
            f"the checkout has {len(found)} commits, the replay needs {LEAST}: fetch its whole history"
        )
    return found


@pytest.mark.faults
async def test_a_real_history_is_followed_exactly_and_costs_what_has_changed(
    server: GitServer, reader: Reader, repository: Repository
) -> None:
    commits = history()
    git(repository.path, "fetch", "--quiet", str(CHECKOUT), f"+{commits[-1]}:refs/heads/main")
    collection: dict[str, str | None] = {}
    contents: dict[str, bytes] = {}
    seen: set[str] = set()

    runs = [*commits[:: max(10, len(commits) // MOST_RUNS)], commits[-1]]
    for commit in runs:
        git(repository.path, "update-ref", "refs/heads/main", commit)
        found = await reader.sync(collection)

        tree = repository.tree(commit)
        assert {**found.versions, **dict.fromkeys(found.listing.skipped)}.keys() == tree.keys()
        assert found.versions == {key: tree[key] for key in found.versions}
        assert found.facts["blobs_fetched"] == len(set(tree.values()) - seen)
        assert set(found.contents) == {
            key for key, sha in found.versions.items() if collection.get(key) != sha
        }
        collection, seen = dict(found.versions), seen | set(tree.values())
        contents = {key: body for key, body in (contents | found.contents).items() if key in collection}

    for key, sha in collection.items():
        assert contents[key] == git(repository.path, "cat-file", "blob", str(sha)), key
    assert len(server.fetches) <= 3 * len(runs)  # the commit, and for each page of the listing its files
