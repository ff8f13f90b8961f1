import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import FormData
from prometheus_client import REGISTRY

from api import Gateway, serve
from schemas.events import RunRequested
from streams.blobs import BlobStore
from streams.topics import RUNS
from tests.api.conftest import ADMIN_KEY, DATABASE, Server, Start, asked_runs
from tests.api.raw import head, send
from tests.conftest import Chroma
from tests.waiting import eventually

ADD_FILE = "/api/v1/add-file"
LENGTH = "x-upload-content-length"
MIB = 1024 * 1024


def form(content: bytes = b"some text", filename: str | None = "notes.md", **fields: str) -> FormData:
    """A body in the contract's order. A field of None is left out."""
    parts = FormData(quote_fields=False)
    for name, value in {"database_name": DATABASE, "collection_name": "uploads", **fields}.items():
        parts.add_field(name, value)
    parts.add_field("file", content, filename=filename, content_type="application/octet-stream")
    return parts


async def add(server: Server, content: bytes = b"some text", /, *, status: int, **fields: Any) -> Any:
    headers = {LENGTH: str(len(content))}
    return await server.call("POST", ADD_FILE, status=status, data=form(content, **fields), headers=headers)


async def requested(server: Server, invocation_id: str) -> RunRequested:
    """What the connector of uploads is asked."""
    asked = await asked_runs(server, RUNS["file_upload"])
    return next(event for event in asked if event.invocation_id == invocation_id)


async def test_an_uploaded_file_arrives_whole_with_all_its_options(server: Server) -> None:
    content = bytes(range(256)) * 1024  # 256 KB: more than travels inline
    created = await add(
        server,
        content,
        status=201,
        filename="a/b c ü.md",
        custom_id="doc-7",
        metadata='{"team": "blue", "rank": 1, "tags": ["x", "y"], "gone": null, "share": [1, 2.5]}',
        embedding='{"dense": {"model": "other/model"}, "sparse": null}',
        chunking='{"type": "lines", "max_lines": 5}',
        content_type="text/markdown",
        main_content="true",
    )

    asked = await requested(server, created["invocation_id"])

    upload = asked.upload
    assert upload is not None
    assert upload.filename == "a/b c ü.md"
    assert upload.content.sha256 == hashlib.sha256(content).hexdigest()
    assert await server.gateway.blobs.get(upload.content) == content
    assert upload.custom_id == "doc-7"
    assert upload.metadata == {
        "team": "blue",
        "rank": 1,
        "tags": ["x", "y"],
        "gone": None,
        "share": [1.0, 2.5],
    }
    assert upload.embedding.model == "other/model"
    assert (upload.chunking.type, upload.chunking.max_lines, upload.chunking.max_size_bytes) == (
        "lines",
        5,
        4096,
    )
    assert upload.content_type == "text/markdown"
    assert upload.main_content
    assert (asked.collection, asked.source.type) == ("uploads", "file_upload")


async def test_uploads_of_a_database_share_one_source_that_is_made_by_the_first(server: Server) -> None:
    runs = [(await add(server, status=201, filename=f"{n}.txt"))["invocation_id"] for n in range(2)]
    jobs = [await server.call("GET", f"/api/v1/invocations/{run}", status=200) for run in runs]

    assert jobs[0]["source_id"] == jobs[1]["source_id"]
    assert jobs[0]["metadata"] == {
        "database_name": DATABASE,
        "collection_name": "uploads",
        "file_upload": {"object_key": "0.txt", "custom_id": None},
    }
    source = await server.call("GET", f"/api/v1/sources/{jobs[0]['source_id']}", status=200)
    assert source["file_upload"] == {}
    path = f"/api/v1/sources/{source['id']}/invocations"
    await server.call("POST", path, status=400, json={"target_collection_name": "notes"})


async def test_the_newest_invocation_of_each_key_is_found(server: Server) -> None:
    runs = [(await add(server, status=201, filename="again.txt"))["invocation_id"] for _ in range(2)]
    source_id = (await server.call("GET", f"/api/v1/invocations/{runs[0]}", status=200))["source_id"]
    path = f"/api/v1/sources/{source_id}/invocations/latest-by-keys"

    found = await server.call("POST", path, status=200, json={"object_keys": ["again.txt", 'no"ne']})

    assert list(found) == ["again.txt"]
    assert found["again.txt"]["id"] == runs[1]
    await server.call("POST", path, status=400, json={"object_keys": ["x"] * 1001})


