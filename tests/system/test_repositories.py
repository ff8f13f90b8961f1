"""A repository arrives whole and exact, and the collection follows its commits."""

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from schemas.ids import text_sha256
from tests.services.connectors.github.git_server import serving
from tests.services.connectors.github.repositories import Link, Repository
from tests.system.pipeline import Pipeline, chunks_of

pytestmark = pytest.mark.system


def texts(repository: Repository, source: str, contents: dict[str, bytes]) -> dict[str, tuple[str, str, str]]:
    """What must be in the collection: id → text, path, hash of the blob."""
    return {
        f"{text_sha256(f'{source}{chr(0)}{key}')}-{number}": (piece.text, key, repository.blob(key))
        for key, content in contents.items()
        for number, piece in enumerate(chunks_of(key, content))
    }


async def rows(pipeline: Pipeline, collection: str) -> dict[str, tuple[str, str, str]]:
    """What is in the collection, in the same form."""
    found = await pipeline.rows(collection)
    return {id_: (text, m["document_key"], m["version_key"]) for id_, (text, m) in found.items()}


async def run(pipeline: Pipeline, source: str, collection: str, ref: dict[str, str] | None = None) -> Any:
    """Progress of a run that has ended, with its job."""
    payload = {"target_collection_name": collection, "ref_identifier": ref}
    status, body = await pipeline.call("POST", f"/api/v1/sources/{source}/invocations", json=payload)
    assert status == 201, body
    progress = await pipeline.final(body["invocation_id"])
    _, job = await pipeline.call("GET", f"/api/v1/invocations/{body['invocation_id']}")
    return progress, job


async def test_a_collection_follows_the_commits_of_a_repository(pipeline: Pipeline, tmp_path: Path) -> None:
    port = urlsplit(pipeline.environment["HEADRACE_GITHUB_URL"]).port
    assert port is not None
    async with serving(tmp_path, port) as server:
        repository = server.repository("owner/repo")
        contents = {f"docs/{n:02}.md": f"# Page {n}\n\nWhat page {n} says.\n".encode() for n in range(20)}
        contents["src/tool.py"] = b"def main() -> None:\n    print('hello')\n"
        first = repository.commit({**contents, "logo.png": b"\x89PNG\0", "link.md": Link(b"docs/00.md")})
        source = await pipeline.source_of({"github": {"repository": f"{server.url}/owner/repo.git"}})

        progress, job = await run(pipeline, source, "repository")

        counts = {name: count for name, count in progress["counts"].items() if name in OUTCOMES}
        assert counts == {"indexed": 21, "unchanged": 0, "deleted": 0, "failed": 0, "skipped": 2}
        assert await rows(pipeline, "repository") == texts(repository, source, contents)
        assert job["metadata"]["github"] == {"git_ref_identifier": {"branch": "main"}, "commit": first}

        contents["docs/03.md"] = b"# Page 3\n\nAnother text.\n"
        contents["docs/moved.md"] = contents.pop("docs/04.md")
        del contents["docs/05.md"]
        changes = {
            "docs/03.md": contents["docs/03.md"],
            "docs/moved.md": contents["docs/moved.md"],
        }
        second = repository.commit({**changes, "docs/04.md": None, "docs/05.md": None})
        server.asked.clear()
        progress, job = await run(pipeline, source, "repository", {"branch": "main"})

        counts = {name: count for name, count in progress["counts"].items() if name in OUTCOMES}
        assert counts == {"indexed": 2, "unchanged": 18, "deleted": 2, "failed": 0, "skipped": 2}
        assert await rows(pipeline, "repository") == texts(repository, source, contents)
        assert job["metadata"]["github"]["commit"] == second
        assert [len(one.wants) for one in server.fetches] == [
            1,
            1,
        ]  # the commit; one blob, as a move has none

        shutil.rmtree(pipeline.data / "cache" / "git-0")  # a cache: what earlier runs have seen is known
        server.asked.clear()
        progress, _ = await run(pipeline, source, "repository")
        # Of what is indexed nothing; the picture again, to see that it is one.
        assert [len(one.wants) for one in server.fetches] == [1, 1]
        assert (progress["counts"]["unchanged"], progress["facts"]["blobs_fetched"]) == (20, 1)
        server.asked.clear()
        progress, _ = await run(pipeline, source, "repository")
        assert (progress["counts"]["unchanged"], progress["counts"]["skipped"]) == (20, 2)
        assert not server.fetches

        await embeds_only_what_is_new(pipeline, repository, source, contents)

        server.tokens = {"only-with-this"}
        progress, _ = await run(pipeline, source, "repository")
        assert "no access to github:owner/repo" in progress["status"]["failed"]["error"]
        assert await rows(pipeline, "repository") == texts(repository, source, contents)

        secret = {"kind": "github_token", "name": "reader", "secret": {"token": "only-with-this"}}
        status, saved = await pipeline.call("POST", "/api/v1/credentials", json=secret)
        assert status == 201, saved
        private = {"repository": "owner/repo", "credential_id": saved["id"]}
        status, body = await pipeline.call("PUT", f"/api/v1/sources/{source}", json={"github": private})
        assert (status, body["github"]["credential_id"]) == (200, saved["id"])
        progress, _ = await run(pipeline, source, "repository")
        assert (progress["counts"]["unchanged"], progress["facts"]["blobs_fetched"]) == (20, 0)

        progress, job = await run(pipeline, source, "before", {"sha": first[:12]})
        assert progress["counts"]["indexed"] == 21
        assert job["metadata"]["github"] == {"git_ref_identifier": {"sha": first[:12]}, "commit": first}


async def embeds_only_what_is_new(
    pipeline: Pipeline, repository: Repository, source: str, contents: dict[str, bytes]
) -> None:
    """A new collection, and a branch in another one: all is indexed there, and what has the same text has its
    vector already."""
    before = await pipeline.embedded()
    progress, _ = await run(pipeline, source, "again")
    assert progress["counts"]["indexed"] == len(contents)
    assert await rows(pipeline, "again") == texts(repository, source, contents)
    assert await pipeline.embedded() == before

    changed = {
        "docs/07.md": b"# Page 7\n\nA text of the branch.\n",
        "docs/new.md": b"# A new page\n\nOf the branch.\n",
    }
    repository.branch("next", changed)
    progress, _ = await run(pipeline, source, "next", {"branch": "next"})
    assert progress["counts"]["indexed"] == len(contents) + 1
    chunks = sum(len(chunks_of(key, content)) for key, content in changed.items())
    assert await pipeline.embedded() == before + chunks


OUTCOMES = ("indexed", "unchanged", "deleted", "failed", "skipped")
