"""A folder and an upload arrive whole and exact, and the collection stays true to them."""

import hashlib
from pathlib import Path

import pytest

from schemas.codec import SingleObjectCodec
from schemas.ids import text_sha256
from streams.state.reader import Reader, end_offsets
from streams.topics import DEAD_LETTERS
from tests.system.pipeline import PARTITIONS, Pipeline, chunks_of
from tests.waiting import eventually

pytestmark = pytest.mark.system


def sections(count: int) -> str:
    """Markdown that is cut into at least one chunk a section."""
    return "\n".join(
        f"# Section {n}\n\n" + f"Sentence {n} of the section. " * 40 + "\n" for n in range(count)
    )


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("folder")
    (root / "pkg").mkdir()
    (root / "pkg" / "client.py").write_text(
        "class Client:\n    def send(self, text: str) -> None:\n        print(text)\n" * 20
    )
    (root / "notes.md").write_text(sections(5))
    (root / "page.html").write_text("<html><body><h1>Hallo</h1><p>Ein Absatz.</p></body></html>")
    (root / "empty.txt").write_text("")
    (root / ".gitignore").write_text("*.log\n[\nC:\\temp\\\n" + "*a" * 12 + "*b\n")
    (root / ("a" * 240)).write_text("a name that such patterns would take ages for")
    (root / "noise.log").write_text("left out")
    return root


KEYS = ("a" * 240, "empty.txt", "notes.md", "page.html", "pkg/client.py")


async def expected(folder: Path, source: str) -> dict[str, tuple[str, dict[str, object]]]:
    """Ids, texts and metadata that a folder must have in its collection."""
    rows: dict[str, tuple[str, dict[str, object]]] = {}
    for key in KEYS:
        if not (folder / key).exists():
            continue
        content = (folder / key).read_bytes()
        version = hashlib.sha256(content).hexdigest()
        for number, piece in enumerate(chunks_of(key, content)):
            metadata = {
                "document_key": key,
                "document_key_sha256": text_sha256(key),
                "version_key": version,
                "version_key_sha256": text_sha256(version),
                "chunk_strategy": piece.strategy,
                "language": piece.language,
                "start_line": piece.start_line,
                "end_line": piece.end_line,
                "start_col": piece.start_col,
                "end_col": piece.end_col,
                "context": piece.context or None,
            }
            known: dict[str, object] = {name: value for name, value in metadata.items() if value is not None}
            rows[f"{text_sha256(f'{source}{chr(0)}{key}')}-{number}"] = (piece.text, known)
    return rows


@pytest.mark.pythons
async def test_a_folder_arrives_whole_and_exact_and_a_second_run_changes_nothing(
    pipeline: Pipeline, folder: Path
) -> None:
    source = await pipeline.source(folder)

    counts = await pipeline.sync(source, "whole")
    rows = await pipeline.rows("whole")
    again = await pipeline.sync(source, "whole")

    assert (counts["total"], counts["indexed"], counts["failed"]) == (5, 5, 0)
    assert rows == await expected(folder, source)
    assert counts["chunks"] == len(rows)
    assert (again["unchanged"], again["indexed"], again["chunks"]) == (5, 0, 0)
    assert await pipeline.rows("whole") == rows


async def test_a_page_is_indexed_whole_until_only_its_main_content_is_asked_for(
    pipeline: Pipeline, folder: Path
) -> None:
    text = "<p>" + "The gate opens when the river falls below its mark. " * 8 + "</p>"
    page = f"<nav><a href='/'>Home page</a></nav><article><h1>Gates</h1>{text}</article>"
    (folder / "page.html").write_text(page)
    source = await pipeline.source(folder)
    await pipeline.sync(source, "pages")
    whole = [row for row, _ in (await pipeline.rows("pages")).values() if "Home page" in row]

    change = {"folder": {"path": str(folder), "main_content": True}}
    status, _ = await pipeline.call("PUT", f"/api/v1/sources/{source}", json=change)
    counts = await pipeline.sync(source, "pages")
    texts = " ".join(row for row, _ in (await pipeline.rows("pages")).values())

    assert (status, len(whole)) == (200, 1)
    assert (counts["indexed"], counts["unchanged"]) == (5, 0)
    assert "Home page" not in texts
    assert "The gate opens" in texts


async def test_private_files_and_the_data_folder_stay_out_and_the_run_says_so(
    pipeline: Pipeline, folder: Path
) -> None:
    (folder / ".env").write_text("SECRET=1")
    (folder / "data" / "blobs").mkdir(parents=True)
    for name in ("lock", "admin.key", "blobs/text"):
        (folder / "data" / name).write_text("hr_key")
    source = await pipeline.source(folder)

    progress = await pipeline.final(await pipeline.begin(source, "kept-private"))

    assert progress["counts"]["indexed"] == 5
    reasons = {skipped["reason"]: skipped["count"] for skipped in progress["skipped"]}
    assert reasons == {"hidden": 1, "secret": 1, "data_folder": 1}
    assert await pipeline.rows("kept-private") == await expected(folder, source)


