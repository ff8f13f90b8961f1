"""`headrace chunk FILE` shows exactly the chunks that the pipeline indexes."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace.cli import main
from schemas.events import Chunking, Document, DocumentChunked, DocumentDeleted, DocumentUpserted, Embedding
from schemas.ids import document_id
from services.chunking.stage import ChunkingStage
from services.parsing import ParsedDocument, parse
from services.parsing.stage import ParsingStage
from streams.blobs import BlobStore
from streams.engine.outputs import Output, Send
from streams.engine.stage import Record
from streams.partitions import partition_of

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "documents").iterdir())
PARTITIONS = 12


class InProcess:
    """Parses and cuts in this process: the same functions, without workers."""

    async def parse(
        self,
        data: bytes,
        filename: str | None,
        content_type: str | None,
        main_content: bool = False,
        run: str | None = None,
    ) -> ParsedDocument:
        return parse(data, filename, content_type, main_content=main_content)

    async def run(self, function: Callable[..., Any], *arguments: object) -> Any:
        return function(*arguments)

    def close(self) -> None:
        pass


class NoContext:
    def check_alive(self) -> None:
        pass

    async def emit(self, outputs: object) -> None:
        raise AssertionError


async def indexed(name: str, content: bytes, blobs: BlobStore, main_content: bool) -> list[dict[str, Any]]:
    """The chunks that the two stages put onto `chunks`."""
    workers: Any = InProcess()
    document = Document(
        tenant="t",
        database="d",
        collection="c",
        document_key=name,
        version_key="1",
        chunking=Chunking(),
        embedding=Embedding(model="m"),
        main_content=main_content,
    )
    key = document_id(document)
    event = DocumentUpserted(document=document, content=await blobs.put(content))
    first: Record[DocumentUpserted | DocumentDeleted] = Record(
        "documents", partition_of(key, PARTITIONS), 0, key, event, 0
    )
    [parsed] = _sent(await ParsingStage(workers, blobs, PARTITIONS, 1).process(first, NoContext()))
    second = Record("parsed", first.partition, 0, key, parsed, 0)
    parts = _sent(await ChunkingStage(workers, blobs, 1).process(second, NoContext()))
    return [
        chunk.model_dump() for part in parts if isinstance(part, DocumentChunked) for chunk in part.chunks
    ]


def _sent(outputs: Any) -> list[Any]:
    found: list[Output] = list(outputs)
    return [output.event for output in found if isinstance(output, Send)]


def shown(file: Path, capsys: pytest.CaptureFixture[str], main_content: bool) -> list[dict[str, Any]]:
    with pytest.raises(SystemExit) as end:
        main(["chunk", str(file), "--json", *(["--main-content"] if main_content else [])])
    assert end.value.code in (0, None)
    chunks: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return chunks


def test_a_document_with_more_chunks_than_are_indexed_is_shown_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEADRACE_MAX_CHUNKS", "2")
    file = tmp_path / "notes.txt"
    file.write_text("line\n" * 3)

    with pytest.raises(SystemExit):
        main(["chunk", str(file), "--lines", "--max-lines", "1", "--json"])

    seen = capsys.readouterr()
    assert len(json.loads(seen.out)) == 3
    said = " ".join(seen.err.split())
    assert "it would not be indexed: 3 chunks; a document may have 2 (HEADRACE_MAX_CHUNKS)" in said


def test_lines_are_counted_only_where_a_document_is_cut_by_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("line\n")

    with pytest.raises(SystemExit) as ended:
        main(["chunk", str(file), "--max-lines", "1"])

    assert ended.value.code == 2
    assert "--max-lines requires --lines" in capsys.readouterr().err


PAGE = next(file for file in EXAMPLES if file.suffix == ".html")


@pytest.mark.parametrize(
    ("file", "main_content"),
    [
        *((file, False) for file in (*EXAMPLES, Path(__file__), EXAMPLES[0].parents[2] / "README.md")),
        (PAGE, True),
    ],
    ids=str,
)
async def test_the_chunks_that_are_shown_are_those_that_are_indexed(
    file: Path, main_content: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = await asyncio.to_thread(file.read_bytes)

    expected = await indexed(file.name, content, BlobStore(str(tmp_path)), main_content)
    seen = shown(file, capsys, main_content)

    fields = ("text", "start_line", "end_line", "start_col", "end_col", "strategy", "language", "context")
    assert expected
    assert [[one[name] for name in fields] for one in seen] == [
        [one[name] for name in fields] for one in expected
    ]


def test_the_main_content_of_a_page_is_shown_as_it_is_indexed_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "<p>" + "The gate opens when the river falls below its mark. " * 8 + "</p>"
    page = tmp_path / "page.html"
    page.write_text(f"<nav><a href='/'>Home page</a></nav><article><h1>Gates</h1>{text}</article>")

    whole, main_ = [" ".join(one["text"] for one in shown(page, capsys, on)) for on in (False, True)]

    assert "Home page" in whole
    assert "Home page" not in main_
    assert "The gate opens" in main_
