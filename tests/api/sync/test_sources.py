import os
from pathlib import Path

import pytest

from services.connectors import Access, origins
from streams.places import Places
from tests.api.conftest import DATABASE, MODEL, Server, Start, create_folder_source

SOURCES = "/api/v1/sources"


async def test_a_created_source_is_shown_with_its_defaults_filled_in(server: Server, roots: Path) -> None:
    (roots / "filled").mkdir()
    body = {
        "folder": {"path": str(roots / "filled"), "include_globs": ["**/*.py", "**/*.md"]},
        "database_name": DATABASE,
        "embedding": {"dense": None, "sparse": None},
        "embedding_model": None,
        "chunking": None,
    }
    created = await server.call("POST", SOURCES, status=201, json=body)
    assert list(created) == ["source_id"]

    source = await server.call("GET", f"{SOURCES}/{created['source_id']}", status=200)

    dense = {"model": MODEL, "task": None}
    assert source.pop("created_at").endswith("Z")
    assert source == {
        "folder": {
            "path": str((roots / "filled").resolve()),
            "include_globs": ["**/*.md", "**/*.py"],
            "exclude_globs": None,
            "include_hidden": False,
            "main_content": False,
        },
        "id": created["source_id"],
        "database_name": DATABASE,
        "embedding_model": dense,
        "embedding": {"dense": dense, "sparse": None},
        "chunking": {"type": "tree_sitter", "max_size_bytes": 1000},
    }


async def test_what_was_configured_is_kept(server: Server, roots: Path) -> None:
    (roots / "kept").mkdir()
    task = {"task_name": "code", "query_prompt": "find", "document_prompt": None}
    body = {
        "folder": {"path": str(roots / "kept")},
        "database_name": DATABASE,
        "embedding": {"dense": {"model": "other/model", "task": task}},
        "chunking": {"type": "lines", "max_lines": 0, "max_size_bytes": 2000},
    }
    created = await server.call("POST", SOURCES, status=201, json=body)

    source = await server.call("GET", f"{SOURCES}/{created['source_id']}", status=200)

    assert source["embedding"] == {"dense": {"model": "other/model", "task": task}, "sparse": None}
    assert source["chunking"] == {"type": "lines", "max_lines": 10, "max_size_bytes": 2000}


async def test_a_source_gets_a_sparse_model_when_it_is_made_or_later(server: Server, roots: Path) -> None:
    (roots / "sparse").mkdir()
    folder = {"folder": {"path": str(roots / "sparse")}}
    source_id = await create_folder_source(server, roots / "sparse")
    path = f"{SOURCES}/{source_id}"

    same = await server.call("PUT", path, status=200, json={**folder, "embedding": {"sparse": None}})
    changed = await server.call("PUT", path, status=200, json={**folder, "embedding": {"sparse": {}}})
    kept = await server.call("PUT", path, status=200, json=folder)

    assert same["embedding"]["sparse"] is None
    assert changed["embedding"]["sparse"] == {"model": "Chroma/BM25", "key": "sparse_embedding"}
    assert kept["embedding"] == changed["embedding"]
    other = {**folder, "embedding": {"dense": {"model": "other/model"}, "sparse": {}}}
    refused = await server.call("PUT", path, status=400, json=other)
    assert "cannot be changed" in refused["message"]
    await server.call("DELETE", path, status=204)
    body = {**folder, "database_name": DATABASE, "embedding": {"sparse": {"key": "words"}}}
    again = await server.call("POST", SOURCES, status=201, json=body)
    assert again["source_id"] == source_id, "it owns the documents that it owned before"
    shown = await server.call("GET", path, status=200)
    assert shown["embedding"]["sparse"] == {"model": "Chroma/BM25", "key": "words"}


async def test_the_older_embedding_model_may_be_a_name_or_an_object(server: Server, roots: Path) -> None:
    for number, older in enumerate(("other/model", {"model": "other/model"})):
        folder = roots / f"older-{number}"
        folder.mkdir()
        body = {"folder": {"path": str(folder)}, "database_name": DATABASE, "embedding_model": older}
        created = await server.call("POST", SOURCES, status=201, json=body)
        source = await server.call("GET", f"{SOURCES}/{created['source_id']}", status=200)
        assert source["embedding_model"] == {"model": "other/model", "task": None}


async def test_the_same_source_twice_is_a_conflict_until_it_is_deleted(server: Server, roots: Path) -> None:
    (roots / "twice").mkdir()
    source_id = await create_folder_source(server, roots / "twice")
    spelt_out = {
        "folder": {"path": f"{roots}/./twice", "include_globs": None},
        "database_name": DATABASE,
        "chunking": {"type": "tree_sitter", "max_size_bytes": 1000},
    }
    refused = await server.call("POST", SOURCES, status=409, json=spelt_out)
    assert refused["error"] == "ChromaError"
    assert refused["source_id"] == source_id

    await server.call("DELETE", f"{SOURCES}/{source_id}", status=204)
    missing = await server.call("GET", f"{SOURCES}/{source_id}", status=404)
    assert missing["error"] == "NotFoundError"
    await server.call("DELETE", f"{SOURCES}/{source_id}", status=404)

    assert await create_folder_source(server, roots / "twice") == source_id


