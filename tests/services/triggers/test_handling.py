"""What one message leads to: runs, dead letters, failed invocations; and the same when it comes again."""

import json
from typing import Any

import pytest

from schemas.errors import CorruptDocument, DocumentTooLarge, TransientError
from schemas.events import DeadLetter, InvocationCreated, RunFailed, RunRequested, Source
from schemas.sources.s3 import S3Options
from services.triggers.choosing import Before
from services.triggers.handling import Handler, Message
from streams.engine.outputs import Send
from tests.services.triggers.test_choosing import NOON, bucket_source, meta
from tests.services.triggers.test_messages import bridged, in_sns, native, record


class World:
    """Sources, the objects of their bucket, and what was written to Kafka."""

    def __init__(self, *sources: Source) -> None:
        self.sources, self.objects = list(sources), dict[str, bytes | Exception]()
        self.known: dict[str, Before] = {}
        self.written: list[Send] = []
        self.broken: Exception | None = None
        self.handler = Handler(self, self.read, self.write, lambda: NOON)

    def of_bucket(self, bucket: str) -> list[Source]:
        return [one for one in self.sources if one.s3.bucket_name == bucket]  # type: ignore[attr-defined]

    def syncing(self) -> list[Source]:
        return self.sources

    def collections(self, source: Source) -> list[str]:
        return ["docs", "wiki"]

    def before(self, source_id: str, object_key: str) -> Before:
        return self.known.get(object_key, {})

    async def read(self, source: Source, key: str) -> bytes:
        found = self.objects[key]
        if isinstance(found, Exception):
            raise found
        return found

    async def write(self, send: Send) -> None:
        if self.broken is not None:
            raise self.broken
        self.written.append(send)

    async def handle(self, message: Any, id_: str = "m1", **fields: Any) -> None:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        await self.handler.handle(Message(body, "sqs:events", id_, **fields))

    def of(self, kind: type) -> list[Any]:
        return [send.event for send in self.written if isinstance(send.event, kind)]

    def runs(self) -> list[tuple[str, str | None]]:
        return [(run.collection, run.options.s3.object_key) for run in self.of(RunRequested)]

    def ids(self) -> set[str]:
        return {run.invocation_id for run in self.of(RunRequested)}


async def test_every_object_of_a_message_is_a_run() -> None:
    world = World(bucket_source(path_prefix="docs/"))

    await world.handle(native(record("docs/a.pdf"), record("other/b.pdf"), record("docs/c.pdf")))

    assert sorted(world.runs()) == [("docs", "docs/a.pdf"), ("docs", "docs/c.pdf")]
    [created] = [one for one in world.of(InvocationCreated) if one.object_key == "docs/a.pdf"]
    assert (created.trigger, created.source_type) == ("event", "s3")
    assert created.options.s3.bucket_name == "library"  # what an invocation shows
    assert created.invocation_id in world.ids()


async def test_an_event_that_comes_again_is_the_same_run_by_whichever_way() -> None:
    world = World(bucket_source())
    again = record("a.pdf", sequencer="00617F08299329D189")

    for number, message in enumerate((native(again), native(again), in_sns(native(again)), bridged("a.pdf"))):
        await world.handle(message, f"m{number}")

    assert len(world.of(RunRequested)) == 4
    assert len(world.ids()) == 1
    await world.handle(native(record("a.pdf", sequencer="00617F08299329D190")))
    await world.handle(native(record("b.pdf", sequencer="00617F08299329D189")))
    assert len(world.ids()) == 3


async def test_an_event_that_nothing_tells_apart_is_known_by_its_message() -> None:
    world = World(bucket_source())
    bare = record("a.pdf", sequencer=None)
    del bare["eventTime"]

    for id_ in ("m1", "m1", "m2"):
        await world.handle(native(bare), id_)

    assert len(world.ids()) == 2


async def test_two_sources_of_a_bucket_each_have_their_run() -> None:
    world = World(bucket_source(), bucket_source(number=2, collection_name="wiki"))

    await world.handle(native(record("a.pdf")))

    assert sorted(world.runs()) == [("docs", "a.pdf"), ("wiki", "a.pdf")]
    assert len(world.ids()) == 2


async def test_a_queue_that_a_source_names_concerns_no_other() -> None:
    world = World(bucket_source(), bucket_source(number=2, collection_name="wiki"))

    await world.handle(native(record("a.pdf")), only=frozenset({world.sources[1].id}))

    assert world.runs() == [("wiki", "a.pdf")]


async def test_an_object_that_is_gone_is_a_run_where_it_was_run_before() -> None:
    world = World(bucket_source("metadata"))
    world.known["a.pdf"] = {"wiki": S3Options(object_key="a.pdf", custom_id="mine")}

    await world.handle(native(record("a.pdf", "ObjectRemoved:Delete")))

    [run] = world.of(RunRequested)
    assert (run.collection, run.trigger, run.options.s3.custom_id) == ("wiki", "event", "mine")


