"""The embedding stage: one call a model for all parts of a batch, each part with its own vectors."""

import asyncio
import struct
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from schemas import events
from schemas.errors import DocumentError, TransientError
from schemas.events import (
    Chunk,
    Document,
    DocumentChunked,
    DocumentDeleted,
    DocumentEmbedded,
    Embedding,
    RunPosition,
    Step,
)
from services.embedding import Embedder, Prompts
from services.embedding.embedder import Vectors, model_mark
from services.embedding.loaded import LoadedModels
from services.embedding.stage import EmbeddingStage, Incoming
from streams.engine.outputs import Output, ProgressReport, Send
from streams.engine.stage import Record
from streams.topics import EMBEDDINGS

RUN = RunPosition(invocation_id="run-1", attempt=1, ordinal=0)


class Lengths:
    """An embedder whose vectors tell the text: its length, and the number of the model."""

    max_tokens, dimension = 512, 2

    def __init__(self, model: str) -> None:
        self.model = self.fingerprint = model
        self.calls: list[tuple[list[str], Prompts | None]] = []
        self.closed = False

    async def embed_documents(
        self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
    ) -> Vectors:
        self.calls.append((list(texts), task))
        rows = [[len(text), float(self.model[-1])] for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), 2)

    async def embed_queries(self, texts: Sequence[str], task: Prompts | None = None) -> Vectors:
        raise NotImplementedError

    async def count_tokens(self, texts: Sequence[str]) -> int:
        raise NotImplementedError

    async def check_reading(self) -> None:
        pass

    async def close(self) -> None:
        self.closed = True


class Models:
    """Serves m1 and m2, unless their hub is `away`."""

    def __init__(self, away: str = "") -> None:
        self.away = away
        self.loaded: dict[str, Lengths] = {}
        self.loads: list[str] = []

    def load(self, model: str) -> Embedder:
        if model == self.away:
            raise TransientError("the hub is away")
        self.loads.append(model)
        if model not in ("m1", "m2"):
            raise DocumentError(f"model {model!r} is not served: there are m1, m2")
        return self.loaded.setdefault(model, Lengths(model))


class NoContext:
    """Offers nothing; this stage asks for nothing."""

    def check_alive(self) -> None:
        raise NotImplementedError

    async def emit(self, outputs: object) -> None:
        raise NotImplementedError


def part(
    *texts: str,
    model: str = "m1",
    number: int = 0,
    of: int = 1,
    context: str = "",
    task: events.Task | None = None,
) -> DocumentChunked:
    document = Document(
        tenant="t",
        database="d",
        collection="c",
        document_key="notes.md",
        embedding=Embedding(model=model, task=task),
        run=RUN,
    )
    chunks = [
        Chunk(text=t, start_line=1, end_line=1, start_col=0, end_col=1, strategy="lines", context=context)
        for t in texts
    ]
    return DocumentChunked(
        document=document, sequence=5, part=number, parts=of, first=0, total=len(texts), chunks=chunks
    )


def records(*made: Incoming) -> list[Record[Incoming]]:
    return [Record("chunks", 0, offset, f"key-{offset}", event, 0) for offset, event in enumerate(made)]


async def run(stage: EmbeddingStage, *made: Incoming) -> list[Sequence[Output] | Exception]:
    return list(await stage.process_batch(records(*made), NoContext()))


def vectors(outcome: Sequence[Output] | Exception) -> list[tuple[float, ...]]:
    """Unpacked as any program would that reads the contract."""
    assert not isinstance(outcome, Exception)
    send = outcome[0]
    assert isinstance(send, Send)
    assert isinstance(send.event, DocumentEmbedded)
    floats = struct.unpack(f"<{len(send.event.vectors) // 4}f", send.event.vectors)
    width = send.event.dimension
    return [floats[at : at + width] for at in range(0, len(floats), width)] if width else []


async def test_each_part_gets_the_vectors_of_its_own_chunks_from_one_call() -> None:
    models = Models()
    stage = EmbeddingStage(LoadedModels(models.load), context=False)

    outcomes = await run(stage, part("a", "bb"), part(), part("ccc"))

    assert [vectors(outcome) for outcome in outcomes] == [[(1.0, 1.0), (2.0, 1.0)], [], [(3.0, 1.0)]]
    assert models.loaded["m1"].calls == [(["a", "bb", "ccc"], None)]