async def test_lists_are_filtered_ordered_and_paged(server: Server, roots: Path) -> None:
    made = []
    for number in range(3):
        (roots / f"listed-{number}").mkdir()
        made.append(await create_folder_source(server, roots / f"listed-{number}"))

    async def ids(**query: str) -> list[str]:
        found = await server.call("GET", SOURCES, status=200, params=query)
        return [source["id"] for source in found]

    newest = await ids(database_name=DATABASE, source_type="folder", limit="3")
    assert set(newest) == set(made)
    assert await ids(limit="1", offset="1") == newest[1:2]
    assert (await ids(order_by="ASC", limit="1000"))[-3:] == newest[::-1]
    assert await ids(limit="0") == []
    assert await ids(database_name="other") == []
    assert await ids(source_type="s3") == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=1001",
        "limit=x",
        "limit=1.0",
        "offset=99999999999999999999",
        "order_by=asc",
        "source_type=ftp",
        "limit=1&limit=2",
        "offset=%D9%A1",
    ],
)
async def test_a_query_that_does_not_fit_is_refused(server: Server, query: str) -> None:
    refused = await server.call("GET", f"{SOURCES}?{query}", status=400)
    assert refused["error"] == "InvalidArgumentError"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ({}, "exactly one"),
        ({"folder": {"path": "/tmp"}, "file_upload": {}}, "exactly one"),
        ({"folder": {"path": "relative"}}, "absolute"),
        ({"folder": {"path": "/etc"}}, "HEADRACE_FOLDER_ROOTS"),
        ({"folder": {"path": "{roots}/nowhere"}}, "does not exist"),
        ({"folder": {"path": "{roots}/../../etc"}}, "HEADRACE_FOLDER_ROOTS"),
        ({"folder": {"path": "{roots}/a\0b"}}, "absolute"),
        ({"folder": {"path": "{roots}", "include_glob": ["*"]}}, "include_glob"),
        ({"folder": {"path": "{roots}", "include_globs": [""]}}, "empty pattern"),
        *(
            ({"folder": {"path": "{roots}", "include_globs": ["*.md", glob]}}, "matches nothing; expected")
            for glob in ("[", "a[", "[/]", "!", "# notes", "/", " ")
        ),
        ({"folder": {"path": "{roots}", "include_globs": ["!*.md"]}}, "use folder.exclude_globs to skip"),
        ({"folder": {"path": "{roots}", "include_globs": ["*.md", "!*"]}}, "together match nothing"),
        ({"folder": {"path": "{roots}", "exclude_globs": ["*"]}}, "together match nothing"),
        ({"folder": {"path": "{roots}", "include_hidden": "yes"}}, "include_hidden"),
        ({"folder": {"path": "{roots}", "main_content": 1}}, "main_content"),
        ({"folder": {"path": 7}}, "folder.path"),
        ({"file_upload": {}}, "add-file"),
        ({"web_scrape": {"starting_url": "ftp://example.org"}}, "http:// or https://"),
        ({"web_scrape": {"starting_url": "https://me:pw@example.org"}}, "no user name or password"),
        ({"web_scrape": {"starting_url": "https://e.org", "page_limit": 0}}, "at least 1"),
        ({"web_scrape": {"starting_url": "https://e.org", "include_path_regexes": ["(?=a)"]}}, "look-around"),
        ({"web_scrape": {"starting_url": "https://e.org", "exclude_path_regexes": ["("]}}, "missing )"),
        ({"github": {}}, "github.repository"),
        ({"s3": {"bucket_name": "b"}}, "s3.region"),
        ({"folder": {"path": "{roots}"}, "embedding": {"dense": {"model": "no/model"}}}, "other/model"),
        ({"folder": {"path": "{roots}"}, "embedding_model": "no/model"}, "other/model"),
        (
            {"folder": {"path": "{roots}"}, "embedding": {"sparse": {"key": "#s"}}},
            "embedding.sparse.key '#s'",
        ),
        ({"folder": {"path": "{roots}"}, "embedding": {"sparse": {"model": "no/model"}}}, "sparse.model"),
        ({"folder": {"path": "{roots}"}, "chunking": {"type": "words"}}, "chunking"),
        ({"folder": {"path": "{roots}"}, "chunking": {"type": "lines", "max_lines": -1}}, "max_lines"),
        ({"folder": {"path": "{roots}"}, "chunking": {"type": "lines", "max_size_bytes": 9}}, "64 to"),
    ],
)
async def test_a_source_that_cannot_be_is_refused_with_the_reason(
    server: Server, roots: Path, source: dict[str, object], reason: str
) -> None:
    folder = source.get("folder")
    if isinstance(folder, dict) and isinstance(folder["path"], str):
        source = {**source, "folder": {**folder, "path": folder["path"].replace("{roots}", str(roots))}}
    refused = await server.call("POST", SOURCES, status=400, json={**source, "database_name": DATABASE})
    assert refused["error"] == "InvalidArgumentError"
    assert reason in refused["message"]


