"""Parts of a big document that wait until they are requested, so that other documents can pass it.

    chunking ──► the first parts ──► chunks ──► embedding ──► indexing ──► part-requests ─┐
        └──────► the others ───────► blob store ──► chunks ◄──────────────────────────────┘

Every part names the part `PARTS_AHEAD` places behind it. Indexing requests that one in the transaction that
records the part, once, and only while the version is the newest. So a document has at most `PARTS_AHEAD`
parts in flight, whatever its size, and a superseded version is embedded no further.
"""

import asyncio
from collections.abc import Sequence

from schemas.codec import Codec, SingleObjectCodec
from schemas.errors import ContractError
from schemas.events import DocumentChunked, PartRequested
from streams.blobs import BlobStore
from streams.engine import stage
from streams.engine.outputs import Output, Send
from streams.engine.stage import Context, Record
from streams.topics import CHUNKS, PART_REQUESTS

#: Parts of a document in flight at once: two batches of the embedding stage, so that one is embedded while
#: the other is indexed. Other documents wait for at most these 900 chunks of 1,000 bytes, some 10 s of two
#: cores.
PARTS_AHEAD = 16


async def hold_back(
    parts: Sequence[DocumentChunked], blobs: BlobStore, codec: Codec
) -> list[DocumentChunked]:
    """Store all parts except the first ones; returns those, with the names of the parts that follow them.

    Stores from the last to the first, because each part contains the name of a later one. The same parts make
    the same blobs, so a replay stores nothing new.
    """
    linked = list(parts)
    for end in range(len(linked), PARTS_AHEAD, -PARTS_AHEAD):
        later = range(max(PARTS_AHEAD, end - PARTS_AHEAD), end)
        values = [codec.encode(linked[number], CHUNKS.name) for number in later]
        payloads = await asyncio.gather(*[blobs.put(value, inline=False) for value in values])
        for number, payload in zip(later, payloads, strict=True):
            before = number - PARTS_AHEAD
            linked[before] = linked[before].model_copy(update={"next_part": payload})
    return linked[:PARTS_AHEAD]


class RequestedPartsStage(stage.Stage[PartRequested]):
    """Emits the parts that indexing requests."""

    name = "chunking-parts"
    topic = PART_REQUESTS
    concurrency = 8

    def __init__(self, blobs: BlobStore, codec: Codec | None = None) -> None:
        self._blobs, self._codec = blobs, codec or SingleObjectCodec()

    async def process(self, record: Record[PartRequested], context: Context) -> Sequence[Output]:
        """Emit the requested part. Raises DocumentError if it is no longer in the blob store."""
        part = self._codec.decode(await self._blobs.get(record.event.part))
        if not isinstance(part, DocumentChunked):
            raise ContractError(
                f"blob {record.event.part.blob} contains a {type(part).__name__}, expected a part"
            )
        return [Send(CHUNKS, record.key, part)]
