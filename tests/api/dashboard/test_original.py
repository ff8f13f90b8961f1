"""The original of a document: shown while its record is kept, and never as a page of this origin."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.dashboard.pages.original import MOST_CHARACTERS, text_of
from api.documents.originals import Original, media_type_of
from schemas.events import Document, DocumentState, DocumentUpserted, Embedding
from schemas.ids import document_id
from streams.engine.outputs import Send
from streams.topics import DOCUMENT_STATES, DOCUMENTS
from tests.api.conftest import DATABASE, MODEL, Server
from tests.api.dashboard.visitor import Answered, Visitor, visiting
from tests.api.fake_tracking import FakeTracking
from tests.api.test_access import make_key

HTML = b"<!doctype html><script>window.harmed = true</script><svg onload=alert(1)>"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


async def indexed(server: Server, tracking: FakeTracking, key: str, content: bytes) -> str:
    """The id of a document whose record is on `documents`, and whose state says so."""
    document = Document(
        tenant="default_tenant",
        database=DATABASE,
        collection="originals",
        document_key=key,
        embedding=Embedding(model=MODEL),
    )
    payload = await server.gateway.blobs.put(content, inline=len(content) < 50)
    id_ = document_id(document)
    upserted = DocumentUpserted(document=document, content=payload, content_type="text/html")
    written = await tracking.producer.send(Send(DOCUMENTS, id_, upserted))
    await state(tracking, document, written.offset)
    await server.call("GET", f"/api/v1/documents/{id_}", status=200)
    return id_


async def state(tracking: FakeTracking, document: Document, sequence: int, **fields: Any) -> None:
    made: dict[str, Any] = {"fingerprint": "f", "indexed_at": datetime.now(UTC), "complete": True}
    found = DocumentState(document=document, sequence=sequence, **{**made, **fields})
    await tracking.producer.send(Send(DOCUMENT_STATES, document_id(document), found))


async def both(visitor: Visitor, id_: str) -> tuple[Answered, Answered]:
    """The page, and the file as the page shows it."""
    path = f"/documents/{id_}/original"
    return await visitor.get(path), await visitor.get(f"{path}/file?show")


async def test_a_page_is_shown_as_text_and_is_never_one_of_ours(
    server: Server, tracking: FakeTracking
) -> None:
    id_ = await indexed(server, tracking, 'a/übung ".html', HTML)
    async with visiting(server) as visitor:
        page, file = await both(visitor, id_)
    assert "&lt;script&gt;window.harmed" in page.text
    assert "<script>window" not in page.text
    assert file.headers["Content-Type"] == "application/octet-stream"
    assert file.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%C3%BCbung%20%22.html"
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert file.headers["X-Content-Type-Options"] == "nosniff"


async def test_pictures_and_pdf_are_shown_by_what_they_are(server: Server, tracking: FakeTracking) -> None:
    picture = await indexed(server, tracking, "a.html", PNG)
    report = await indexed(server, tracking, "b.html", b"%PDF-1.7 and so on")
    async with visiting(server) as visitor:
        page, file = await both(visitor, picture)
        assert f'<img class="picture" src="/documents/{picture}/original/file?show"' in page.text
        assert (file.headers["Content-Type"], "sandbox" in file.headers["Content-Security-Policy"]) == (
            "image/png",
            True,
        )
        page, file = await both(visitor, report)
        assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
        assert file.headers["Content-Type"] == "application/pdf"
        assert "frame-ancestors 'self'" in file.headers["Content-Security-Policy"]
        saved = await visitor.get(f"/documents/{report}/original/file")
        assert saved.headers["Content-Disposition"].startswith("attachment")


async def test_a_record_that_has_expired_or_is_another_one_shows_no_original(
    server: Server, tracking: FakeTracking
) -> None:
    other = await indexed(server, tracking, "other.txt", b"another's")
    document = Document(
        tenant="default_tenant",
        database=DATABASE,
        collection="originals",
        document_key="gone.txt",
        embedding=Embedding(model=MODEL),
    )
    await state(tracking, document, 0)
    id_ = document_id(document)
    await server.call("GET", f"/api/v1/documents/{id_}", status=200)
    limited = (await make_key(server, databases=["elsewhere"]))["key"]
    async with visiting(server) as visitor, visiting(server, limited) as stranger:
        page, file = await both(visitor, id_)
        assert (page.status, file.status) == (200, 410)
        assert "The original is not kept any more" in page.text
        assert [one.status for one in await both(stranger, other)] == [403, 403]
        assert (await visitor.get("/documents/no-id/original")).status == 404


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (HTML, "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "text/plain"),
        ("ä".encode("latin-1"), "application/octet-stream"),
        (b"a\0b", "application/octet-stream"),
        (b"", "text/plain"),
        (b"GIF89a", "image/gif"),
    ],
)
def test_a_type_is_what_the_bytes_say(content: bytes, media_type: str) -> None:
    assert media_type_of(content) == media_type


def test_a_long_text_is_shown_to_a_limit() -> None:
    content = ("\ufeff" + "ä" * (MOST_CHARACTERS + 1)).encode()
    assert text_of(Original("a", content, "text/plain", False)) == "ä" * MOST_CHARACTERS
