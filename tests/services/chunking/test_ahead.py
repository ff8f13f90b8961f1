"""Parts of a big document that wait: each comes once, in its turn, however many there are."""

from pathlib import Path

import pytest

from schemas.codec import SingleObjectCodec
from schemas.errors import ContractError, DocumentError
from schemas.events import (
    Chunk,
    Document,
    DocumentChunked,
    DocumentDeleted,
    Embedding,
    PartRequested,
    Payload,
)
from services.chunking.ahead import PARTS_AHEAD, RequestedPartsStage, hold_back
from streams.blobs import BlobStore
from streams.engine.outputs import Send
from streams.engine.stage import Record
from streams.topics import CHUNKS

CODEC = SingleObjectCodec()
DOCUMENT = Document(
    tenant="t", database="d", collection="c", document_key="book.txt", embedding=Embedding(model="m")
)


class NoContext:
    def check_alive(self) -> None:
        raise NotImplementedError

    async def emit(self, outputs: object) -> None:
        raise NotImplementedError


def parts(count: int) -> list[DocumentChunked]:
    def part(number: int) -> DocumentChunked:
        text = f"chunk {number}"
        chunk = Chunk(text=text, start_line=1, end_line=1, start_col=0, end_col=len(text), strategy="lines")
        return DocumentChunked(
            document=DOCUMENT,
            sequence=7,
            part=number,
            parts=count,
            first=number,
            total=count,
            chunks=[chunk],
        )

    return [part(number) for number in range(count)]


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def asked_for(blobs: BlobStore, payload: Payload) -> DocumentChunked:
    """What the stage emits for a request."""
    request = PartRequested(document=DOCUMENT, sequence=7, part=payload)
    record = Record("part-requests", 0, 0, "a-key", request, 0)
    [output] = await RequestedPartsStage(blobs).process(record, NoContext())
    assert isinstance(output, Send)
    assert (output.topic, output.key) == (CHUNKS, "a-key")
    assert isinstance(output.event, DocumentChunked)
    return output.event


@pytest.mark.parametrize("count", [1, 2, PARTS_AHEAD, PARTS_AHEAD + 1, 2 * PARTS_AHEAD, 5 * PARTS_AHEAD + 3])
async def test_who_asks_for_what_each_part_names_has_every_part_once(count: int, tmp_path: Path) -> None:
    blobs, made = BlobStore(str(tmp_path)), parts(count)

    underway = await hold_back(made, blobs, CODEC)

    seen: list[DocumentChunked] = []
    while underway:
        assert len(underway) <= PARTS_AHEAD
        seen.append(underway.pop(0))
        if payload := seen[-1].next_part:
            underway.append(await asked_for(blobs, payload))
    assert [part.model_copy(update={"next_part": None}) for part in seen] == made


async def test_a_replay_stores_nothing_new_and_names_the_same(tmp_path: Path) -> None:
    blobs, made = BlobStore(str(tmp_path)), parts(3 * PARTS_AHEAD)
    first = await hold_back(made, blobs, CODEC)
    stored = files(tmp_path)

    assert await hold_back(made, blobs, CODEC) == first
    assert stored
    assert files(tmp_path) == stored


async def test_a_part_that_was_swept_fails_the_document(tmp_path: Path) -> None:
    blobs = BlobStore(str(tmp_path))
    [first, *_] = await hold_back(parts(PARTS_AHEAD + 1), blobs, CODEC)
    for file in files(tmp_path):
        file.unlink()

    assert first.next_part
    with pytest.raises(DocumentError, match="is missing"):
        await asked_for(blobs, first.next_part)


async def test_a_blob_that_holds_no_part_breaks_the_contract(tmp_path: Path) -> None:
    blobs = BlobStore(str(tmp_path))
    payload = await blobs.put(CODEC.encode(DocumentDeleted(document=DOCUMENT), CHUNKS.name))

    with pytest.raises(ContractError, match="contains a DocumentDeleted"):
        await asked_for(blobs, payload)
