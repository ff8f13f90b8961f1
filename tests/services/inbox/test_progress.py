"""Following what has become of the documents of the inbox."""

import pytest

from schemas.events import Passed, Progress, Step
from services.inbox import Following, Room
from streams.kafka.cluster import Cluster
from streams.state import reader as reader_module
from streams.topics import PROGRESS
from tests.conftest import Kafka
from tests.streams.broker import CODEC, Writer, fresh_cluster, made_anew
from tests.waiting import eventually


async def test_documents_are_done_also_on_a_topic_made_anew_that_has_grown_further(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "LOOK_SECONDS", 0.5)
    cluster, room = await fresh_cluster(kafka, 1), Room(1_000)
    following = Following(cluster, CODEC, 1, room)
    ordinals = [position.ordinal for position in await room.enter(("inbox", 0), 0, 4)]
    await following.start()
    await indexed(cluster, room, ordinals[:1])
    await eventually(lambda: room.in_flight == 3)

    await made_anew(cluster, PROGRESS)
    for ordinal in ordinals[1:]:
        await indexed(cluster, room, [ordinal])

    await eventually(lambda: room.in_flight == 0)
    await following.close()


async def indexed(cluster: Cluster, room: Room, ordinals: list[int]) -> None:
    event = Progress(
        invocation_id=room.run_id,
        attempt=0,
        stage=Step.INDEXED,
        passed=[Passed(ordinal=ordinal) for ordinal in ordinals],
    )
    writer = Writer(cluster)
    writer.write(PROGRESS, room.run_id, event)
    await writer.written()
