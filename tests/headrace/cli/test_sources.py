"""`headrace sources`, for whatever type."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from headrace.cli import ask as ask_module
from headrace.cli import indexed_documents as documents_module
from headrace.cli import sources as sources_module
from headrace.cli.app import run
from schemas.api import InvocationProgress, Job, Source
from tests.headrace.client.fake_gateway import ID, source
from tests.headrace.client.test_progress import COMPLETE, progress


def web(number: int) -> Source:
    shown = source(number).model_dump(mode="json", exclude_unset=True)
    del shown["folder"]
    return Source.model_validate_json(json.dumps({**shown, "web_scrape": {"starting_url": "https://e.org"}}))


def job(collection: str, status: str) -> Job:
    body = {
        "id": ID.format(1),
        "status": status,
        "metadata": {"database_name": "d", "collection_name": collection, "folder": {}},
        "created_at": "2026-01-01T00:00:00Z",
    }
    return Job.model_validate_json(json.dumps(body))


def github(number: int) -> Source:
    shown = source(number).model_dump(mode="json", exclude_unset=True)
    del shown["folder"]
    follow = [{"branch": "main", "target_collection_name": "docs"}]
    return Source.model_validate_json(
        json.dumps({**shown, "github": {"repository": "o/r", "follow": follow}})
    )


class Gateway:
    """A client, as the commands call it."""

    def __init__(self) -> None:
        self.created: list[Any] = []
        self.deleted: list[str] = []
        self.jobs: list[Job] = []
        #: State and chunks of the source's documents, by collection.
        self.filled: dict[str, list[tuple[str, int]]] = {}
        self.ends: list[InvocationProgress] = []

    async def sources(self, **query: str | None) -> list[Source]:
        return [source(1, globs=["*.md"]), web(2), github(4)]

    async def source(self, source_id: str) -> Source:
        return github(4)

    async def create_source(self, payload: Any) -> str:
        self.created.append(payload)
        return ID.format(3)

    async def invocations(self, limit: int, **query: str | None) -> list[Job]:
        assert query == {"source_id": ID.format(4)}
        return self.jobs

    async def collections(self, **query: str | None) -> list[Any]:
        of = [(name, ID.format(4), found) for name, found in self.filled.items()]
        of += [("of others", ID.format(1), [])] if self.filled else []
        return [
            SimpleNamespace(
                name=name,
                source_ids=[source_id],
                documents=Counter(state for state, _ in found),
                rows=sum(chunks for _, chunks in found),
                database_name="d",
                embedding_model="m",
            )
            for name, source_id, found in of
        ]

    async def document_page(self, **query: str | None) -> Any:
        found = self.filled[str(query["collection_name"])]
        return SimpleNamespace(documents=[SimpleNamespace(state=s, chunks=chunks) for s, chunks in found])

    async def delete_source(self, source_id: str) -> None:
        self.deleted.append(source_id)

    async def delete_source_and_documents(self, source_id: str) -> list[str]:
        self.deleted.append(f"{source_id} and documents")
        return [str(number) for number in range(len(self.ends))]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    found = Gateway()

    def ask(data_dir: Path | None, use: Callable[[Any], Awaitable[Any]]) -> Any:
        async def asked() -> Any:
            return await use(found)

        return asyncio.run(asked())

    async def follow(client: Gateway, run: str, show: object, say: object) -> InvocationProgress:
        return client.ends[int(run)]

    for module in (ask_module, sources_module, documents_module):
        monkeypatch.setattr(module, "ask", ask)
    monkeypatch.setattr("headrace.client.sync.follow", follow)
    return found


def test_a_list_says_of_every_type_where_it_reads(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sources", "list"]) == 0

    first, second, third = [line.split("\t") for line in capsys.readouterr().out.splitlines()[1:]]
    assert (first[1], first[3]) == ("folder", "/srv/notes (*.md)")
    assert (second[1], second[3]) == ("web_scrape", "https://e.org")
    assert third[3] == "github:o/r; follows main → docs"


def test_a_source_is_shown_with_what_it_follows_and_fills(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.filled = {"docs": [], "old": []}
    assert run(["sources", "show", ID.format(4)]) == 0

    fields = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert (fields["follows"], fields["fills"]) == ("main → docs", "docs, old")


def test_collections_are_listed_with_what_is_in_them(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["collections", "list"]) == 0
    assert "headrace sync PATH -c COLLECTION" in capsys.readouterr().err

    gateway.filled = {"docs": [("indexed", 7), ("failed", 0)]}
    assert run(["collections", "list"]) == 0
    head, line, _ = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert dict(zip(head, line, strict=True)) == {
        "collection": "docs",
        "database": "d",
        "documents": "2",
        "failed": "1",
        "chunks": "7",
        "model": "m",
    }


def test_a_source_of_any_type_is_created_from_its_configuration(gateway: Gateway) -> None:
    assert run(["sources", "create", "/srv/a", "--include", "*.md"]) == 0
    assert run(["sources", "create", "--config", '{"s3": {"bucket_name": "b"}}', "--model", "m"]) == 0

    folder, bucket = gateway.created
    assert folder["folder"] == {"path": "/srv/a", "include_globs": ["*.md"]}
    assert (bucket["s3"], bucket["embedding"]) == ({"bucket_name": "b"}, {"dense": {"model": "m"}})


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "expected either PATH or --config"),
        (["/srv/a", "--config", "{}"], "expected either PATH or --config"),
        (["--config", "{"], "--config is not JSON"),
        (["--config", "[]"], "--config must be a JSON object, found []"),
        (["--config", "{}", "--include", "*.md"], "require PATH"),
        (["--config", '{"github": {"repository": "o/r", "folow": []}}'], "github has no member 'folow'"),
    ],
)
def test_a_source_that_is_not_said_is_refused(
    gateway: Gateway, arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sources", "create", *arguments]) == 2

    assert reason in capsys.readouterr().err
    assert gateway.created == []


def test_a_deleted_source_says_what_stays_behind(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.jobs = [job("notes", "pending"), job("docs", "processing"), job("never", "cancelled")]
    gateway.filled = {"old": [("indexed", 2)], "kept": [("failed", 3)], "empty": [("failed", 0)]}

    assert run(["sources", "delete", ID.format(4)]) == 0

    assert "its documents stay in docs, kept, notes, old." in capsys.readouterr().err
    assert gateway.deleted == [ID.format(4)]


def test_a_source_that_brought_nothing_is_deleted_without_more_words(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sources", "delete", ID.format(4)]) == 0

    assert capsys.readouterr() == (f"source {ID.format(4)} is deleted\n", "")


def test_a_source_is_deleted_with_its_documents(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.ends = [progress(COMPLETE, deleted=3)]

    assert run(["sources", "delete", ID.format(4), "--documents"]) == 0

    assert capsys.readouterr().out == "3 documents deleted from c\n"
    assert gateway.deleted == [f"{ID.format(4)} and documents"]


@pytest.mark.parametrize("end", [progress(COMPLETE, failed=1), progress({"failed": {"error": "away"}})])
def test_documents_that_could_not_be_deleted_are_told(
    gateway: Gateway, end: InvocationProgress, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.ends = [end]

    assert run(["sources", "delete", ID.format(4), "--documents"]) == 1

    assert "headrace: documents are left in c (" in capsys.readouterr().err