async def test_optional_parts_may_follow_the_file(server: Server) -> None:
    parts = form(b"x")
    parts.add_field("custom_id", "late")
    headers = {LENGTH: "1"}
    created = await server.call("POST", ADD_FILE, status=201, data=parts, headers=headers)
    upload = (await requested(server, created["invocation_id"])).upload
    assert upload is not None
    assert upload.custom_id == "late"
    assert upload.content_type is None


@pytest.mark.parametrize("missing", ["database_name", "collection_name"])
async def test_a_file_before_its_database_or_collection_is_refused(server: Server, missing: str) -> None:
    parts = FormData()
    names = {"database_name": DATABASE, "collection_name": "uploads"}
    for name in names:
        if name != missing:
            parts.add_field(name, names[name])
    parts.add_field("file", b"x", filename="x.txt")
    parts.add_field(missing, names[missing])
    refused = await server.call("POST", ADD_FILE, status=400, data=parts, headers={LENGTH: "1"})
    assert "must precede 'file'" in refused["message"]
    assert missing in refused["message"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"filename": "../x.txt"}, "'..'"),
        ({"filename": "a/../../x.txt"}, "'..'"),
        ({"filename": "..\\x.txt"}, "'..'"),
        ({"filename": "a\tb.txt"}, "control characters"),
        ({"filename": "a\x85b.txt"}, "control characters"),
        ({"filename": "x" * 4097}, "at most 4096"),
        ({"custom_id": "é" * 61}, "122 bytes"),
        ({"custom_id": ""}, "must not be empty"),
        ({"metadata": "{"}, "not JSON"),
        ({"metadata": "[]"}, "JSON object, found an array"),
        ({"metadata": "null"}, "JSON object, found null"),
        ({"metadata": '{"a": {}}'}, "scalar"),
        ({"metadata": '{"a": NaN}'}, "not JSON"),
        ({"metadata": '{"chroma_x": 1}'}, "reserved"),
        ({"metadata": '{"document_key": "x"}'}, "reserved"),
        ({"metadata": json.dumps({"a": "x" * 16384})}, "16384 bytes"),
        ({"embedding": '{"dense": {}}'}, "dense.model"),
        ({"embedding": '{"sparse": {"key": "document_key"}}'}, "reserved"),
        ({"embedding": '{"sparse": {"key": "w"}}', "metadata": '{"w": 1}'}, "that of the sparse vector"),
        ({"embedding": '{"dense": {"model": "no/model"}}'}, "other/model"),
        ({"chunking": "tree_sitter"}, "chunking"),
        ({"content_type": "x" * 513}, "at most 512"),
        ({"main_content": "yes"}, "main_content must be true or false, found 'yes'"),
        ({"collection_name": "a b"}, "3 to 512"),
        ({"database_name": ""}, "database_name"),
        ({"surprise": "x"}, "'surprise' is unknown"),
    ],
)
async def test_an_upload_that_cannot_be_is_refused_with_the_reason(
    server: Server, fields: dict[str, str], reason: str
) -> None:
    refused = await add(server, b"some text", status=400, **fields)
    assert refused["error"] == "InvalidArgumentError"
    assert reason in refused["message"]


async def test_a_file_without_a_name_is_refused(server: Server) -> None:
    body = (
        f'--b\r\nContent-Disposition: form-data; name="database_name"\r\n\r\n{DATABASE}\r\n'
        '--b\r\nContent-Disposition: form-data; name="collection_name"\r\n\r\nuploads\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\nx\r\n--b--\r\n'
    )
    headers = {LENGTH: "1", "Content-Type": "multipart/form-data; boundary=b"}
    refused = await server.call("POST", ADD_FILE, status=400, data=body, headers=headers)
    assert "file name" in refused["message"]


async def test_each_spelling_of_a_name_is_a_document_of_its_own(server: Server) -> None:
    names = [
        "/srv/a.txt",
        "srv/a.txt",
        "//srv/a.txt",
        r"\\server\share\a.txt",
        r"\server\share\a.txt",
        "server",
    ]
    runs = {(await add(server, status=201, filename=name))["invocation_id"]: name for name in names}

    asked = {event.invocation_id: event.upload for event in await asked_runs(server, RUNS["file_upload"])}

    assert {run: upload.filename for run, upload in asked.items() if upload and run in runs} == runs


