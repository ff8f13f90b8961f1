"""The steps of `headrace reembed`."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from api.search.embedding import embedding_of
from headrace.admin.reembed.copying import Copy, Successor
from headrace.admin.reembed.succession import Collections, is_former, switch_of
from headrace.admin.reembed.switching import Barrier
from headrace.admin.reembed.texts import Gateway, Texts
from headrace.wiring import Wiring
from schemas.errors import RequestError, TransientError
from schemas.events import CollectionSwitched, DocumentState, Embedding
from services.indexing.chroma import ChromaStore
from services.indexing.comparing.recorded import Recorded, Target, verify
from services.indexing.rows import row_id
from services.indexing.switch import give_up, rename
from streams.chroma import MODEL_KEY, ChromaClient, ServerFault
from streams.reembedded import reembedded
from streams.state.layout import require_settled

#: Switches that are tried before the command gives up; what was copied stays.
_TRIES = 5
#: Records of `embeddings` that may wait when partitions are asked to wait, too.
_LAG = 200
_LAG_SECONDS = 2.0
#: How long the slowest partition may take to arrive. Indexing waits for a minute.
_ARRIVAL_SECONDS = 40.0
#: How long partitions take to go on, once a switch is done or given up.
_PASSED_SECONDS = 60.0


@dataclass(slots=True)
class Outcome:
    """What the command did.

    Attributes:
        rows: in the collection.
        model: its model.
        kept: the name of the old collection, if it is still there.
        why_kept: the reason, unless it was asked for.
        already: it had this model; at most what an earlier command had left was dropped.
    """

    rows: int
    model: str
    kept: str | None = None
    why_kept: str | None = None
    already: bool = False


@dataclass
class Told:
    """How the command tells what it does: a line for each step; the rows that are copied, and all."""

    step: Callable[[str], None]
    rows: Callable[[int, int], None]


async def reembed(
    wiring: Wiring,
    gateway: Gateway,
    chroma_url: str,
    target: Target,
    model: str | None,
    keep_old: bool,
    told: Told,
) -> Outcome:
    """Embed a collection again, and switch.

    `model` is the name of a model; None means that of the collection, as it is served now.

    Raises RequestError for a collection or a model that is not there, TransientError if a service does not
    answer. The old collection is then whole under its name, and the command can be run again.
    """
    await asyncio.to_thread(require_settled, wiring.cluster, wiring.codec)
    access = chroma_url, wiring.chroma_token, wiring.settings.chroma_tenant
    async with _opened(wiring, access, target, told) as job:
        old = await job.collections.named(target.collection)
        if old is None:
            raise RequestError(f"no collection {target.collection!r} in database {target.database!r}")
        await asyncio.to_thread(job.recorded.read)
        embedding = _wanted(old, job.recorded.states.values(), model)
        async with Texts(gateway, embedding) as texts:
            fingerprint = await texts.fingerprint()
            if (old.get("metadata") or {}).get(MODEL_KEY) == fingerprint:
                return await job.already(old, embedding, keep_old)
            told.step(f"embedding {target.collection!r} again with {embedding.model}")
            new = await job.collections.successor(old, embedding, fingerprint)
            return await job.carry_out(old, new, texts, keep_old)


@contextlib.asynccontextmanager
async def _opened(
    wiring: Wiring, access: tuple[str, str | None, str | None], target: Target, told: Told
) -> "AsyncIterator[_Job]":
    chroma, store = ChromaClient(*access), ChromaStore(*access)
    recorded = await asyncio.to_thread(Recorded, wiring.cluster, wiring.codec, target)
    try:
        yield _Job(wiring, chroma, store, recorded, target, told, Collections(chroma, target), {})
    finally:
        recorded.close()
        await store.close()
        await chroma.close()


def _wanted(old: dict[str, Any], states: Iterable[DocumentState], model: str | None) -> Embedding:
    """The embedding to use: the collection's own, or another model, without the task of the former."""
    newest = max(states, key=lambda state: state.indexed_at, default=None)
    known = embedding_of(old) or (newest.document.embedding if newest else None)
    if model is not None and (known is None or model != known.model):
        return Embedding(model=model)
    if known is None:
        raise RequestError(
            f"collection {old['name']!r} does not say with which model it was embedded: choose one (--model)"
        )
    return known.model_copy(update={"sparse": None})