async def test_a_part_is_handed_on_whole_under_its_key() -> None:
    made = part("a", "bb", number=1, of=3)

    [outcome] = await run(EmbeddingStage(LoadedModels(Models().load), context=False), made)

    assert not isinstance(outcome, Exception)
    [send] = outcome
    assert isinstance(send, Send)
    assert (send.topic, send.key) == (EMBEDDINGS, "key-0")
    assert isinstance(send.event, DocumentEmbedded)
    assert send.event.dimension == 2
    kept = {name: getattr(send.event, name) for name in DocumentChunked.model_fields}
    assert DocumentChunked(**kept) == made


async def test_several_models_and_tasks_share_a_batch() -> None:
    models = Models()
    task = events.Task(task_name="search", document_prompt="passage: ")

    outcomes = await run(
        EmbeddingStage(LoadedModels(models.load), context=False),
        part("a", model="m1"),
        part("bb", model="m2"),
        part("ccc", model="m1", task=task),
        part("dddd", model="m1"),
    )

    assert [vectors(outcome)[0] for outcome in outcomes] == [(1.0, 1.0), (2.0, 2.0), (3.0, 1.0), (4.0, 1.0)]
    assert models.loaded["m1"].calls == [(["a", "dddd"], None), (["ccc"], Prompts("search", "passage: ", ""))]
    assert models.loads == ["m1", "m2"]


async def test_a_model_that_is_not_served_fails_only_its_own_records() -> None:
    outcomes = await run(
        EmbeddingStage(LoadedModels(Models().load), context=False),
        part("a"),
        part("b", model="other"),
        part("cc"),
    )

    assert isinstance(outcomes[1], DocumentError)
    assert "other" in str(outcomes[1])
    assert vectors(outcomes[0]) == [(1.0, 1.0)]
    assert vectors(outcomes[2]) == [(2.0, 1.0)]


async def test_a_load_that_failed_is_tried_again_with_the_next_record() -> None:
    models, away = Models(), [True]

    def load(model: str) -> Embedder:
        if away.pop() if away else False:
            raise TransientError("the hub is away")
        return models.load(model)

    stage = EmbeddingStage(LoadedModels(load), context=False)
    [failed] = await run(stage, part("a"))
    assert isinstance(failed, TransientError)
    [outcome] = await run(stage, part("a"))
    assert vectors(outcome) == [(1.0, 1.0)]


async def test_a_model_whose_hub_is_away_keeps_no_other_waiting() -> None:
    stage = EmbeddingStage(LoadedModels(Models(away="m2").load), context=False)
    outcomes = await run(stage, part("a"), part("b", model="m2"), part("cc"))

    assert isinstance(outcomes[1], TransientError)
    assert [vectors(outcomes[0]), vectors(outcomes[2])] == [[(1.0, 1.0)], [(2.0, 1.0)]]


async def test_batches_that_wait_for_one_failing_load_fail_alike() -> None:
    go_on = threading.Event()

    def load(model: str) -> Embedder:
        go_on.wait(10)
        raise TransientError("the hub is away")

    stage = EmbeddingStage(LoadedModels(load), context=False)
    batches = [asyncio.create_task(run(stage, part("a"))) for _ in range(3)]
    await asyncio.sleep(0)
    go_on.set()

    found = await asyncio.gather(*batches)
    assert [type(error) for [error] in found] == [TransientError] * 3


@pytest.mark.parametrize(
    ("with_context", "context", "expected"),
    [
        (True, "class A", "class A.\ntext"),
        (True, "Prices › Plans", "Prices. Plans.\ntext"),
        (True, "", "text"),
        (False, "class A", "text"),
    ],
)
async def test_context_stands_in_front_of_the_text_where_it_is_wanted(
    with_context: bool, context: str, expected: str
) -> None:
    models = Models()

    [outcome] = await run(
        EmbeddingStage(LoadedModels(models.load), context=with_context), part("text", context=context)
    )

    assert models.loaded["m1"].calls == [([expected], None)]
    assert not isinstance(outcome, Exception)
    send = outcome[0]
    assert isinstance(send, Send)
    assert isinstance(send.event, DocumentEmbedded)
    assert send.event.chunks[0].text == "text"  # what is stored is the text alone