# ------------------------------------------------------------------------------------------ .meta.json


async def test_a_meta_file_is_a_run_of_the_object_that_it_names() -> None:
    world = World(bucket_source("metadata"))
    world.objects["x/a.meta.json"] = meta(target_collection_name="wiki", metadata={"team": "blue"})

    await world.handle(native(record("x/a.meta.json")))

    [created], [run] = world.of(InvocationCreated), world.of(RunRequested)
    assert (run.collection, created.object_key, created.custom_id) == ("wiki", "docs/a.pdf", "mine")
    options = S3Options(object_key="docs/a.pdf", custom_id="mine", metadata={"team": "blue"})
    assert run.options.s3 == options.model_copy(update={"bucket_name": "library"})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "a.meta.json: Invalid JSON"),
        (meta(version="v0"), "a.meta.json: version is 'v0'"),
        (meta(path="elsewhere/b.pdf"), "does not begin with the source's path_prefix 'x/'"),
        (CorruptDocument("a.meta.json: access denied"), "access denied"),
        (DocumentTooLarge("it is too large"), "too large"),
    ],
)
async def test_a_bad_meta_file_is_a_failed_invocation_with_the_reason(
    content: bytes | Exception, says: str
) -> None:
    world = World(bucket_source("metadata", path_prefix="x/"))
    world.objects["x/a.meta.json"] = content

    for _ in range(2):  # the same one when it comes again
        await world.handle(native(record("x/a.meta.json")))

    assert not world.of(RunRequested)
    assert not world.of(DeadLetter)
    created, failed = world.of(InvocationCreated), world.of(RunFailed)
    assert {one.object_key for one in created} == {"x/a.meta.json"}
    assert len({one.invocation_id for one in (*created, *failed)}) == 1
    assert says in failed[0].error


async def test_a_bucket_that_is_away_costs_nothing_but_time() -> None:
    world = World(bucket_source("metadata"))
    world.objects["a.meta.json"] = TransientError("503 SlowDown")

    with pytest.raises(TransientError):
        await world.handle(native(record("a.meta.json")))
    assert not world.written

    world.objects["a.meta.json"] = meta()
    await world.handle(native(record("a.meta.json")))
    assert world.runs() == [("docs", "docs/a.pdf")]


# -------------------------------------------------------------------------------- what is not understood


async def test_a_message_that_is_not_understood_is_a_dead_letter() -> None:
    world = World(bucket_source())

    await world.handle(b"hello", "m7")

    [letter] = world.of(DeadLetter)
    assert (letter.topic, letter.key, letter.value) == ("sqs:events", b"m7", b"hello")
    assert (letter.stage, letter.error_class) == ("triggers", "MessageError")
    assert "not JSON" in letter.error


async def test_what_is_understood_of_a_message_is_done_and_the_rest_is_a_dead_letter() -> None:
    world = World(bucket_source())

    await world.handle(native(record("a.pdf"), {"eventName": 5}))

    assert world.runs() == [("docs", "a.pdf")]
    assert len(world.of(DeadLetter)) == 1


async def test_events_of_other_buckets_and_tests_are_done_with() -> None:
    world = World(bucket_source())

    await world.handle(native({**record("a.pdf"), "s3": {**record("a")["s3"], "bucket": {"name": "theirs"}}}))
    await world.handle({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "library"})

    assert not world.written


async def test_a_letter_that_does_not_fit_is_written_without_its_message() -> None:
    world = World()
    letters: list[DeadLetter] = []

    async def write(send: Send) -> None:
        assert isinstance(send.event, DeadLetter)
        if send.event.whole:
            raise DocumentTooLarge("more than fits")
        letters.append(send.event)

    await replace_write(world, write).handle(Message(b"x" * 100, "kafka:events", "0@1"))

    assert letters[0].value is None


def replace_write(world: World, write: Any) -> Handler:
    return Handler(world, world.read, write, lambda: NOON)


async def test_lost_events_are_runs_of_the_whole_prefix_and_the_same_when_told_again() -> None:
    world = World(bucket_source())

    await world.handler.catch_up("events/0@1-3")
    await world.handler.catch_up("events/0@1-3")

    assert set(world.runs()) == {("docs", None), ("wiki", None)}
    assert len(world.ids()) == 2


async def test_a_message_is_not_handled_before_kafka_has_all_of_it() -> None:
    world = World(bucket_source())
    world.broken = TransientError("no broker answers")

    with pytest.raises(TransientError):
        await world.handle(native(record("a.pdf")))

    world.broken = None
    await world.handle(native(record("a.pdf")))
    assert len(world.ids()) == 1