async def test_an_upload_into_a_closed_collection_is_refused_before_the_file_is_read(
    server: Server, chroma: Chroma
) -> None:
    url = f"{chroma.url}/api/v2/tenants/default_tenant/databases/{DATABASE}/collections"
    body = {"name": "closed-to-uploads", "metadata": {"finished_ingest": True}}
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        assert response.status == 200, await response.text()

    answer = await send(server, upload_head("closed-to-uploads", ADMIN_KEY, DATABASE) + b"x" * 4096)

    assert answer.status == 409
    assert "finished_ingest" in answer.json()["message"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"no boundary at all"),
        ("multipart/form-data; boundary=b", b"--b\r\nbroken header\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b--\r\n"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="custom_id"\r\n\r\n\xff\r\n--b--\r\n',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="custom_id"\r\n\r\nnever ends',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="custom_id"\r\nContent-Transfer-Encoding: base64'
            b"\r\n\r\neA==\r\n--b--\r\n",
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--\r\n",
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="custom_id"\r\nContent-Length: 9\r\n\r\nx\r\n--b--',
        ),
        ("application/json", b"{}"),
    ],
)
async def test_a_broken_body_is_refused(server: Server, kind: str, body: bytes) -> None:
    headers = {LENGTH: "1", "Content-Type": kind}
    refused = await server.call("POST", ADD_FILE, status=400, data=body, headers=headers)
    assert refused["error"] == "InvalidArgumentError"


@pytest.mark.parametrize("length", [None, "0", "-1", "x", "1.5", str(200 * MIB + 1), "9" * 30])
async def test_a_declared_size_out_of_range_is_refused(server: Server, length: str | None) -> None:
    headers = {} if length is None else {LENGTH: length}
    refused = await server.call("POST", ADD_FILE, status=400, data=form(b"x"), headers=headers)
    assert LENGTH in refused["message"]


@pytest.mark.parametrize(("declared", "word"), [(8, "larger"), (10, "says 10")])
async def test_more_or_fewer_bytes_than_declared_are_refused(
    server: Server, declared: int, word: str
) -> None:
    headers = {LENGTH: str(declared)}
    refused = await server.call("POST", ADD_FILE, status=400, data=form(b"some text"), headers=headers)
    assert word in refused["message"]


async def test_200_mib_and_a_byte_are_refused_while_they_stream_and_nothing_is_kept(
    start: Start, tmp_path: Path
) -> None:
    """The limit holds whatever is declared: here the header's own check is out of the way."""
    limit = 200 * MIB
    server = await start(blobs=BlobStore(str(tmp_path / "blobs")))
    sent = 0

    async def zeros() -> AsyncIterator[bytes]:
        nonlocal sent
        head = f'--b\r\nContent-Disposition: form-data; name="database_name"\r\n\r\n{DATABASE}\r\n--b\r\n'
        head += 'Content-Disposition: form-data; name="collection_name"\r\n\r\nuploads\r\n--b\r\n'
        yield (head + 'Content-Disposition: form-data; name="file"; filename="zeros"\r\n\r\n').encode()
        block = bytes(MIB)
        for _ in range(200):
            yield block
            sent += MIB
        yield b"\0\r\n--b--\r\n"

    headers = {LENGTH: str(limit), "Content-Type": "multipart/form-data; boundary=b"}
    refused = await server.call("POST", ADD_FILE, status=400, data=zeros(), headers=headers)

    assert f"{limit}" in refused["message"]
    assert sent == limit
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


class Held:
    """A body that stops in the middle of the file until it is let go."""

    def __init__(self, content: bytes = b"x" * 100) -> None:
        self.begun, self.go_on, self._content = asyncio.Event(), asyncio.Event(), content

    async def body(self) -> AsyncIterator[bytes]:
        head = f'--b\r\nContent-Disposition: form-data; name="database_name"\r\n\r\n{DATABASE}\r\n--b\r\n'
        head += 'Content-Disposition: form-data; name="collection_name"\r\n\r\nuploads\r\n--b\r\n'
        head += 'Content-Disposition: form-data; name="file"; filename="held.txt"\r\n\r\n'
        yield head.encode() + self._content[:50]
        self.begun.set()
        await self.go_on.wait()
        yield self._content[50:] + b"\r\n--b--\r\n"

    def send(self, server: Server, status: int) -> asyncio.Task[Any]:
        headers = {LENGTH: str(len(self._content)), "Content-Type": "multipart/form-data; boundary=b"}
        call = server.call("POST", ADD_FILE, status=status, data=self.body(), headers=headers)
        return asyncio.ensure_future(call)


