"""What a source would sync: asked over HTTP, answered without writing anything."""

from pathlib import Path

import pytest

from services.connectors import Access, GithubAccess, Preview, origins
from streams.places import Places
from streams.state.reader import end_offsets
from streams.topics import CREDENTIALS, SOURCES
from tests.api.conftest import DATABASE, PARTITIONS, Server, Start, create_folder_source

CHECK = "/api/v1/sources/check"


@pytest.fixture(scope="module")
def folder(roots: Path) -> Path:
    made = roots / "checked"
    (made / "sub").mkdir(parents=True)
    for number in range(30):
        (made / f"{number:02}.md").write_text("x" * number)
    (made / ".env").write_text("SECRET=1")
    (made / ".hidden").write_text("")
    return made


@pytest.fixture(scope="module")
def preview(roots: Path, tmp_path_factory: pytest.TempPathFactory) -> Preview:
    access = Access(Places([roots]), github=GithubAccess("http://127.0.0.1:9"))
    return Preview(origins, access, Path(tmp_path_factory.mktemp("mirrors")))


async def test_a_check_counts_names_and_says_why_and_writes_nothing(
    start: Start, preview: Preview, folder: Path
) -> None:
    server = await start(preview=preview)
    places = [(topic.name, partition) for topic in (SOURCES, CREDENTIALS) for partition in range(PARTITIONS)]
    before = end_offsets(server.gateway.cluster, places)

    found = await server.call("POST", CHECK, status=200, json={"folder": {"path": str(folder)}})
    few = await server.call("POST", CHECK, status=200, json={"folder": {"path": str(folder)}, "limit": 5})
    globs = {"path": str(folder), "include_globs": ["1*.md"]}
    some = await server.call("POST", CHECK, status=200, json={"folder": globs})

    assert (found["documents"], found["bytes"], found["sized"]) == (30, sum(range(30)), 30)
    assert (found["complete"], found["stopped"]) == (True, None)
    assert [one["document_key"] for one in found["first"]] == [f"{number:02}.md" for number in range(20)]
    assert sum(one["count"] for one in found["skipped"]) == 2
    assert (few["documents"], few["complete"]) == (5, False)
    assert "limit" in few["stopped"]
    assert some["documents"] == 10
    assert str(folder) in found["source"]
    assert end_offsets(server.gateway.cluster, places) == before


async def test_a_check_names_the_sources_that_bring_the_same(
    start: Start, preview: Preview, folder: Path
) -> None:
    server = await start(preview=preview)
    source_id = await create_folder_source(server, folder)
    body = {"folder": {"path": str(folder / "sub")}, "database_name": DATABASE}

    found = await server.call("POST", CHECK, status=200, json=body)

    assert found["overlapping_source_ids"] == [source_id]


async def test_what_a_run_may_not_read_a_check_may_not_read_either(
    start: Start, preview: Preview, roots: Path
) -> None:
    server = await start(preview=preview)
    for body, words in [
        ({"folder": {"path": "/etc"}}, "HEADRACE_FOLDER_ROOTS"),
        ({"folder": {"path": str(roots / "missing")}}, "does not exist"),
        ({"web_scrape": {"starting_url": "http://169.254.169.254/latest"}}, "169.254.169.254"),
        ({"web_scrape": {"starting_url": "http://localhost:1/"}}, "localhost"),
        (
            {"s3": {"bucket_name": "b-b-b", "region": "us-east-1", "collection_name": "docs"}},
            "aws_credential_id",
        ),
        (
            {
                "s3": {
                    "bucket_name": "b-b-b",
                    "region": "us-east-1",
                    "collection_name": "docs",
                    "endpoint_url": "http://127.0.0.1:1",
                    "aws_access_key_id": "AKIAEXAMPLE",
                    "aws_secret_access_key": "not-to-be-shown",
                }
            },
            "HEADRACE_S3_ENDPOINTS",
        ),
        ({"github": {"repository": "https://elsewhere.example/o/r"}}, "HEADRACE_GITHUB_URL"),
        ({"folder": {"path": str(roots)}, "limt": 3}, "limt"),
        ({"file_upload": {}}, "nothing lists"),
    ]:
        refused = await server.call("POST", CHECK, status=400, json=body)
        assert words in refused["message"], (body, refused)
        assert "not-to-be-shown" not in str(refused)


async def test_a_gateway_without_a_preview_says_so(server: Server, folder: Path) -> None:
    refused = await server.call("POST", CHECK, status=400, json={"folder": {"path": str(folder)}})

    assert "cannot be checked" in refused["message"]