@dataclass
class _Job:
    """One collection. `extents`: by document, how many rows it may have had."""

    wiring: Wiring
    chroma: ChromaClient
    store: ChromaStore
    recorded: Recorded
    target: Target
    told: Told
    collections: Collections
    extents: dict[str, int]

    async def carry_out(self, old: dict[str, Any], new: Successor, texts: Texts, keep_old: bool) -> Outcome:
        """Copy, switch, check, drop."""
        await self.store.look_up(new.collection)
        total = await self._count(old["id"])

        def counted(done: int) -> None:
            self.told.rows(min(done, total), total)

        copy = Copy(
            self.chroma, self.store, texts, old["id"], new, self.wiring.settings.embed_context, counted
        )
        await copy.load()
        await copy.everything(self._ids(set(self.recorded.states)))
        former = await self._switched(copy, old, new)
        self.told.step("switched")
        outcome = Outcome(await self._count(new.at), texts.model)
        await self._drop(former, len(copy.without_text), keep_old, outcome)
        await self.collections.drop_given_up()
        return outcome

    async def already(self, old: dict[str, Any], embedding: Embedding, keep_old: bool) -> Outcome:
        """The collection has the model. Drop what an earlier command did not come to drop."""
        outcome = Outcome(await self._count(old["id"]), embedding.model, already=True)
        renewed = reembedded(old)
        former = None if renewed is None else await self.collections.with_id(renewed.former)
        if former is not None and is_former(former["name"], self.target):
            behind = await self._count(former["id"]) - outcome.rows
            await self._drop(str(former["name"]), max(0, behind), keep_old, outcome)
        return outcome

    async def _switched(self, copy: Copy, old: dict[str, Any], new: Successor) -> str:
        """Switch as soon as indexing can wait for a moment. The name of the old collection from then on."""
        barrier = await asyncio.to_thread(Barrier, self.wiring)
        for _ in range(_TRIES):
            await self._catch_up(copy, barrier)
            switch = switch_of(self.target, old["id"], new, secrets.token_hex(4))
            self.told.step("asking indexing to wait for the switch")
            offsets = await barrier.send(switch)
            try:
                if await barrier.reached(offsets, _ARRIVAL_SECONDS) and await self._copied(copy):
                    await self._rename(switch)
                    passed = {partition: offset + 1 for partition, offset in offsets.items()}
                    await barrier.reached(passed, _PASSED_SECONDS)
                    return switch.former
                self.told.step("indexing is busy: trying the switch again")
            except _GivenUp:
                self.told.step("the switch took too long: trying again")
            except BaseException:  # indexing need not wait for a command that ends
                with contextlib.suppress(TransientError):
                    await give_up(self.chroma, switch)
                raise
            await give_up(self.chroma, switch)
            passed = {partition: offset + 1 for partition, offset in offsets.items()}
            await barrier.reached(passed, _PASSED_SECONDS)
        raise TransientError(
            f"{self.target.collection!r} was copied, but indexing did not come to a point where it could be "
            f"switched, {_TRIES} times; is the service 'indexing' running? The command can be run again"
        )

    async def _catch_up(self, copy: Copy, barrier: Barrier) -> None:
        """Copy what changes, until little is on its way."""
        said = False
        while True:
            await copy.some(self._ids(await asyncio.to_thread(self.recorded.read)))
            lag = await barrier.lag()
            if lag <= _LAG:
                return
            if not said:
                self.told.step(f"waiting for indexing: {lag:,} records are before it")
                said = True
            await asyncio.sleep(_LAG_SECONDS)

    async def _copied(self, copy: Copy) -> bool:
        """Copy the last changes; whether both collections agree then. Nothing writes meanwhile."""
        await copy.some(self._ids(await asyncio.to_thread(self.recorded.read)))
        return await copy.agree()

    async def _rename(self, switch: CollectionSwitched) -> None:
        """The switch: Chroma decides by the first name. A command that dies between the two is finished by
        indexing."""
        place = switch.tenant, switch.database
        try:
            await rename(self.chroma, *place, switch.old, switch.former)
        except ServerFault as fault:  # the name is taken: indexing has waited for too long
            raise _GivenUp from fault
        await rename(self.chroma, *place, switch.new, switch.collection)

    async def _drop(self, former: str, behind: int, keep_old: bool, outcome: Outcome) -> None:
        """Drop the old collection, unless something is left in it, or the new one is not as recorded."""
        verified = await verify(self.recorded, self.chroma, self.target)
        wrong = [one for one in verified.findings if one.missing or one.surplus or one.wrong]
        outcome.kept = former
        if keep_old:
            return
        if behind:
            outcome.why_kept = f"{behind:,} of its rows have no text that could be embedded"
        elif wrong:
            outcome.why_kept = f"{len(wrong):,} documents are not as recorded; see `headrace verify`"
        else:
            await self.collections.drop(former)
            outcome.kept = None

    def _ids(self, documents: Iterable[str]) -> set[str]:
        """Ids of all rows that these documents have or had."""
        ids: set[str] = set()
        for key in documents:
            state = self.recorded.states[key]
            extent = max(self.extents.get(key, 0), state.extent, state.chunks)
            self.extents[key] = extent
            ids |= {row_id(state.document, number) for number in range(extent)}
        return ids

    async def _count(self, at: str) -> int:
        place = self.chroma.collections(self.target.tenant, self.target.database)
        return int(await self.chroma.get(f"{place}/{at}/count", "the number of rows"))


class _GivenUp(Exception):
    """Indexing has given the switch up."""