async def test_one_upload_over_the_cap_is_refused_until_another_ends(start: Start) -> None:
    server = await start(uploads_per_tenant=2)
    held = [Held(), Held()]
    uploads = [one.send(server, 201) for one in held]
    for one in held:
        await one.begun.wait()
    await eventually(lambda: _uploads_under_way() == 2)

    refused = await add(server, status=429)
    assert refused["error"] == "ChromaError"
    assert "HEADRACE_UPLOADS_PER_TENANT" in refused["message"]

    held[0].go_on.set()
    await uploads[0]
    await add(server, status=201)
    held[1].go_on.set()
    await uploads[1]


def _uploads_under_way() -> float:
    return REGISTRY.get_sample_value("headrace_http_uploads_in_flight") or 0


async def test_an_upload_that_stalls_is_refused_and_gives_its_slot_back(start: Start) -> None:
    server = await start(uploads_per_tenant=1, stalled_s=0.2)
    held = Held()
    upload = held.send(server, 400)
    refused = await upload
    assert "stalled" in refused["message"]
    await add(server, status=201)


async def _until_refused(session: aiohttp.ClientSession) -> None:
    """Return when nobody new is taken."""
    async with asyncio.timeout(30):
        while True:
            try:
                await (await session.get("/health")).read()
            except aiohttp.ClientConnectorError:
                return


async def test_a_gateway_that_stops_finishes_the_upload_under_way(
    configuration: Gateway, server: Server, tmp_path: Path
) -> None:
    held = Held()
    leaving = asyncio.Event()
    gateway = replace(configuration, state_folder=tmp_path / "stopping")
    ports: asyncio.Queue[int] = asyncio.Queue()

    async def live() -> None:
        async with serve(gateway, "127.0.0.1", 0) as port:
            await ports.put(port)
            await leaving.wait()

    life = asyncio.ensure_future(live())
    address = f"http://127.0.0.1:{await ports.get()}"
    headers = {LENGTH: "100", "Content-Type": "multipart/form-data; boundary=b", "x-chroma-token": ADMIN_KEY}
    async with aiohttp.ClientSession(address, headers=headers) as session:
        upload = asyncio.ensure_future(session.post(ADD_FILE, data=held.body()))
        await eventually(lambda: _uploads_under_way() > 0)
        leaving.set()
        await _until_refused(session)
        assert (await asyncio.wait([life], timeout=0.5))[1], "it did not wait for the upload"
        held.go_on.set()
        response = await upload
        assert response.status == 201, await response.text()
    await life


@pytest.mark.parametrize(("key", "name", "status"), [("wrong", DATABASE, 401), (ADMIN_KEY, "unknown", 404)])
async def test_key_and_database_are_checked_before_the_file_is_read(
    server: Server, key: str, name: str, status: int
) -> None:
    """The answer comes although the rest of the file never does."""
    assert (await send(server, upload_head("uploads", key, name) + b"x" * 4096)).status == status


def upload_head(collection: str, key: str, database: str) -> bytes:
    """An upload of a million bytes, up to the first of the file."""
    parts = f'--b\r\nContent-Disposition: form-data; name="database_name"\r\n\r\n{database}\r\n--b\r\n'
    parts += f'Content-Disposition: form-data; name="collection_name"\r\n\r\n{collection}\r\n--b\r\n'
    parts += 'Content-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\n'
    form = ("Content-Type: multipart/form-data; boundary=b", "Content-Length: 1000400")
    return head("POST", ADD_FILE, f"x-chroma-token: {key}", f"{LENGTH}: 1000000", *form) + parts.encode()


async def test_a_caller_who_leaves_in_the_middle_gives_the_slot_back(start: Start) -> None:
    server = await start(uploads_per_tenant=1)
    held = Held()
    upload = held.send(server, 201)
    await held.begun.wait()
    await eventually(lambda: _uploads_under_way() == 1)
    await add(server, status=429)
    upload.cancel()
    await eventually(lambda: _uploads_under_way() == 0)
    await add(server, status=201)
