"""Parts of a big document that wait until they are asked for, so that other documents pass it.

    chunking ──► the first parts ──► chunks ──► embedding ──► indexing ──► part-requests ─┐
        └──────► the others ───────► blob store ──► chunks ◄──────────────────────────────┘

Every part names the one that stands `PARTS_AHEAD` behind it. Indexing asks for that one in the transaction
that records the part, once, and only while the version is the newest. So a document has at most `PARTS_AHEAD`
parts on the way, whatever its size, and a version that is superseded is embedded no further.
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

#: Parts of a document on the way at once: two batches of the embedding stage, so that one is embedded while
#: the other is indexed. 900 chunks of 1,000 bytes, some 10 s of two cores, is what others may wait for.
PARTS_AHEAD = 16


async def hold_back(
    parts: Sequence[DocumentChunked], blobs: BlobStore, codec: Codec
) -> list[DocumentChunked]:
    """Store all but the first parts; returns those, which name the ones that follow them.

    From the last to the first, as each is stored with the name of its follower. The same parts make the same
    blobs, so a replay stores nothing new.
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
    """Emits the parts that indexing asks for."""

    name = "chunking-parts"
    topic = PART_REQUESTS
    concurrency = 8

    def __init__(self, blobs: BlobStore, codec: Codec | None = None) -> None:
        self._blobs, self._codec = blobs, codec or SingleObjectCodec()

    async def process(self, record: Record[PartRequested], context: Context) -> Sequence[Output]:
        """The part. Raises DocumentError when it is gone from the blob store."""
        part = self._codec.decode(await self._blobs.get(record.event.part))
        if not isinstance(part, DocumentChunked):
            raise ContractError(f"blob {record.event.part.blob} holds a {type(part).__name__} and no part")
        return [Send(CHUNKS, record.key, part)]