async def test_a_symlink_out_of_the_roots_is_refused(server: Server, roots: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (roots / "way-out").symlink_to(tmp_path / "secret")
    body = {"folder": {"path": str(roots / "way-out")}, "database_name": DATABASE}
    refused = await server.call("POST", SOURCES, status=400, json=body)
    assert "not below HEADRACE_FOLDER_ROOTS" in refused["message"]


async def test_what_is_neither_a_folder_nor_a_file_is_refused(server: Server, roots: Path) -> None:
    os.mkfifo(roots / "pipe")
    body = {"folder": {"path": str(roots / "pipe")}, "database_name": DATABASE}
    refused = await server.call("POST", SOURCES, status=400, json=body)
    assert "neither a folder nor a file" in refused["message"]


async def test_without_roots_no_folder_is_taken(start: Start, roots: Path) -> None:
    server = await start(origins=origins(Access()))
    body = {"folder": {"path": str(roots)}, "database_name": DATABASE}
    refused = await server.call("POST", SOURCES, status=400, json=body)
    assert "HEADRACE_FOLDER_ROOTS" in refused["message"]


@pytest.mark.parametrize("name", ["unknown", "..", "a/b", "x" * 300])
async def test_a_database_that_does_not_exist_is_not_found(server: Server, roots: Path, name: str) -> None:
    body = {"folder": {"path": str(roots)}, "database_name": name}
    refused = await server.call("POST", SOURCES, status=404, json=body)
    assert refused["error"] == "NotFoundError"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"database_name":"\\ud800"}', b"\xff", b"nul\0l"])
async def test_broken_json_is_refused(server: Server, body: bytes) -> None:
    refused = await server.call("POST", SOURCES, status=400, data=body)
    assert refused["error"] == "InvalidArgumentError"
    assert refused["message"].startswith("the body")


async def test_an_id_that_is_no_uuid_is_refused(server: Server) -> None:
    refused = await server.call("GET", f"{SOURCES}/7", status=400)
    assert "UUID" in refused["message"]


@pytest.mark.parametrize("place", ["", "admin.key", "blobs", "alias"])
@pytest.mark.parametrize("mark", [[".headrace-data"], ["lock", "admin.key"]])
async def test_a_data_folder_is_refused_however_it_is_named(
    server: Server, roots: Path, place: str, mark: list[str]
) -> None:
    data = roots / f"data-{len(mark)}"
    (data / "blobs").mkdir(parents=True, exist_ok=True)
    for name in (*mark, "admin.key"):
        (data / name).touch()
    if not (roots / f"alias-{len(mark)}").exists():
        (roots / f"alias-{len(mark)}").symlink_to(data / "blobs")
    path = roots / f"alias-{len(mark)}" if place == "alias" else data / place

    body = {"folder": {"path": str(path)}, "database_name": DATABASE}
    refused = await server.call("POST", SOURCES, status=400, json=body)

    assert "is in a data folder of Headrace" in refused["message"]


@pytest.mark.parametrize("path", ["/proc/self/environ", "/proc", "/sys", "/dev/null", "/dev"])
async def test_what_belongs_to_the_kernel_is_refused(start: Start, path: str) -> None:
    server = await start(origins=origins(Access(Places([Path("/")]))))
    body = {"folder": {"path": path}, "database_name": DATABASE}
    refused = await server.call("POST", SOURCES, status=400, json=body)
    assert "kernel file systems" in refused["message"]


async def test_a_negated_pattern_stays_behind_what_it_takes_back(server: Server, roots: Path) -> None:
    (roots / "ordered").mkdir()
    folder = {
        "path": str(roots / "ordered"),
        "include_globs": ["*.md", "!a.md", "*.md"],
        "include_hidden": True,
        "main_content": True,
    }
    body = {"folder": {**folder, "exclude_globs": ["z", "b"]}, "database_name": DATABASE}
    created = await server.call("POST", SOURCES, status=201, json=body)

    source = await server.call("GET", f"{SOURCES}/{created['source_id']}", status=200)

    assert source["folder"] == {
        "path": str((roots / "ordered").resolve()),
        "include_globs": ["!a.md", "*.md"],
        "exclude_globs": ["b", "z"],
        "include_hidden": True,
        "main_content": True,
    }