async def test_an_edit_a_shrunk_file_and_a_deleted_one_change_only_themselves(
    pipeline: Pipeline, folder: Path
) -> None:
    source = await pipeline.source(folder)
    await pipeline.sync(source, "difference")

    (folder / "pkg" / "client.py").write_text("def fresh() -> None:\n    return None\n")
    (folder / "notes.md").write_text(sections(2))
    (folder / "page.html").unlink()
    counts = await pipeline.sync(source, "difference")

    assert (counts["indexed"], counts["deleted"], counts["unchanged"]) == (2, 1, 2)
    assert await pipeline.rows("difference") == await expected(folder, source)


async def test_a_collection_that_was_deleted_is_filled_again(pipeline: Pipeline, folder: Path) -> None:
    source = await pipeline.source(folder)
    await pipeline.sync(source, "deleted")
    await pipeline.drop("deleted")

    counts = await pipeline.sync(source, "deleted")

    assert (counts["indexed"], counts["unchanged"]) == (4, 1)  # an empty file has nothing to be missing
    assert await pipeline.rows("deleted") == await expected(folder, source)


async def test_two_folders_share_a_collection_and_keep_to_themselves(
    pipeline: Pipeline, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "notes.md").write_text("# Another notes.md\n")
    first, second = await pipeline.source(folder), await pipeline.source(other)
    await pipeline.sync(first, "shared")
    await pipeline.sync(second, "shared")

    (other / "notes.md").unlink()
    error = (await pipeline.final(await pipeline.begin(second, "shared")))["status"]["failed"]["error"]
    counts = await pipeline.ended(await pipeline.begin(second, "shared", allow_empty=True))

    assert "lists nothing though 1 document of it is indexed in collection 'shared'" in error
    assert counts["deleted"] == 1
    assert await pipeline.rows("shared") == await expected(folder, first)


async def test_an_upload_arrives_under_the_ids_of_the_contract_and_a_newer_one_replaces_it(
    pipeline: Pipeline,
) -> None:
    first, second = sections(3).encode(), b"# Only this is left\n"
    await pipeline.ended(
        await pipeline.upload("uploads", "notes.md", first, metadata='{"team": "a", "old": 1}')
    )
    before = await pipeline.rows("uploads")
    await pipeline.ended(await pipeline.upload("uploads", "notes.md", second, metadata='{"team": "b"}'))
    after = await pipeline.rows("uploads")

    base = text_sha256("notes.md")
    assert list(before) == [f"{base}-{n}" for n in range(len(chunks_of("notes.md", first)))]
    assert all(metadata["old"] == 1 for _, metadata in before.values())
    assert [(id_, text) for id_, (text, _) in after.items()] == [(f"{base}-0", "# Only this is left")]
    assert after[f"{base}-0"][1]["team"] == "b"
    assert "old" not in after[f"{base}-0"][1]


async def test_a_custom_id_names_the_chunks_of_an_upload(pipeline: Pipeline) -> None:
    await pipeline.ended(await pipeline.upload("custom", "a.txt", b"some text", custom_id="mine"))

    [(id_, (_, metadata))] = (await pipeline.rows("custom")).items()
    assert id_ == "mine-0"
    assert metadata["custom_id"] == "mine"


async def test_a_broken_pdf_fails_alone_and_says_why(pipeline: Pipeline, folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 8)
    source = await pipeline.source(folder)

    invocation = await pipeline.begin(source, "broken")
    counts = await pipeline.ended(invocation)
    _, failed = await pipeline.call("GET", f"/api/v1/invocations/{invocation}/documents?status=failed")

    assert (counts["indexed"], counts["failed"]) == (5, 1)
    assert "broken.pdf" in str(failed)
    assert await pipeline.rows("broken") == await expected(folder, source)


async def test_a_broken_upload_fails_its_invocation_with_the_reason(pipeline: Pipeline) -> None:
    progress = await pipeline.final(await pipeline.upload("nothing", "broken.pdf", b"%PDF-1.7\nnonsense"))

    assert "broken.pdf" in progress["status"]["failed"]["error"]
    assert await pipeline.rows("nothing") == {}


async def test_bytes_that_are_no_avro_on_documents_harm_nobody(pipeline: Pipeline) -> None:
    from confluent_kafka import Producer

    producer = Producer(pipeline.cluster.client(enable_idempotence=True))
    for partition in range(PARTITIONS):
        producer.produce(pipeline.cluster.name("documents"), value=b"no avro at all", partition=partition)
    producer.flush(10)
    await pipeline.ended(await pipeline.upload("unharmed", "a.txt", b"still here"))

    assert [text for text, _ in (await pipeline.rows("unharmed")).values()] == ["still here"]

    def letters() -> list[object]:
        reader = Reader(pipeline.cluster, SingleObjectCodec())
        ends = end_offsets(pipeline.cluster, [(DEAD_LETTERS.name, p) for p in range(PARTITIONS)])
        reader.assign(dict.fromkeys(ends, 0))
        found = [change.event for batch in reader.read_to(ends) for change in batch.changes]
        reader.close()
        return [letter for letter in found if getattr(letter, "value", None) == b"no avro at all"]

    await eventually(lambda: len(letters()) == PARTITIONS)  # those of other partitions may be read later