async def test_only_the_last_part_is_noted() -> None:
    outcomes = await run(
        EmbeddingStage(LoadedModels(Models().load), context=False),
        *[part("a", number=n, of=3) for n in range(3)],
    )

    notes = [
        [o for o in outcome if isinstance(o, ProgressReport)]
        for outcome in outcomes
        if not isinstance(outcome, Exception)
    ]
    assert notes == [[], [], [ProgressReport(RUN, Step.EMBEDDED)]]


async def test_a_delete_is_passed_on_among_parts() -> None:
    deleted = DocumentDeleted(document=part().document, sequence=9)

    first, second = await run(EmbeddingStage(LoadedModels(Models().load), context=False), deleted, part("a"))

    assert first == [Send(EMBEDDINGS, "key-0", deleted)]
    assert vectors(second) == [(1.0, 1.0)]


async def test_deletes_alone_load_no_model() -> None:
    models = Models()

    await run(
        EmbeddingStage(LoadedModels(models.load), context=False),
        DocumentDeleted(document=part().document, sequence=9),
    )

    assert not models.loads


async def test_the_usual_model_is_loaded_at_the_start_and_all_are_closed_at_the_end() -> None:
    models = Models()
    stage = EmbeddingStage(LoadedModels(models.load), context=False, preload="m2")

    await stage.start()
    assert models.loads == ["m2"]
    await run(stage, part("a", model="m1"))
    await stage.close()

    assert {name: model.closed for name, model in models.loaded.items()} == {"m1": True, "m2": True}


async def test_who_asks_for_a_model_while_they_are_unloaded_is_told_to_ask_elsewhere() -> None:
    """The endpoint answers gateways for a moment longer than the stage works."""
    models = Models()
    loaded = LoadedModels(models.load)
    await loaded.get("m1")
    closing = asyncio.ensure_future(loaded.close())
    await asyncio.sleep(0)

    for name in ("m1", "m2"):
        with pytest.raises(TransientError, match="unloaded"):
            await loaded.get(name)

    await closing
    assert models.loads == ["m1"]


async def test_a_model_that_could_not_be_loaded_does_not_keep_the_others_loaded() -> None:
    models = Models(away="absent")
    loaded = LoadedModels(models.load)
    absent = asyncio.ensure_future(loaded.get("absent"))
    await loaded.get("m1")
    await loaded.close()

    assert models.loaded["m1"].closed
    with pytest.raises(TransientError, match="hub"):
        await absent


async def test_vectors_of_another_byte_order_or_width_are_packed_as_the_contract_says() -> None:
    class Odd(Lengths):
        async def embed_documents(
            self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
        ) -> Vectors:
            # Neither contiguous, nor float32, nor little-endian.
            return np.arange(2 * len(texts), dtype=">f8").reshape(2, len(texts)).T

    [outcome] = await run(EmbeddingStage(LoadedModels(Odd), context=False), part("a", "b", model="m1"))

    assert vectors(outcome) == [(0.0, 2.0), (1.0, 3.0)]


async def test_a_part_without_vectors_fails_alone_and_others_name_their_model() -> None:
    class Broken(Lengths):
        async def embed_documents(
            self, texts: Sequence[str], task: Prompts | None = None, *, urgent: bool = False
        ) -> Vectors:
            rows = [[np.nan if text == "poison" else 1.0, 0.0] for text in texts]
            return np.array(rows, dtype=np.float32)

    good, bad = await run(EmbeddingStage(LoadedModels(Broken), context=False), part("a"), part("b", "poison"))

    assert isinstance(bad, DocumentError)
    assert "NaN" in str(bad)
    assert not isinstance(good, Exception)
    assert isinstance(good[0], Send)
    assert isinstance(good[0].event, DocumentEmbedded)
    assert good[0].event.model_fingerprint == model_mark(Lengths("m1"))
