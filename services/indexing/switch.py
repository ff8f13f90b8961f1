"""Another collection takes the name of a collection: what indexing does meanwhile.

    embeddings:  … document  document  CollectionSwitched  document …
                 └──► old collection        │            └──► new collection
                                            └ waits here: old ─► renamed to `former`, new ─► gets the name

The event is on every partition. Once all partitions wait at it, nothing writes to the old collection, and its
last changes can be copied (`headrace reembed`). Names are unique in Chroma, so the name `former` decides: it
is taken either by the old collection, and the switch is done, or by an empty collection, and it is given up.

Parts behind the event whose source still names the former model are sent to embedding again.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from schemas.errors import DocumentError, RateLimited, TransientError
from schemas.events import CollectionSwitched, DocumentChunked, DocumentEmbedded, Event
from services.indexing.fold import Incoming
from streams.chroma import ChromaClient, NotFound, ServerFault, segment
from streams.engine.outputs import Send
from streams.engine.stage import Context, Record
from streams.reembedded import Reembedded
from streams.topics import CHUNKS

log = structlog.get_logger(__name__)

#: After this long, a switch that has not begun is given up: who wanted it is gone.
GIVEN_UP_SECONDS = 60.0
#: After this long, a switch that has begun is finished here: who did it died between its two requests.
FINISHED_SECONDS = 3.0
#: How often a partition that waits looks.
_LOOK_SECONDS = 0.3


class Switches:
    """The switches at which partitions wait."""

    def __init__(self, settled: Callable[..., Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._settled, self._clock = settled, clock
        self._since: dict[str, float] = {}

    async def waiting(
        self, records: Sequence[Record[Any]], context: Context
    ) -> dict[int, tuple[int, TransientError]]:
        """By partition, the index of the first switch of a batch that is not settled, and its error."""
        found: dict[int, tuple[int, TransientError]] = {}
        known: dict[str, TransientError | None] = {}
        for place, record in enumerate(records):
            if not isinstance(record.event, CollectionSwitched) or record.partition in found:
                continue
            switch: CollectionSwitched = record.event
            if switch.former not in known:
                known[switch.former] = await self._look(switch, context)
            if (error := known[switch.former]) is not None:
                found[record.partition] = (place, error)
        return found

    async def _look(self, switch: CollectionSwitched, context: Context) -> TransientError | None:
        since = self._since.setdefault(switch.former, self._clock())
        try:
            done = await self._settled(switch, self._clock() - since, context.check_alive)
        except TransientError as error:
            return error
        if done:
            self._since.pop(switch.former, None)
            return None
        return RateLimited(
            f"collection {switch.collection!r} is about to be replaced by one of another model", _LOOK_SECONDS
        )


def is_switch(event: Event) -> bool:
    """Whether an event concerns a collection and no document."""
    return isinstance(event, CollectionSwitched)


async def settled(
    client: ChromaClient, switch: CollectionSwitched, waited_s: float, guard: Callable[[], None]
) -> bool:
    """Whether a switch is done or given up; finishes it, or gives it up, after a while.

    Raises TransientError if Chroma does not answer.
    """
    collections = client.collections(switch.tenant, switch.database)
    named, former = await asyncio.gather(
        _id_of(client, collections, switch.collection), _id_of(client, collections, switch.former)
    )
    if named == switch.old:
        if former is None and waited_s >= GIVEN_UP_SECONDS:
            guard()
            return await give_up(client, switch)
        return former is not None
    if named is None and former == switch.old:
        if waited_s < FINISHED_SECONDS:
            return False
        guard()
        log.warning("the switch of a collection is finished", collection=switch.collection)
        await rename(client, switch.tenant, switch.database, switch.new, switch.collection)
    return True


async def give_up(client: ChromaClient, switch: CollectionSwitched) -> bool:
    """Take the name that the old collection would get. False if it has it already."""
    collections = client.collections(switch.tenant, switch.database)
    body = {"name": switch.former, "get_or_create": False, "metadata": {"headrace_given_up": switch.new}}
    try:
        await client.post(collections, body, f"the collection {switch.former!r}")
    except ServerFault:  # the name is taken
        return await _id_of(client, collections, switch.former) not in (None, switch.old)
    log.warning("the switch of a collection is given up", collection=switch.collection)
    return True


async def rename(client: ChromaClient, tenant: str, database: str, at: str, name: str) -> None:
    """Give the collection with this id another name. Raises ServerFault if the name is taken."""
    path = f"{client.collections(tenant, database)}/{segment(at)}"
    await client.request("PUT", path, json.dumps({"new_name": name}).encode(), f"the name {name!r}")


async def _id_of(client: ChromaClient, collections: str, name: str) -> str | None:
    try:
        found = await client.get(f"{collections}/{segment(name)}", f"collection {name!r}")
    except NotFound:
        return None
    return str(found["id"])


class EmbedAgain(DocumentError):
    """The collection was embedded again since this event was; `sends` bring it to embedding once more."""

    def __init__(self, sends: Sequence[Send]) -> None:
        super().__init__("its collection has another model now")
        self.sends = sends


def again(key: str, events: Sequence[Incoming], renewed: Reembedded) -> list[Send]:
    """The parts whose model is not the collection's, as chunks, to be embedded with it. They keep their
    sequence, so a newer version that overtakes them wins."""
    return [
        Send(CHUNKS, key, _chunked(event, renewed))
        for event in events
        if isinstance(event, DocumentEmbedded) and _is_of_another(event, renewed)
    ]


def _is_of_another(event: DocumentEmbedded, renewed: Reembedded) -> bool:
    embedding = event.document.embedding
    return embedding != renewed.over(embedding)


def _chunked(event: DocumentEmbedded, renewed: Reembedded) -> DocumentChunked:
    document = event.document
    kept = {name: getattr(event, name) for name in DocumentChunked.model_fields}
    renamed = document.model_copy(update={"embedding": renewed.over(document.embedding)})
    return DocumentChunked(**{**kept, "document": renamed})
